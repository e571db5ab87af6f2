import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TAG } from '../../src/lib/lb/model.ts'
import {
  CROWD,
  crowdMember,
  hosts,
  type Kept,
  type Machine,
  movingStage,
  type MovingStage,
  type Ours,
  TLS_INSIDE,
  WRITES,
} from '../support/moving-stage.ts'

/** Somebody else works in the account while nyah does. */

let here: MovingStage
let a: Machine
let start: Readonly<Record<What, Kept>>
let end: Readonly<Record<What, unknown>>

const ALLOWED = { allowances: [{ code: 'LB_UNSUPPORTED_POOL_AUTHORITY', reason: 'a test' }] }
const RUN = { sync: { ids: [CROWD], wait: true }, replace: { ids: [TLS_INSIDE], wait: true } }
const ID = { sync: CROWD, replace: TLS_INSIDE }

beforeAll(async () => {
  here = await movingStage()
  a = await here.machine()
  await a.run('lb.mirror', RUN.sync)
  await a.run('lb.mirror', RUN.replace, ALLOWED)
  const whole = here.state()
  const [crowd] = await here.octavia.poolsOf(CROWD)
  await here.octavia.replaceMembers(CROWD, crowd.id, hosts(4, 22).map(crowdMember))
  const sync = here.state()
  here.restore(whole)
  const [inside] = await here.octavia.poolsOf(TLS_INSIDE)
  await here.octavia.must('PUT', `/pools/${inside.id}`, { pool: { tls_enabled: false } })
  await here.octavia.waitActive(TLS_INSIDE)
  start = { sync, replace: here.state() }
  const after = async (what: What): Promise<unknown> => {
    here.restore(start[what])
    expect(await a.run('lb.sync', RUN[what])).toMatchObject({ outcome: 'applied' })
    return here.picture()
  }
  end = { sync: await after('sync'), replace: await after('replace') }
})
afterAll(() => here.close())

const arn = (one: { readonly arn: string } | undefined): string => one?.arn ?? ''
type What = 'sync' | 'replace'
type Deed = (ours: Ours) => Promise<void>

const deeds: Readonly<Record<string, Deed>> = {
  'deletes the load balancer': ({ loadBalancer }) =>
    here.hand('DeleteLoadBalancer', { LoadBalancerArn: arn(loadBalancer) }),
  'deletes the listener': ({ listeners: [listener] }) => here.hand('DeleteListener', { ListenerArn: arn(listener) }),
  'deletes the listener and its target groups': async ({ listeners: [listener], targetGroups }) => {
    await here.hand('DeleteListener', { ListenerArn: arn(listener) })
    for (const group of targetGroups) await here.hand('DeleteTargetGroup', { TargetGroupArn: arn(group) })
  },
  'moves the listener to another port': ({ listeners: [listener] }) =>
    here.hand('ModifyListener', { ListenerArn: arn(listener), Port: '8443' }),
  'sends the listener to a target group of theirs': async ({ listeners: [listener], targetGroups: [group] }) => {
    await here.hand('CreateTargetGroup', {
      Name: 'theirs',
      Protocol: group?.protocol ?? '',
      Port: '443',
      VpcId: group?.vpcId ?? '',
      TargetType: 'ip',
    })
    const theirs = Object.values(here.state().aws.targetGroups).find(({ name }) => name === 'theirs')
    await here.hand('ModifyListener', {
      ListenerArn: arn(listener),
      'DefaultActions.member.1.Type': 'forward',
      'DefaultActions.member.1.TargetGroupArn': arn(theirs),
    })
  },
  'sets another idle time-out': ({ listeners: [listener] }) =>
    here.hand('ModifyListenerAttributes', {
      ListenerArn: arn(listener),
      'Attributes.member.1.Key': 'tcp.idle_timeout.seconds',
      'Attributes.member.1.Value': '60',
    }),
  'sets another TLS policy': ({ listeners: [listener] }) =>
    here.hand('ModifyListener', { ListenerArn: arn(listener), SslPolicy: 'ELBSecurityPolicy-TLS13-1-2-Res-2021-06' }),
  'edits the health check': ({ targetGroups: [group] }) =>
    here.hand('ModifyTargetGroup', { TargetGroupArn: arn(group), HealthCheckIntervalSeconds: '30' }),
  'edits attributes of the target group': ({ targetGroups: [group] }) =>
    here.hand('ModifyTargetGroupAttributes', {
      TargetGroupArn: arn(group),
      'Attributes.member.1.Key': 'preserve_client_ip.enabled',
      'Attributes.member.1.Value': 'true',
    }),
  'takes the tags off the target group': ({ targetGroups: [group] }) => untag(arn(group)),
  'takes the tags off the listener': ({ listeners: [listener] }) => untag(arn(listener)),
  'takes the tags off the load balancer': ({ loadBalancer }) => untag(arn(loadBalancer)),
  'closes the security group': ({ securityGroups: [group] }) =>
    here.hand('RevokeSecurityGroupIngress', {
      GroupId: group?.id ?? '',
      'IpPermissions.1.IpProtocol': 'tcp',
      'IpPermissions.1.FromPort': '443',
      'IpPermissions.1.ToPort': '443',
      'IpPermissions.1.IpRanges.1.CidrIp': '0.0.0.0/0',
    }),
  'takes the targets out': ({ targetGroups: [group] }) => {
    const fields = (group?.targets ?? []).slice(1).flatMap(({ id, port }, at) => [
      [`Targets.member.${at + 1}.Id`, id],
      [`Targets.member.${at + 1}.Port`, String(port)],
    ])
    return here.hand('DeregisterTargets', { TargetGroupArn: arn(group), ...Object.fromEntries(fields) })
  },
}

