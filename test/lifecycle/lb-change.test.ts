import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ChangeResourceRecordSetsCommand, Route53Client } from '@aws-sdk/client-route-53'
import { afterEach, describe, expect, it } from 'vitest'
import { interrupted } from '../../src/lib/core/errors.ts'
import type { NyahEvent } from '../../src/lib/core/events.ts'
import type { JsonObject } from '../../src/lib/core/json.ts'
import type { AwsState } from '../../src/lib/sandbox/aws/state.ts'
import { startSandbox } from '../../src/lib/sandbox/server.ts'
import { loadWorld } from '../../src/lib/sandbox/world.ts'
import { ROOT, SHOP_WEB } from '../support/cli.ts'
import { virtualClock } from '../support/clock.ts'
import { runLb, type LbRun, type LbRunSettings } from '../support/lb-run.ts'
import { sandboxOpenStack } from '../support/openstack.ts'
import { memoryStore } from '../support/toy-run.ts'

/** What a mirror goes through while it changes: through the wire, users looked after at every event. */

const TLS_INSIDE = 'f1e1d000-0000-4000-8000-000000000003'
const WEIGHTED = 'f1e1d000-0000-4000-8000-000000000009'
const CERTIFICATE = 'arn:aws:acm:ap-northeast-1:123456789012:certificate/c0c00000-0000-4000-8000-000000000001'

const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function stage(worldName: 'default' | 'fields' = 'default') {
  const stateDir = mkdtempSync(join(tmpdir(), 'nyah-change-'))
  const clock = virtualClock({ start: Date.UTC(2026, 10, 23) })
  const base = loadWorld(join(ROOT, 'fixtures', 'worlds', `${worldName}.json`))
  const aws = { ...base.aws, certificates: [CERTIFICATE], hostedZones: [{ id: 'Z1', name: 'shop.example.jp' }] }
  const world = { ...base, aws }
  const sandbox = await startSandbox({ world, clock })
  const beacon = { url: sandbox.url, pid: process.pid, env: sandbox.env, networks: world.networks }
  writeFileSync(join(stateDir, 'sandbox.json'), JSON.stringify(beacon))
  const config = join(stateDir, 'nyah.yaml')
  const context = {
    sandbox: true,
    networks: world.networks,
    certificates: { 'c0c00000-0000-4000-8000-000000000001': CERTIFICATE },
  }
  const configure = (more: JsonObject = {}): void =>
    writeFileSync(config, JSON.stringify({ contexts: { here: { ...context, ...more } } }))
  configure()
  closers.push(sandbox.close, () => rmSync(stateDir, { recursive: true, force: true }))
  const octavia = await sandboxOpenStack(sandbox, (ms) => clock.sleep(ms))
  const state = async (): Promise<AwsState> => {
    const answer = await fetch(`${sandbox.url}/sandbox/state`)
    return ((await answer.json()) as { aws: AwsState }).aws
  }
  return {
    clock,
    octavia,
    state,
    configure,
    endpoint: sandbox.env['AWS_ENDPOINT_URL'] ?? '',
    run: (operation: string, args: JsonObject, more: Partial<LbRunSettings> = {}): Promise<LbRun> =>
      runLb({ clock, store: memoryStore(), stateDir, config, operation, arguments: args, ...more }),
  }
}

type Stage = Awaited<ReturnType<typeof stage>>

/** `80-t:1` per listener. */
const forwards = ({ listeners, targetGroups }: AwsState): readonly string[] =>
  Object.values(listeners).map(({ targetGroups: all }) =>
    all
      .map(({ arn, weight }) => {
        const name = targetGroups[arn]?.name ?? arn
        return `${name.slice(name.lastIndexOf('-443') + 1)}:${all.length === 1 ? 1 : weight}`
      })
      .toSorted()
      .join(' '),
  )

