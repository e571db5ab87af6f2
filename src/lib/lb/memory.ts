import type { LoadBalancer, Tags } from '../ports/mirrors.ts'
import { endpoint } from './addresses.ts'
import { TAG, type Observed } from './model.ts'
import { registered, type Owned } from './owned.ts'
import type { Choices } from './pool.ts'
import type { Remark } from './remarks.ts'

/** What is remembered with the mirror itself, in tags of its load balancer: whoever has access goes by the same words. */

const UNSUPPORTED = 'LB_UNSUPPORTED_'

/** AWS's longest tag value. */
const LONGEST = 256

/** `nyah:allowed` as whole codes. */
export const rememberedCodes = (loadBalancer: LoadBalancer | null): readonly string[] =>
  (loadBalancer?.tags[TAG.allowed] ?? '')
    .split(' ')
    .filter((name) => name !== '')
    .map((name) => `${UNSUPPORTED}${name}`)

/** What was asked for now, else the configuration, else what the mirror remembers, else equal shares. */
function weightsOf({ asked, placement }: Observed, loadBalancer: LoadBalancer | null): Choices['weights'] {
  const remembered = loadBalancer?.tags[TAG.weights] === 'target-groups' ? 'target-groups' : 'equal'
  return asked.weights ?? placement.weights ?? remembered
}

export const choicesOf = (
  observed: Observed,
  { loadBalancer, targetGroups, spareTargetGroups }: Pick<Owned, 'loadBalancer' | 'targetGroups' | 'spareTargetGroups'>,
): Choices => ({
  weights: weightsOf(observed, loadBalancer),
  targetGroupsPerAction: observed.limits?.targetGroupsPerAction ?? null,
  allowsUnroutable: observed.asked.allowed.includes('LB_MEMBER_UNROUTABLE'),
  registered: new Set([...targetGroups.values(), ...spareTargetGroups].flatMap(registered).map(endpoint)),
})

const isRefusedField = ({ code, severity, allowable }: Remark): boolean =>
  severity === 'refuse' && allowable === true && code.startsWith(UNSUPPORTED)

/** Of all that can be allowed, the one that a lost line of the configuration brings about. */
const WITHOUT_CERTIFICATES = `${UNSUPPORTED}SNI_CONTAINERS`

/**
 * What was allowed when it was mirrored is allowed still, so that a watch goes on unasked; `--strict` wants to hear of it
 * again. To go without some certificates is no leave to take away one that clients are shown now.
 */
export function withRemembered(
  remarks: readonly Remark[],
  { asked }: Observed,
  loadBalancer: LoadBalancer | null,
  losesCertificates: boolean,
): readonly Remark[] {
  const remembered = asked.strict ? [] : rememberedCodes(loadBalancer)
  const codes = new Set(remembered.filter((code) => !(losesCertificates && code === WITHOUT_CERTIFICATES)))
  return remarks.map((remark) =>
    isRefusedField(remark) && codes.has(remark.code)
      ? { ...remark, allowed: { reason: `allowed when it was mirrored (tag ${TAG.allowed})` } }
      : remark,
  )
}

/**
 * What is allowed from before, and comes with a listener that the mirror does not have yet, was not what somebody allowed
 * then: it goes on, and is said. `added`: the ports of such listeners.
 */
export const allowedAnew = (remarks: readonly Remark[], added: ReadonlySet<number>): readonly Remark[] =>
  remarks
    .filter(({ code, allowed, subject }) => {
      const [, ports = ''] = /\(ports? ([\d, ]+)\)$/.exec(subject) ?? []
      const isNew = ports.split(', ').some((port) => added.has(Number(port)))
      return allowed !== undefined && code.startsWith(UNSUPPORTED) && isNew
    })
    .map(({ code, subject }) => ({
      code: 'LB_ALLOWED_ANEW',
      severity: 'warn',
      subject,
      evidence: `${code} was allowed for this mirror before (tag ${TAG.allowed}), so it goes for this new listener too`,
      remedy: 'If that is not meant, change it in Octavia: the finding says what',
    }))

/**
 * Tags to remember by. A code stays once it is there (a listener that was off for a day needs no second word); of what is
 * allowed now, only what stands in the way here. Where 256 characters do not hold all, those in use come first.
 */
export function memoryTags(
  remarks: readonly Remark[],
  { asked }: Observed,
  loadBalancer: LoadBalancer | null,
  { weights }: Choices,
): Tags {
  const before = rememberedCodes(loadBalancer)
  const refused = new Set(remarks.filter(isRefusedField).map(({ code }) => code))
  const all = [...new Set([...before, ...asked.allowed.filter((code) => refused.has(code))])]
  const allowed = fitting(all.toSorted((a, b) => Number(refused.has(b)) - Number(refused.has(a)) || (a < b ? -1 : 1)))
  const said = loadBalancer?.tags[TAG.weights] !== undefined
  return {
    ...(allowed === '' ? {} : { [TAG.allowed]: allowed }),
    ...(weights === 'target-groups' || said ? { [TAG.weights]: weights } : {}),
  }
}

function fitting(codes: readonly string[]): string {
  const names: string[] = []
  for (const code of codes) {
    const name = code.slice(UNSUPPORTED.length)
    if ([...names, name].join(' ').length <= LONGEST) names.push(name)
  }
  return names.toSorted().join(' ')
}
