import { token, type Change } from '../core/change.ts'
import type { IngressRule, SecurityGroup, SecurityGroupSpec } from '../ports/network.ts'
import { canonicalCidr } from './addresses.ts'
import { change, type Later } from './changes.ts'
import { staleTags } from './drift.ts'
import { some } from './remarks.ts'

interface SecurityGroupPlan {
  readonly changes: readonly Change[]
  /** The group's id, or the promise of it. */
  readonly id: Later
  /** What has to be done before a listener is of use. */
  readonly ready: string | null
}

const keyOf = (rule: IngressRule): string => `${rule.protocol}/${rule.port}/${canonicalCidr(rule.cidr) ?? rule.cidr}`

const byPort = (a: IngressRule, b: IngressRule): number => a.port - b.port || (a.cidr < b.cidr ? -1 : 1)

/** Who is to be let in and is not. */
export function missingRules(wanted: SecurityGroupSpec, actual: SecurityGroup): readonly IngressRule[] {
  const there = new Set(actual.ingress.map(keyOf))
  return wanted.ingress.filter((rule) => !there.has(keyOf(rule)))
}

/**
 * Rules are added at once and taken away port by port, after the listener of that port is gone: what keeps a listener
 * back keeps its rules. `closing`: the change that deletes a port's listener.
 */
export function planSecurityGroup(
  scope: string,
  hash: string,
  wanted: SecurityGroupSpec,
  actual: SecurityGroup | null,
  untouched: ReadonlySet<number>,
  closing: ReadonlyMap<number, string>,
): SecurityGroupPlan {
  const key = hash
  if (actual === null) {
    const creation = change({
      scope,
      type: 'security-group',
      key,
      verb: 'create',
      kind: 'create',
      remote: null,
      name: wanted.name,
      after: wanted,
      reason: `the mirror needs a security group: ${describe(wanted.ingress)}`,
    })
    return { changes: [creation], id: token(creation.id, 'id'), ready: creation.id }
  }
  const wantedKeys = new Set(wanted.ingress.map(keyOf))
  const missing = missingRules(wanted, actual)
  const surplus = actual.ingress
    .filter((rule) => !wantedKeys.has(keyOf(rule)) && !untouched.has(rule.port))
    .toSorted(byPort)
  const tags = staleTags(wanted.tags, actual.tags)
  const common = {
    scope,
    type: 'security-group' as const,
    kind: 'update' as const,
    remote: actual.id,
    name: actual.name,
  }
  const update =
    missing.length === 0 && tags === null
      ? null
      : change({
          ...common,
          key,
          verb: 'update',
          before: { allow: [], ...(tags === null ? {} : { tags: tags.before }) },
          after: { allow: missing, revoke: [], ...(tags === null ? {} : { tags: tags.after }) },
          reason: missing.length > 0 ? `let in ${describe(missing)}` : 'tags differ from what nyah wrote',
        })
  const ports = [...new Set(surplus.map((rule) => rule.port))].toSorted((a, b) => a - b)
  const revocations = ports.map((port) => {
    const rules = surplus.filter((rule) => rule.port === port)
    return change({
      ...common,
      key: port,
      verb: 'revoke',
      before: { revoke: rules },
      after: { allow: [], revoke: rules },
      needs: [update?.id ?? null, closing.get(port) ?? null],
      reason: `Octavia does not let in ${describe(rules)}`,
      risk: 'removes',
    })
  })
  return {
    changes: [...(update === null ? [] : [update]), ...revocations],
    id: actual.id,
    ready: update?.id ?? null,
  }
}

export const deleteSecurityGroup = (
  scope: string,
  hash: string,
  actual: SecurityGroup,
  needs: readonly string[],
): Change =>
  change({
    scope,
    type: 'security-group',
    key: hash,
    verb: 'delete',
    kind: 'delete',
    remote: actual.id,
    name: actual.name,
    before: { name: actual.name, vpcId: actual.vpcId, ingress: actual.ingress.toSorted(byPort) },
    needs,
    reason: 'the mirror is taken down',
  })

const describe = (rules: readonly IngressRule[]): string => {
  if (rules.length === 0) return 'nobody yet'
  const ports = [...new Set(rules.map((rule) => rule.port))].toSorted((a, b) => a - b)
  return ports
    .map((port) => `${some(rules.filter((rule) => rule.port === port).map((rule) => rule.cidr))} on port ${port}`)
    .join('; ')
}
