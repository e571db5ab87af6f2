import type { Change, Outputs } from '../core/change.ts'
import type { ListenerSpec, LoadBalancerSpec, Mirrors, Target, TargetGroupSpec } from '../ports/mirrors.ts'
import type { IngressRule, Network, SecurityGroupSpec } from '../ports/network.ts'
import type { Tags } from '../ports/mirrors.ts'
import { EXIT, isNyahError, nyahError } from '../core/errors.ts'
import type { Scene } from '../engine/operation.ts'
import { deregister } from './deregister.ts'
import type { Asked } from './model.ts'
import { endpoint } from './addresses.ts'
import { hashOf } from './names.ts'
import { ownedOf } from './owned.ts'
import { some } from './remarks.ts'
import { demandOurs, goneMeanwhile } from './still-ours.ts'

interface LbWriters {
  readonly mirrors: Mirrors
  readonly network: Network
}

type Eyes = Pick<Scene, 'clock' | 'signal'>

interface Registration {
  readonly targetGroupArn: string
  readonly targets: readonly Target[]
}

/**
 * Carries out one change of `plan.ts` or `unmirror.ts`; its tokens are resolved. Each may be repeated. Before anything that
 * exists is changed or deleted, its tags are looked at: still ours, as `asked` says?
 */
export async function applyChange(change: Change, writers: LbWriters, scene: Eyes, asked: Asked): Promise<Outputs> {
  try {
    return await written(change, writers, scene, asked)
  } catch (error) {
    throw isNyahError(error) && error.code === 'AWS_NOT_FOUND' ? goneMeanwhile(change, error, asked) : error
  }
}

async function written(change: Change, { mirrors, network }: LbWriters, scene: Eyes, asked: Asked): Promise<Outputs> {
  const tagged = change.ref.type === 'security-group' ? network : mirrors
  const stillOurs = async (): Promise<void> =>
    demandOurs(change, await tagged.tags(remoteId(change), scene.signal), asked)
  switch (`${change.ref.type} ${change.kind}`) {
    case 'security-group create':
      return { ...(await network.createSecurityGroup(after<SecurityGroupSpec>(change))) }
    case 'security-group update':
      await stillOurs()
      await network.modifySecurityGroup(
        remoteId(change),
        after<{ allow: readonly IngressRule[]; revoke: readonly IngressRule[]; tags?: Tags }>(change),
      )
      return {}
    case 'security-group delete':
      await stillOurs()
      await network.deleteSecurityGroup(remoteId(change))
      return {}
    case 'target-group create':
      return { ...(await mirrors.createTargetGroup(after<TargetGroupSpec>(change))) }
    case 'target-group update':
      await stillOurs()
      await mirrors.modifyTargetGroup(remoteId(change), after<Partial<TargetGroupSpec>>(change))
      return {}
    case 'target-group delete':
      await stillOurs()
      await mirrors.deleteTargetGroup(remoteId(change))
      return {}
    case 'targets create': {
      const { targetGroupArn, targets } = after<Registration>(change)
      await mirrors.registerTargets(targetGroupArn, targets)
      return {}
    }
    case 'targets delete':
      return deregister(change, mirrors, scene, asked)
    case 'targets wait':
      return awaitTargets(change, mirrors, scene)
    case 'load-balancer create':
      return { ...(await mirrors.createLoadBalancer(after<LoadBalancerSpec>(change))) }
    case 'load-balancer update':
      await stillOurs()
      await modifyLoadBalancer(change, mirrors)
      return {}
    case 'load-balancer delete':
      await demandNoStranger(change, mirrors, scene.signal, asked)
      await mirrors.deleteLoadBalancer(remoteId(change))
      return {}
    case 'listener create': {
      const { loadBalancerArn, ...spec } = after<ListenerSpec & { readonly loadBalancerArn: string }>(change)
      return { ...(await mirrors.createListener(loadBalancerArn, spec)) }
    }
    case 'listener update':
      await stillOurs()
      await mirrors.modifyListener(remoteId(change), after<Partial<ListenerSpec>>(change))
      return {}
    case 'listener delete':
      await stillOurs()
      await mirrors.deleteListener(remoteId(change))
      return {}
    default:
      throw new Error(`no way to apply ${change.kind} of ${change.ref.type} (${change.id})`)
  }
}

/** A target group that is to take over from others: `after` of a `wait`. */
interface Takeover {
  readonly targetGroupArn: string
  readonly targets: readonly Target[]
  /** ARNs of those that serve now. */
  readonly beside: readonly string[]
}