/** Runs it once and cuts it off at every event once; after each of them, another run finishes what is left. */
async function everywhere(prepare: (here: Stage) => Promise<void>, operation: string, args: JsonObject) {
  const whole = await stage('fields')
  await prepare(whole)
  const { events, outcome } = await whole.run(operation, args)
  expect(outcome).toBe('applied')
  const end = forwards(await whole.state())
  const ends: (readonly string[])[] = []
  const seqs = events.filter(({ type }) => type.startsWith('change.')).map(({ seq }) => seq)
  for (const at of seqs) {
    const here = await stage('fields')
    await prepare(here)
    const controller = new AbortController()
    const onEvent = (event: NyahEvent): void => {
      if (event.seq === at) controller.abort(interrupted('SIGINT'))
    }
    await here.run(operation, args, { signal: controller.signal, onEvent })
    const next = await here.run(operation, args, { run: 'run-2' })
    expect(['applied', 'nothing-to-do']).toContain(next.outcome)
    const again = await here.run(operation, args, { run: 'run-3' })
    expect(again.plan?.changes).toEqual([])
    ends.push(forwards(await here.state()))
    for (const close of closers.splice(0)) await close()
  }
  return { ends, end }
}

async function speakPlainly({ octavia }: Stage): Promise<void> {
  const [pool] = await octavia.poolsOf(TLS_INSIDE)
  await octavia.must('PUT', `/pools/${pool.id}`, { pool: { tls_enabled: false } })
  await octavia.waitActive(TLS_INSIDE)
}

const ALLOWED = { allowances: [{ code: 'LB_UNSUPPORTED_POOL_AUTHORITY', reason: 'a test' }] }

describe('members that stop speaking TLS', () => {
  const args = { ids: [TLS_INSIDE], wait: true }

  it('get another target group, without a moment in which nobody healthy serves', async () => {
    const here = await stage('fields')
    expect(await here.run('lb.mirror', args, ALLOWED)).toMatchObject({ outcome: 'applied' })
    expect(forwards(await here.state())).toEqual(['443-t:1'])
    await speakPlainly(here)
    const seen: string[] = []
    const looks: Promise<void>[] = []
    const look = async (): Promise<void> => {
      const aws = await here.state()
      seen.push(...forwards(aws))
    }
    const onEvent = ({ type }: NyahEvent): void => {
      if (type.startsWith('change.')) looks.push(look())
    }
    const changed = await here.run('lb.sync', args, { onEvent })
    await Promise.all(looks)
    expect(changed).toMatchObject({ outcome: 'applied', exitCode: 0 })
    const retried = changed.events.filter(({ type }) => type === 'change.retrying')
    expect(retried.length).toBeGreaterThan(0)
    expect(new Set(seen)).toEqual(new Set(['443-t:1', '443-t:1 443:0', '443:1']))
    expect((await here.run('lb.sync', args)).plan?.changes).toEqual([])
    expect(Object.values((await here.state()).targetGroups).map(({ protocol }) => protocol)).toEqual(['TCP'])
  })

  it('and lose one meanwhile: however long the others take to be healthy, the run sees it through', async () => {
    const here = await stage('fields')
    await here.run('lb.mirror', args, ALLOWED)
    await speakPlainly(here)
    const [pool] = await here.octavia.poolsOf(TLS_INSIDE)
    const [gone] = await here.octavia.members(pool.id)
    await here.octavia.removeMember(TLS_INSIDE, pool.id, gone.id)
    const onEvent = ({ type, data }: NyahEvent): void => {
      if (type === 'change.started' && 'id' in data && data.id.endsWith('/wait')) here.clock.advance(90_000)
    }
    const changed = await here.run('lb.sync', args, { onEvent, options: { timeoutMs: 3_600_000 } })
    const switched = changed.plan?.changes.find(({ id }) => id.endsWith('/switch'))
    expect(switched?.risk).toBe('removes')
    expect(changed).toMatchObject({ outcome: 'applied', exitCode: 0 })
    expect(forwards(await here.state())).toEqual(['443:1'])
    expect((await here.run('lb.sync', args)).plan?.changes).toEqual([])
  })

  it('and a run that is cut off anywhere: the next goes on', { timeout: 240_000 }, async () => {
    const prepare = async (here: Stage): Promise<void> => {
      await here.run('lb.mirror', args, ALLOWED)
      await speakPlainly(here)
    }
    const { ends, end } = await everywhere(prepare, 'lb.sync', args)
    expect(end).toEqual(['443:1'])
    expect(ends.length).toBeGreaterThan(8)
    for (const one of ends) expect(one).toEqual(end)
  })
})

