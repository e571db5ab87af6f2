import type { Draft, Finding, Plan } from '../../../src/lib/core/plan.ts'
import { MIRROR_GUARDS } from '../../../src/lib/lb/guards.ts'
import { judge } from '../../../src/lib/lb/judge.ts'
import { ASKED_NOTHING, type LbWorld, type Observed } from '../../../src/lib/lb/model.ts'
import { hashOf } from '../../../src/lib/lb/names.ts'
import { planMirrors } from '../../../src/lib/lb/plan.ts'
import type { MirrorTree, TargetGroup, TargetHealth, TargetState } from '../../../src/lib/ports/mirrors.ts'
import type { SourceTree } from '../../../src/lib/ports/source.ts'
import { facts, ID, placement } from './sources.ts'

/** Mirrors that stand as their load balancers ask for, without a plan having made them; and what guards say of a plan. */

export const AT = Date.UTC(2026, 10, 22, 3)

const NONE: MirrorTree = { hash: '', loadBalancer: null, listeners: [], targetGroups: [] }

export const looked = (source: SourceTree | null, over: Partial<Observed> = {}): Observed => {
  const id = source?.loadbalancer.id ?? over.id ?? ID
  return {
    id,
    at: AT,
    asked: ASKED_NOTHING,
    source,
    unread: null,
    mirror: { ...NONE, hash: hashOf(id) },
    securityGroup: null,
    placement: placement(),
    network: facts(),
    elasticAddresses: [],
    limits: null,
    ...over,
  }
}

const health = (state: TargetState) => ({ state, reason: null })

/** The AWS side of a load balancer, in step with it; targets are `state`. */
export function standing(
  source: SourceTree,
  state: TargetState = 'healthy',
  over: Partial<Observed> = {},
): Pick<Observed, 'mirror' | 'securityGroup'> {
  const observed = looked(source, over)
  const desired = judge(observed)?.desired
  if (desired === undefined) throw new Error('no source')
  const { hash } = observed.mirror
  const arn = `arn:lb/${hash}`
  const targetGroups = desired.listeners.flatMap(({ groups }) =>
    groups.map(({ targetGroup, targets }): TargetGroup => ({
      ...targetGroup,
      arn: `arn:tg/${targetGroup.name}`,
      loadBalancerArns: [arn],
      targets: targets.map(({ address, port, availabilityZone }) => ({
        address,
        port,
        availabilityZone,
        ...health(state),
      })),
    })),
  )
  return {
    mirror: {
      hash,
      loadBalancer: {
        ...desired.loadBalancer,
        securityGroups: ['sg-1'],
        arn,
        type: 'network',
        vpcId: 'vpc-1',
        dnsName: `${desired.loadBalancer.name}.elb.example.com`,
        hostedZoneId: 'Z1',
        state: 'active',
      },
      listeners: desired.listeners.map(
        ({ port, protocol, certificates, sslPolicy, alpnPolicy, attributes, tags, groups }) => ({
          arn: `arn:listener/${port}`,
          port,
          protocol,
          certificates,
          sslPolicy,
          alpnPolicy,
          attributes,
          tags,
          forward: groups
            .map(({ targetGroup: { name }, weight }) => ({ targetGroupArn: `arn:tg/${name}`, weight }))
            .toSorted((a, b) => (a.targetGroupArn < b.targetGroupArn ? -1 : 1)),
        }),
      ),
      targetGroups,
    },
    securityGroup: { ...desired.securityGroup, id: 'sg-1' },
  }
}

/** The same with other targets, or another tag, in the group with this key. */
export const regrouped = (
  side: ReturnType<typeof standing>,
  key: string,
  change: (group: TargetGroup) => Partial<TargetGroup>,
): ReturnType<typeof standing> => ({
  ...side,
  mirror: {
    ...side.mirror,
    targetGroups: side.mirror.targetGroups.map((group) =>
      group.name.endsWith(`-${side.mirror.hash}-${key}`) ? { ...group, ...change(group) } : group,
    ),
  },
})

/** The same with tags of the load balancer set. */
export const tagged = (
  side: ReturnType<typeof standing>,
  tags: Readonly<Record<string, string>>,
): ReturnType<typeof standing> => ({
  ...side,
  mirror: {
    ...side.mirror,
    loadBalancer: side.mirror.loadBalancer && {
      ...side.mirror.loadBalancer,
      tags: { ...side.mirror.loadBalancer.tags, ...tags },
    },
  },
})

export const inStates =
  (...states: readonly TargetState[]) =>
  ({ targets }: TargetGroup): { readonly targets: readonly TargetHealth[] } => ({
    targets: targets.map((target, at) => ({ ...target, ...health(states[at] ?? target.state) })),
  })

/** What is planned for a world, and what the guards say of it. */
export function guarded(...scopes: readonly Observed[]) {
  const world: LbWorld = { scopes }
  const draft: Draft = planMirrors(world)
  const findings = MIRROR_GUARDS.flatMap((guard) => guard(draft, world))
  return {
    draft,
    changes: draft.changes.map(({ id }) => short(id)),
    findings,
    codes: findings.map(({ code, severity, allowable }) => `${severity} ${code}${allowable ? ' (allowable)' : ''}`),
    plan: { changes: draft.changes, findings: [...draft.findings, ...findings] } satisfies Pick<
      Plan,
      'changes' | 'findings'
    >,
  }
}

/** Without the scope. */
export const short = (id: string): string => id.split('/').slice(1).join('/')

export const held = (finding: Finding | undefined): readonly string[] => (finding?.holds ?? []).map(short)