/**
 * One look: at least one target is healthy, and each that is healthy where it serves now. What is ill there may be ill here.
 * Throws LB_TARGETS_NOT_HEALTHY (exit 9), retryable: the engine looks again until its deadline; but for a group that no
 * listener names any more, whose targets AWS does not check: there only another plan helps.
 */
async function awaitTargets(change: Change, mirrors: Mirrors, { clock, signal }: Eyes): Promise<Outputs> {
  const { targetGroupArn, targets, beside } = after<Takeover>(change)
  const [here, ...others] = await Promise.all(
    [targetGroupArn, ...beside].map((arn) => mirrors.targetHealth(arn, signal)),
  )
  const seen = new Map((here ?? []).map((target) => [endpoint(target), target]))
  const elsewhere = new Set(others.flat().flatMap((target) => (target.state === 'healthy' ? [endpoint(target)] : [])))
  const healthy = targets.filter((target) => seen.get(endpoint(target))?.state === 'healthy')
  const missing = targets.filter((target) => elsewhere.has(endpoint(target)) && !healthy.includes(target))
  if (healthy.length > 0 && missing.length === 0) return { healthy: healthy.length }
  const states = (missing.length > 0 ? missing : targets).map((target) => {
    const { state = 'not registered', reason = null } = seen.get(endpoint(target)) ?? {}
    return `${endpoint(target)} is ${state}${reason === null ? '' : ` (${reason})`}`
  })
  const dropped =
    targets.every((target) => seen.get(endpoint(target))?.state === 'unused') &&
    !(await isNamed(change.scope, targetGroupArn, mirrors, { clock, signal }))
  throw nyahError({
    code: 'LB_TARGETS_NOT_HEALTHY',
    message: `target group ${change.ref.name}: ${healthy.length} of ${targets.length} targets healthy, no traffic goes there yet: ${dropped ? 'no listener of the load balancer names it any more, so nobody checks them' : some(states)}`,
    exit: EXIT.notHealthy,
    tries: [
      dropped
        ? `somebody changed the listener meanwhile; nyah lb sync ${change.scope}`
        : 'look at its health checks, then run the command again: it goes on from there',
    ],
    retryable: !dropped,
  })
}

/** AWS may take a while to show a listener as it was written. */
const SHOWN_MS = 5_000

async function isNamed(scope: string, arn: string, mirrors: Mirrors, { clock, signal }: Eyes): Promise<boolean> {
  const look = async (): Promise<boolean> => {
    const [mirror] = await mirrors.read([{ octaviaId: scope, hash: hashOf(scope) }], signal)
    return mirror?.listeners.some(({ forward }) => forward.some((one) => one.targetGroupArn === arn)) === true
  }
  if (await look()) return true
  await clock.sleep(SHOWN_MS, signal)
  return look()
}

type BalancerUpdate = Partial<LoadBalancerSpec> & { readonly untag?: readonly string[] }

async function modifyLoadBalancer(change: Change, mirrors: Mirrors): Promise<void> {
  const arn = remoteId(change)
  const { untag = [], ...rest } = after<BalancerUpdate>(change)
  if (Object.keys(rest).length > 0) await mirrors.modifyLoadBalancer(arn, rest)
  if (untag.length > 0) await mirrors.tag(arn, {}, untag)
}

/**
 * A look in the same breath: a listener that somebody made since the plan would go down with the load balancer, and so would
 * one that follows somebody else by now.
 */
async function demandNoStranger(change: Change, mirrors: Mirrors, signal: AbortSignal, asked: Asked): Promise<void> {
  const key = { octaviaId: change.scope, hash: hashOf(change.scope) }
  const [tags, [mirror = null]] = await Promise.all([
    mirrors.tags(remoteId(change), signal),
    mirrors.read([key], signal),
  ])
  demandOurs(change, tags, asked)
  if (mirror === null || mirror.loadBalancer?.arn !== change.ref.id) return
  const { foreignListeners } = ownedOf({ id: change.scope, mirror, securityGroup: null, asked })
  const ports = [...foreignListeners.keys()]
  if (ports.length === 0) return
  throw nyahError({
    code: 'LB_NOT_OWNED',
    message: `load balancer ${change.ref.name} has a listener on ${some(ports.map((port) => `port ${port}`))} that nyah did not make: it stays`,
    exit: EXIT.refused,
    tries: [`delete that listener if nobody needs it, then: nyah lb unmirror ${change.scope}`],
  })
}

/** Plans are computed by this process, never taken from a file: their shapes are those of `plan.ts`. */
const after = <Shape>(change: Change): Shape => change.after as Shape

function remoteId(change: Change): string {
  if (change.ref.id === null) throw new Error(`${change.id} has no remote id`)
  return change.ref.id
}