const untag = (of: string): Promise<void> =>
  here.hand('RemoveTags', {
    'ResourceArns.member.1': of,
    ...Object.fromEntries(Object.values(TAG).map((key, at) => [`TagKeys.member.${at + 1}`, key])),
  })

/** Of which only one listener has it. */
const ONLY: Readonly<Record<string, What>> = {
  'sets another idle time-out': 'sync',
  'sets another TLS policy': 'replace',
}

/** Users notice nothing of these. */
const HARMLESS = /idle time-out|TLS policy|attributes|tags off/

/** What nyah did not make, and what a load balancer that was made anew does not remember. */
function mirrors(picture: unknown): unknown {
  const { targetGroups, ...rest } = picture as { readonly targetGroups: readonly { readonly name: string }[] }
  const kept = { ...rest, targetGroups: targetGroups.filter(({ name }) => name !== 'theirs') }
  return JSON.parse(JSON.stringify(kept, (key, value: unknown) => (key === 'nyah:allowed' ? undefined : value)))
}

describe.each(['sync', 'replace'] as const)('in the middle of a %s, somebody', (what) => {
  it.each(Object.keys(deeds).filter((deed) => (ONLY[deed] ?? what) === what))('%s', async (deed) => {
    here.restore(start[what])
    const care = here.lookAfter(ID[what])
    let moment: 'before' | 'now' | 'after' = what === 'sync' ? 'now' : 'before'
    let others = ''
    a.meddle.aws = async ({ action }) => {
      // A sync: before its first write. A replacement: while the new group waits beside the old one.
      if (moment !== 'now' || (what === 'sync' && !WRITES.test(action))) return
      moment = 'after'
      await deeds[deed]?.(here.ours(ID[what]))
      others = here.others(ID[what])
    }
    const began = here.clock.now()
    const run = await a.run('lb.sync', RUN[what], {
      onEvent: ({ type }) => {
        if (moment === 'before' && type === 'change.retrying') moment = 'now'
      },
    })
    a.meddle.aws = () => undefined
    const say = `${run.outcome} ${run.exitCode} ${JSON.stringify(run.error)}`
    expect(moment).toBe('after')
    expect(here.clock.now() - began, `took long: ${say}`).toBeLessThan(60_000)
    expect([0, 7, 8, 9, 11], `ended with ${say}`).toContain(run.exitCode)
    expect(run.error?.code, `ended with ${say}`).not.toBe('RUN_NOT_HEALTHY')
    if (HARMLESS.test(deed)) expect(care.lowest).toBeGreaterThanOrEqual(what === 'sync' ? 14 : 2)

    if (/tags off/.test(deed)) {
      a.writes.length = 0
      const refused = await a.run('lb.sync', RUN[what])
      expect(refused, `then ${JSON.stringify(refused.error)}`).toMatchObject({ exitCode: 6 })
      expect(refused.error?.message).toContain('LB_NOT_OWNED')
      expect(a.writes).toEqual([])
      await a.run('lb.mirror', { ...RUN[what], adopt: true })
    }
    const codes: (string | undefined)[] = []
    for (let round = 0; round < 2; round += 1) {
      const { outcome, error } = await a.run('lb.sync', RUN[what])
      codes.push(outcome, error?.code)
      if (outcome === 'applied' || outcome === 'nothing-to-do') break
    }
    a.writes.length = 0
    const last = await a.run('lb.sync', RUN[what])
    expect(last, `after ${codes.join(' ')}`).toMatchObject({ outcome: 'nothing-to-do', exitCode: 0 })
    expect(last.plan?.changes).toEqual([])
    expect(a.writes).toEqual([])
    expect(mirrors(await here.picture())).toEqual(mirrors(end[what]))
    expect(here.others(ID[what])).toBe(others)
  })
})
