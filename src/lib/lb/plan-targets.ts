import { token, type Change } from '../core/change.ts'
import type { TargetGroup } from '../ports/mirrors.ts'
import { endpoint } from './addresses.ts'
import { change, type Later } from './changes.ts'
import type { DesiredListener } from './desired.ts'
import { targetGroupDifference } from './drift.ts'
import { registered } from './owned.ts'
import type { WantedTarget } from './pool.ts'
import { count, some } from './remarks.ts'

export interface TargetGroupPlan {
  readonly changes: readonly Change[]
  readonly arn: Later
  /** What has to be done before a listener may send to it. */
  readonly ready: readonly string[]
}

const bare = ({ address, port, availabilityZone }: WantedTarget): object => ({ address, port, availabilityZone })

/** A listener's target group and what is registered in it: added first, then taken away. */
export function planTargetGroup(scope: string, wanted: DesiredListener, actual: TargetGroup | null): TargetGroupPlan {
  const { port } = wanted
  if (actual === null) {
    const creation = change({
      scope,
      type: 'target-group',
      key: port,
      verb: 'create',
      kind: 'create',
      remote: null,
      name: wanted.targetGroup.name,
      after: wanted.targetGroup,
      reason: `${wanted.subject} sends to ${wanted.pool}`,
    })
    const arn = token(creation.id, 'arn')
    const registration = register(
      scope,
      wanted,
      wanted.targetGroup.name,
      null,
      arn,
      wanted.targets,
      [creation.id],
      true,
    )
    return { changes: [creation, registration], arn, ready: [creation.id, registration.id] }
  }
  const difference = targetGroupDifference(wanted.targetGroup, actual)
  const update =
    difference === null
      ? null
      : change({
          scope,
          type: 'target-group',
          key: port,
          verb: 'update',
          kind: 'update',
          remote: actual.arn,
          name: actual.name,
          before: difference.before,
          after: difference.after,
          reason: `${Object.keys(difference.after).map(inWords).join(' and ')} differ from what ${wanted.subject} asks for`,
        })
  const there = registered(actual)
  const present = new Set(there.map(endpoint))
  const asked = new Set(wanted.targets.map(endpoint))
  const added = wanted.targets.filter((target) => !present.has(endpoint(target)))
  const gone = there.filter((target) => !asked.has(endpoint(target)))
  const registration =
    added.length === 0
      ? null
      : register(scope, wanted, actual.name, actual.arn, actual.arn, added, [], there.length === 0)
  const deregistration =
    gone.length === 0
      ? null
      : change({
          scope,
          type: 'targets',
          key: port,
          verb: 'deregister',
          kind: 'delete',
          remote: actual.arn,
          name: actual.name,
          before: {
            targetGroupArn: actual.arn,
            targets: gone.map(({ address, port: at, availabilityZone }) => ({ address, port: at, availabilityZone })),
          },
          needs: [registration?.id ?? null],
          reason: some(
            gone.map(
              (target) => `${endpoint(target)}: ${wanted.leftOut[endpoint(target)] ?? `no member of ${wanted.pool}`}`,
            ),
          ),
        })
  return {
    changes: [update, registration, deregistration].filter((one) => one !== null),
    arn: actual.arn,
    ready: registration === null ? [] : [registration.id],
  }
}

const inWords = (field: string): string => (field === 'healthCheck' ? 'health checks' : field)

function register(
  scope: string,
  wanted: DesiredListener,
  name: string,
  remote: string | null,
  arn: Later,
  targets: readonly WantedTarget[],
  needs: readonly string[],
  first: boolean,
): Change {
  const who = some(targets.map(endpoint))
  return change({
    scope,
    type: 'targets',
    key: wanted.port,
    verb: 'register',
    kind: 'create',
    remote,
    name,
    after: { targetGroupArn: arn, targets: targets.map(bare) },
    needs,
    reason: first
      ? `${count(targets.length, 'member')} of ${wanted.pool} ${targets.length === 1 ? 'takes' : 'take'} traffic: ${who}`
      : `in ${wanted.pool} and not yet registered: ${who}`,
  })
}

export const deleteTargetGroup = (
  scope: string,
  key: string | number,
  actual: TargetGroup,
  needs: readonly string[],
  reason: string,
): Change =>
  change({
    scope,
    type: 'target-group',
    key,
    verb: 'delete',
    kind: 'delete',
    remote: actual.arn,
    name: actual.name,
    before: { name: actual.name, port: actual.port, targets: registered(actual).map(endpoint) },
    needs,
    reason,
  })
