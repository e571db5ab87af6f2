import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { NyahEvent } from '../../src/lib/core/events.ts'
import type { JsonObject } from '../../src/lib/core/json.ts'
import {
  type Kept,
  type Machine,
  movingStage,
  type MovingStage,
  type Ours,
  OTHER_CERTIFICATE,
  TLS_INSIDE,
  WRITES,
} from '../support/moving-stage.ts'

/** Somebody else works in the account while a mirror is first made, and while it is made to follow another load balancer. */

let here: MovingStage
let a: Machine
let stories: Readonly<Record<What, Story>>

type What = 'a first mirror' | 'a retarget'
interface Story {
  readonly operation: string
  readonly args: JsonObject
  readonly start: Kept
  readonly end: unknown
  /** What is run afterwards. */
  readonly sync: JsonObject
}

const ALLOWED = { allowances: [{ code: 'LB_UNSUPPORTED_POOL_AUTHORITY', reason: 'a test' }] }

beforeAll(async () => {
  here = await movingStage()
  a = await here.machine()
  const first = { operation: 'lb.mirror', args: { ids: [TLS_INSIDE], wait: true }, start: here.state() }
  await a.run('lb.mirror', first.args, ALLOWED)
  const mirrored = await here.picture()

  const members = [5, 6, 7].map((host) => ({ address: `10.20.5.${host}`, protocol_port: 8443 }))
  const made = await here.octavia.createLoadBalancer({ name: 'tls-inside-2' })
  const pool = await here.octavia.createPool(made.id, { name: 'p', protocol: 'HTTP', tls_enabled: true })
  await here.octavia.replaceMembers(made.id, pool.id, members)
  await here.octavia.createListener(made.id, {
    protocol: 'TERMINATED_HTTPS',
    protocol_port: 443,
    default_pool_id: pool.id,
    default_tls_container_ref: CONTAINER,
  })
  const ids = [made.id as string]
  const second = { operation: 'lb.retarget', args: { ids, formerId: TLS_INSIDE, wait: true }, start: here.state() }
  const done = await a.run('lb.retarget', second.args)
  expect(done, `ended with ${JSON.stringify(done.error)}`).toMatchObject({ outcome: 'applied' })
  stories = {
    'a first mirror': { ...first, end: mirrored, sync: first.args },
    'a retarget': { ...second, end: await here.picture(), sync: { ids, wait: true } },
  }
})
afterAll(() => here.close())

const CONTAINER = 'https://barbican.example.jp/v1/containers/c0c00000-0000-4000-8000-000000000001'

const arn = (one: { readonly arn: string } | undefined): string => one?.arn ?? ''
type Deed = (ours: Ours) => Promise<void>

const deeds: Readonly<Record<string, Deed>> = {
  'deletes the load balancer': ({ loadBalancer }) =>
    here.hand('DeleteLoadBalancer', { LoadBalancerArn: arn(loadBalancer) }),
  'deletes the listener': ({ listeners: [listener] }) => here.hand('DeleteListener', { ListenerArn: arn(listener) }),
  'changes the certificate of the listener': ({ listeners: [listener] }) =>
    here.hand('ModifyListener', {
      ListenerArn: arn(listener),
      'Certificates.member.1.CertificateArn': OTHER_CERTIFICATE,
    }),
  'deletes the target group': async ({ listeners, targetGroups }) => {
    for (const one of listeners) await here.hand('DeleteListener', { ListenerArn: arn(one) })
    for (const one of targetGroups) await here.hand('DeleteTargetGroup', { TargetGroupArn: arn(one) })
  },
  // AWS refuses that while a load balancer uses it.
  'deletes the security group': ({ securityGroups: [group] }) =>
    here.hand('DeleteSecurityGroup', { GroupId: group?.id ?? '' }),
  'closes the security group': ({ securityGroups: [group] }) =>
    here.hand('RevokeSecurityGroupIngress', {
      GroupId: group?.id ?? '',
      'IpPermissions.1.IpProtocol': 'tcp',
      'IpPermissions.1.FromPort': '443',
      'IpPermissions.1.ToPort': '443',
      'IpPermissions.1.IpRanges.1.CidrIp': '0.0.0.0/0',
    }),
}

const standing = Object.keys(deeds).filter((deed) => deed !== 'deletes the security group')
const MOMENTS: Readonly<Record<What, Readonly<Record<string, readonly string[]>>>> = {
  'a first mirror': {
    'after the first change': ['deletes the target group', 'deletes the security group'],
    'once all is made': standing,
  },
  'a retarget': { 'between plan and apply': standing, 'after the first change': standing },
}

/** What a load balancer that was made anew does not remember, and what a target group would be called when made anew. */
const lasting = (picture: unknown): unknown =>
  JSON.parse(
    JSON.stringify(picture, (key, value: unknown) => (key === 'nyah:allowed' ? undefined : value)).replaceAll(
      'nyah-tls-inside-2-',
      'nyah-tls-inside-',
    ),
  )

describe.each(['a first mirror', 'a retarget'] as const)('in the middle of %s, somebody', (what) => {
  const all = Object.entries(MOMENTS[what]).flatMap(([moment, names]) => names.map((deed) => ({ deed, moment })))
  it.each(all)('$deed $moment', async ({ deed, moment }) => {
    const { operation, args, start, end, sync } = stories[what]
    here.restore(start)
    let now = moment === 'between plan and apply'
    let done = false
    let others = ''
    a.meddle.aws = async ({ action }) => {
      if (!now || done || (moment === 'between plan and apply' && !WRITES.test(action))) return
      done = true
      await deeds[deed]?.(here.ours(TLS_INSIDE))
      others = here.others(TLS_INSIDE)
    }
    const began = here.clock.now()
    const first = moment === 'once all is made' ? 'verify.waiting' : 'change.succeeded'
    const onEvent = ({ type }: NyahEvent): void => void (now ||= type === first)
    const run = await a.run(operation, args, { ...ALLOWED, onEvent })
    a.meddle.aws = () => undefined
    const say = `${run.outcome} ${run.exitCode} ${JSON.stringify(run.error)}`
    expect(done, `ended with ${say}`).toBe(true)
    expect(here.clock.now() - began, `took long: ${say}`).toBeLessThan(60_000)
    expect([0, 7, 8, 9, 11], `ended with ${say}`).toContain(run.exitCode)
    expect(run.error?.code, `ended with ${say}`).not.toBe('RUN_NOT_HEALTHY')
    expect(here.others(TLS_INSIDE)).toBe(others)

    const again = await a.run(operation, args, ALLOWED)
    expect([again.exitCode, again.error], `after ${say}`).toEqual([0, null])
    a.writes.length = 0
    const last = await a.run('lb.sync', sync)
    expect(last, `after ${say}`).toMatchObject({ outcome: 'nothing-to-do', exitCode: 0 })
    expect(last.plan?.changes).toEqual([])
    expect(a.writes).toEqual([])
    expect(lasting(await here.picture()), `after ${say}`).toEqual(lasting(end))
    expect(here.others(TLS_INSIDE)).toBe(others)
  })
})