it('a member whose weight changes moves to another target group, and the weights are remembered', async () => {
  const here = await stage('fields')
  const args = { ids: [WEIGHTED], wait: true }
  const kept = await here.run('lb.mirror', { ...args, weights: 'target-groups' })
  expect(kept).toMatchObject({ outcome: 'applied' })
  expect(forwards(await here.state())).toEqual(['443-w1:1 443-w5:10'])
  const [pool] = await here.octavia.poolsOf(WEIGHTED)
  const members = await here.octavia.members(pool.id)
  const moving = members.find(({ name }: { name: string }) => name === 'proxy-18')
  await here.octavia.updateMember(WEIGHTED, pool.id, moving.id, { weight: 1 })
  const moved = await here.run('lb.sync', args)
  expect(moved).toMatchObject({ outcome: 'applied' })
  expect(moved.plan?.changes.map(({ kind }) => kind)).toContain('wait')
  expect(forwards(await here.state())).toEqual(['443-w1:2 443-w5:5'])
  expect((await here.run('lb.sync', args)).plan?.changes).toEqual([])
  expect(await here.run('lb.sync', { ...args, weights: 'equal' })).toMatchObject({ outcome: 'applied' })
  expect(forwards(await here.state())).toEqual(['443:1'])
})

describe('a load balancer that was rebuilt', () => {
  async function rebuild({ octavia }: Stage): Promise<string> {
    const made = await octavia.createLoadBalancer({ name: 'shop-web-2' })
    for (const port of [80, 443]) {
      const pool = await octavia.createPool(made.id, {
        name: `p-${port}`,
        protocol: 'TCP',
        lb_algorithm: 'ROUND_ROBIN',
      })
      for (const host of [11, 12]) {
        const protocol_port = port === 80 ? 8080 : 8443
        await octavia.addMember(made.id, pool.id, { address: `10.20.0.${host}`, protocol_port })
      }
      await octavia.createListener(made.id, { protocol: 'TCP', protocol_port: port, default_pool_id: pool.id })
    }
    return made.id as string
  }

  it('keeps its mirror: the same NLB, and targets that stay never leave', async () => {
    const here = await stage()
    await here.run('lb.mirror', { ids: [SHOP_WEB], wait: true })
    const before = await here.state()
    const id = await rebuild(here)
    const args = { ids: [id], formerId: SHOP_WEB, wait: true }
    here.configure({ mirrors: { [SHOP_WEB]: {} } })
    const named = await here.run('lb.retarget', args)
    expect(named).toMatchObject({ outcome: 'refused', exitCode: 6 })
    expect(named.plan?.findings.map(({ code }) => code)).toContain('LB_CONFIG_NAMES_FORMER')
    here.configure({ mirrors: { [id]: {} } })
    expect(await here.run('lb.retarget', args)).toMatchObject({ outcome: 'applied', exitCode: 0 })
    const after = await here.state()
    expect(Object.keys(after.loadBalancers)).toEqual(Object.keys(before.loadBalancers))
    expect(Object.keys(after.targetGroups).toSorted()).toEqual(Object.keys(before.targetGroups).toSorted())
    const drained = Object.values(after.targetGroups).flatMap(({ targets }) =>
      targets.flatMap(({ id: host, drainsUntil }) => (drainsUntil === null ? [] : [host])),
    )
    expect(new Set(drained)).toEqual(new Set(['10.20.0.13']))
    expect((await here.run('lb.retarget', args)).plan?.changes).toEqual([])
    expect(await here.run('lb.sync', { ids: [id], wait: true })).toMatchObject({ outcome: 'nothing-to-do' })
    const former = await here.run('lb.mirror', { ids: [SHOP_WEB], wait: true })
    expect(former).toMatchObject({ outcome: 'refused', exitCode: 6 })
    expect(former.error?.message).toContain(id)
    const gone = await here.run('lb.unmirror', { ids: [id] }, { options: { confirmed: id } })
    expect(gone).toMatchObject({ outcome: 'applied' })
    expect(Object.keys((await here.state()).targetGroups)).toEqual([])
  })

  it('cut off anywhere: the same command goes on', { timeout: 240_000 }, async () => {
    const whole = await stage()
    await whole.run('lb.mirror', { ids: [SHOP_WEB], wait: true })
    const id = await rebuild(whole)
    const { events } = await whole.run('lb.retarget', { ids: [id], formerId: SHOP_WEB, wait: true })
    const seqs = events.filter(({ type }) => type === 'change.started').map(({ seq }) => seq)
    expect(seqs.length).toBeGreaterThan(5)
    for (const at of seqs) {
      const here = await stage()
      await here.run('lb.mirror', { ids: [SHOP_WEB], wait: true })
      const made = await rebuild(here)
      const args = { ids: [made], formerId: SHOP_WEB, wait: true }
      const controller = new AbortController()
      const onEvent = (event: NyahEvent): void => {
        if (event.seq === at) controller.abort(interrupted('SIGINT'))
      }
      await here.run('lb.retarget', args, { signal: controller.signal, onEvent })
      await here.run('lb.retarget', args, { run: 'run-2' })
      const synced = await here.run('lb.sync', { ids: [made], wait: true }, { run: 'run-3' })
      expect(synced).toMatchObject({ outcome: 'nothing-to-do' })
      for (const close of closers.splice(0)) await close()
    }
  })
})

it('a mirror that a name points at is not taken down', async () => {
  const here = await stage()
  await here.run('lb.mirror', { ids: [SHOP_WEB], wait: true })
  const [balancer] = Object.values((await here.state()).loadBalancers)
  const route53 = new Route53Client({
    endpoint: here.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIAHAND', secretAccessKey: 'x' },
  })
  const change = (Action: 'CREATE' | 'DELETE') =>
    route53.send(
      new ChangeResourceRecordSetsCommand({
        HostedZoneId: 'Z1',
        ChangeBatch: {
          Changes: [
            {
              Action,
              ResourceRecordSet: {
                Name: 'www.shop.example.jp',
                Type: 'CNAME',
                TTL: 60,
                ResourceRecords: [{ Value: balancer?.dnsName }],
              },
            },
          ],
        },
      }),
    )
  await change('CREATE')
  const down = { options: { confirmed: SHOP_WEB } }
  const kept = await here.run('lb.unmirror', { ids: [SHOP_WEB] }, down)
  expect(kept).toMatchObject({ outcome: 'refused', exitCode: 6 })
  expect(kept.plan?.findings).toMatchObject([{ code: 'LB_STILL_REFERENCED', allowable: false }])
  expect(kept.error?.message).toContain('www.shop.example.jp')
  await change('DELETE')
  expect(await here.run('lb.unmirror', { ids: [SHOP_WEB] }, down)).toMatchObject({ outcome: 'applied' })
})

it('a member outside routableCidrs is held alone, and stays once it was let in', async () => {
  const here = await stage()
  const { networks } = loadWorld(join(ROOT, 'fixtures', 'worlds', 'default.json'))
  const narrow = Object.entries(networks).map(([name, one]) => [name, { ...one, routableCidrs: ['10.20.0.11/32'] }])
  here.configure({ networks: Object.fromEntries(narrow) })
  const registered = async (): Promise<number> =>
    Object.values((await here.state()).targetGroups).flatMap(({ targets }) => targets).length
  const args = { ids: [SHOP_WEB], wait: true }
  const first = await here.run('lb.mirror', args)
  expect(first).toMatchObject({ outcome: 'held', exitCode: 11 })
  const few = await registered()
  const allowances = [{ code: 'LB_MEMBER_UNROUTABLE', reason: 'it is routed' }]
  expect(await here.run('lb.sync', args, { allowances })).toMatchObject({ outcome: 'applied', exitCode: 0 })
  expect(await registered()).toBeGreaterThan(few)
  expect(await here.run('lb.sync', args)).toMatchObject({ outcome: 'nothing-to-do', exitCode: 0 })
})
