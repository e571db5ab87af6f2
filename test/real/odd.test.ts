import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Arranged, arrange, hashOf, keyed, NOTHING } from './arranged.ts'

/**
 * Load balancers as clouds really have them, from the real Octavia through the built `bin` into moto. What AWS would
 * refuse is shown on the sandbox (test/contract/aws): moto stores it. And moto keys targets by their address alone, so
 * one host on two ports can only be followed to the request.
 */

let world: Arranged

beforeAll(async () => {
  world = await arrange('eu-west-2', 'odd')
})

afterAll(() => world.close())

const members = (count: number, over: object = {}) =>
  Array.from({ length: count }, (_, index) => ({ address: `10.20.8.${index + 1}`, protocol_port: 8080, ...over }))

const TCP_MONITOR = { type: 'TCP', delay: 10, timeout: 5, max_retries: 3 }

/** The document of a command. */
async function told(exit: number, ...args: readonly string[]): Promise<any> {
  return JSON.parse((await world.demand(exit, [...args, '--json'])).stdout)
}

/** Mirrors it, then wants nothing more to be done: the first law. */
async function mirrored(id: string, ...more: readonly string[]) {
  const document = await told(0, 'lb', 'mirror', id, '--yes', ...more)
  expect(document).toMatchObject({ ok: true, outcome: 'applied' })
  expect(await told(0, 'lb', 'mirror', id, '--plan', '--detailed-exitcode')).toMatchObject({
    outcome: 'nothing-to-do',
    plan: { changes: [] },
  })
  return { ...(await world.mirrorOf(id)), document }
}

const WORST = ['exact', 'approximate', 'dropped', 'refused']

/** The verdict of each field that the plan speaks of, by its name; the worst, where it speaks of one more than once. */
function verdicts(document: any, id: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const { field, verdict } of document.plan.reports[id].fidelity) {
    if (WORST.indexOf(verdict) >= WORST.indexOf(found[field] ?? 'exact')) found[field] = verdict
  }
  return found
}

const codes = (document: any): readonly string[] => document.plan.findings.map(({ code }: any) => code)

const listenersOf = async (loadBalancer: any): Promise<readonly any[]> =>
  (await world.aws('elbv2', 'describe-listeners', '--load-balancer-arn', loadBalancer.LoadBalancerArn)).Listeners

describe('an odd load balancer of the real Octavia', () => {
  it('in Japanese throughout, with the longest name there is', async () => {
    const name = '東京'.repeat(120)
    const id = await world.create({
      name,
      description: '店の入口',
      tags: ['環境=本番'],
      listeners: [
        {
          name: '入口',
          protocol_port: 80,
          default_pool: {
            name: 'プール',
            members: members(2, { name: '代理', tags: ['東'] }),
            healthmonitor: TCP_MONITOR,
          },
        },
      ],
    })
    const { loadBalancers, targetGroups, securityGroups, document } = await mirrored(id)
    const short = world.prefix.replace(/-$/, '')
    expect(loadBalancers.map(({ LoadBalancerName }) => LoadBalancerName)).toEqual([`nyah-${short}-${hashOf(id)}`])
    expect(targetGroups.map(({ TargetGroupName }) => TargetGroupName)).toEqual([
      expect.stringMatching(new RegExp(`^nyah-.*-${hashOf(id)}-80$`)),
    ])
    // A tag of AWS holds 256 characters; the name has fewer.
    expect(await world.tagsOf(loadBalancers[0].LoadBalancerArn)).toMatchObject({
      'nyah:source-name': `${world.prefix}${name}`,
    })
    expect(keyed(securityGroups[0].Tags)['nyah:source-name']).toBe(`${world.prefix}${name}`)
    expect(document.plan.names[id]).toBe(`${world.prefix}${name}`)
    expect(verdicts(document, id)).toMatchObject({ description: 'dropped', tags: 'dropped' })
    const text = (await world.demand(0, ['lb', 'show', id])).stdout
    for (const each of [name.slice(0, 20), '入口', 'プール']) expect(text).toContain(each)
  })

  it('with 150 members follows one that comes and one that goes', async () => {
    const id = await world.create({
      name: 'large',
      listeners: [{ protocol_port: 80, default_pool: { members: members(150), healthmonitor: TCP_MONITOR } }],
    })
    const { targetGroups } = await mirrored(id)
    const [group] = targetGroups
    expect(await world.targetsOf(group)).toEqual(
      members(150)
        .map(({ address }) => `${address}:8080`)
        .toSorted(),
    )
    const [pool] = await world.octavia.poolsOf(id)
    const first = (await world.octavia.members(pool.id)).find(({ address }) => address === '10.20.8.1')
    await world.octavia.removeMember(id, pool.id, first.id)
    await world.octavia.addMember(id, pool.id, { address: '10.20.8.200', protocol_port: 8080 })
    const synced = await told(0, 'lb', 'sync', id, '--yes')
    const moved = synced.plan.changes.map(({ id: change }: { id: string }) => change)
    expect(moved).toHaveLength(2)
    const targets = await world.targetsOf(group)
    expect(targets).toHaveLength(150)
    expect(targets).toContain('10.20.8.200:8080')
    expect(targets).not.toContain('10.20.8.1:8080')
    // What was taken away is on record at the target group.
    const [{ TargetGroupArn }] = (await world.mirrorOf(id)).targetGroups
    expect((await world.tagsOf(TargetGroupArn))['nyah:removals']).toMatch(/^1\.[0-9a-f]+ \d+:1\/150$/)
  })

  it('with one pool behind two listeners has a target group for each', async () => {
    const id = await world.create({
      name: 'shared',
      pools: [
        {
          name: 'both',
          protocol: 'TCP',
          lb_algorithm: 'ROUND_ROBIN',
          members: members(2),
          healthmonitor: TCP_MONITOR,
        },
      ],
      listeners: [80, 8080].map((protocol_port) => ({ protocol_port })),
    })
    const [pool] = await world.octavia.poolsOf(id)
    for (const { id: listener } of await world.octavia.listenersOf(id)) {
      await world.octavia.must('PUT', `/listeners/${listener}`, { listener: { default_pool_id: pool.id } })
      await world.octavia.waitActive(id)
    }
    const { loadBalancers, targetGroups } = await mirrored(id)
    expect(targetGroups.map(({ Port }) => Port).toSorted()).toEqual([80, 8080])
    for (const group of targetGroups) expect(await world.targetsOf(group)).toEqual(['10.20.8.1:8080', '10.20.8.2:8080'])
    const sendsTo = (await listenersOf(loadBalancers[0])).map(({ DefaultActions }) => DefaultActions[0].TargetGroupArn)
    expect(new Set(sendsTo)).toEqual(new Set(targetGroups.map(({ TargetGroupArn }) => TargetGroupArn)))
  })

  it('checked on another port, with a path and codes of its own', async () => {
    const id = await world.create({
      name: 'watched',
      listeners: [
        {
          protocol_port: 80,
          default_pool: {
            members: members(2, { monitor_port: 9000 }),
            healthmonitor: {
              type: 'HTTP',
              delay: 7,
              timeout: 3,
              max_retries: 4,
              max_retries_down: 5,
              url_path: '/ready?deep=1',
              expected_codes: '200-204',
            },
          },
        },
      ],
    })
    const { targetGroups, document } = await mirrored(id)
    expect(targetGroups[0]).toMatchObject({
      HealthCheckProtocol: 'HTTP',
      HealthCheckPort: '9000',
      HealthCheckPath: '/ready?deep=1',
      HealthCheckIntervalSeconds: 7,
      HealthCheckTimeoutSeconds: 3,
      HealthyThresholdCount: 4,
      UnhealthyThresholdCount: 5,
      Matcher: { HttpCode: '200-204' },
    })
    expect(verdicts(document, id)).toMatchObject({ monitor_port: 'exact', delay: 'exact' })
    // The checks come to that port, so firewalls must let them.
    const ports = document.plan.reports[id].firewall.map(({ port }: { port: number }) => port)
    expect(new Set(ports)).toEqual(new Set([8080, 9000]))
  })

  it('checked elsewhere, or on ports that differ: refused by name, mirrored when that is allowed', async () => {
    const id = await world.create({
      name: 'elsewhere',
      listeners: [
        {
          protocol_port: 80,
          default_pool: {
            members: [
              { address: '10.20.8.1', protocol_port: 8080, monitor_address: '10.20.9.1' },
              { address: '10.20.8.2', protocol_port: 8080, monitor_port: 9002 },
            ],
            healthmonitor: TCP_MONITOR,
          },
        },
      ],
    })
    const refused = await told(6, 'lb', 'mirror', id, '--yes')
    expect(codes(refused)).toEqual(
      expect.arrayContaining(['LB_UNSUPPORTED_MONITOR_ADDRESS', 'LB_UNSUPPORTED_MONITOR_PORT']),
    )
    expect(await world.mirrorOf(id)).toEqual(NOTHING)
    const allow = ['LB_UNSUPPORTED_MONITOR_ADDRESS', 'LB_UNSUPPORTED_MONITOR_PORT'].flatMap((code) => ['--allow', code])
    const { loadBalancers, targetGroups } = await mirrored(id, ...allow, '--reason', 'checks are enough on the port')
    expect(await world.targetsOf(targetGroups[0])).toEqual(['10.20.8.1:8080', '10.20.8.2:8080'])
    // What was allowed is kept with the mirror: `mirrored` planned again without being told.
    const { 'nyah:allowed': allowed = '' } = await world.tagsOf(loadBalancers[0].LoadBalancerArn)
    expect(allowed.split(' ').toSorted()).toEqual(['MONITOR_ADDRESS', 'MONITOR_PORT'])
  })

  it('with PROXYV2 and clients that stay with one member', async () => {
    const id = await world.create({
      name: 'proxied',
      listeners: [
        {
          protocol_port: 443,
          default_pool: {
            protocol: 'PROXYV2',
            lb_algorithm: 'SOURCE_IP',
            session_persistence: { type: 'SOURCE_IP' },
            members: members(2),
            healthmonitor: TCP_MONITOR,
          },
        },
      ],
    })
    const { targetGroups, document } = await mirrored(id)
    expect(await world.attributesOf(targetGroups[0])).toMatchObject({
      'preserve_client_ip.enabled': 'false',
      'proxy_protocol_v2.enabled': 'true',
      'stickiness.enabled': 'true',
      'stickiness.type': 'source_ip',
    })
    expect(verdicts(document, id)).toMatchObject({ session_persistence: 'exact', lb_algorithm: 'approximate' })
  })

  it('with weights: equal by default, one target group for each when asked', async () => {
    const weighted = [5, 5, 1, 0].map((weight, index) => ({ ...members(4)[index]!, weight }))
    const spec = { listeners: [{ protocol_port: 80, default_pool: { members: weighted, healthmonitor: TCP_MONITOR } }] }
    const equal = await world.create({ name: 'equal', ...spec })
    const once = await mirrored(equal)
    expect(verdicts(once.document, equal)).toMatchObject({ weight: 'approximate' })
    expect(once.targetGroups).toHaveLength(1)
    expect(await world.targetsOf(once.targetGroups[0])).toEqual(['10.20.8.1:8080', '10.20.8.2:8080', '10.20.8.3:8080'])

    const kept = await world.create({ name: 'kept', ...spec })
    const { loadBalancers, targetGroups, document } = await mirrored(kept, '--weights', 'target-groups')
    expect(verdicts(document, kept)).toMatchObject({ weight: 'exact' })
    const [{ DefaultActions }] = await listenersOf(loadBalancers[0])
    const shares: readonly any[] = DefaultActions[0].ForwardConfig.TargetGroups
    const byTargets = await Promise.all(
      shares.map(async ({ TargetGroupArn, Weight }) => [
        (await world.targetsOf(targetGroups.find((each) => each.TargetGroupArn === TargetGroupArn))).join(' '),
        Weight,
      ]),
    )
    const share = Object.fromEntries(byTargets)
    expect(Object.keys(share).toSorted()).toEqual(['10.20.8.1:8080 10.20.8.2:8080', '10.20.8.3:8080'])
    // Two members of 5 beside one of 1: ten parts to one.
    expect(share['10.20.8.1:8080 10.20.8.2:8080'] / share['10.20.8.3:8080']).toBe(10)
    expect((await world.tagsOf(loadBalancers[0].LoadBalancerArn))['nyah:weights']).toBe('target-groups')
  })

  it('with IPv6 members is refused by name; the others are mirrored when that is allowed', async () => {
    const id = await world.create({
      name: 'six',
      listeners: [
        {
          protocol_port: 80,
          default_pool: {
            members: [
              { address: '10.20.8.1', protocol_port: 8080 },
              // As it was typed: Octavia keeps capitals and zeros.
              { address: '2001:DB8:0::6', protocol_port: 8080 },
            ],
            healthmonitor: TCP_MONITOR,
          },
        },
      ],
    })
    const refused = await told(6, 'lb', 'mirror', id, '--yes')
    expect(codes(refused)).toContain('LB_UNSUPPORTED_IPV6_MEMBER')
    expect(await world.mirrorOf(id)).toEqual(NOTHING)
    const { targetGroups } = await mirrored(
      id,
      '--allow',
      'LB_UNSUPPORTED_IPV6_MEMBER',
      '--reason',
      'IPv4 carries the load',
    )
    expect(await world.targetsOf(targetGroups[0])).toEqual(['10.20.8.1:8080'])
  })

  it('with one host on two ports asks for both', async () => {
    const id = await world.create({
      name: 'two-ports',
      listeners: [
        {
          protocol_port: 80,
          default_pool: {
            members: [8080, 8081].map((protocol_port) => ({ address: '10.20.8.1', protocol_port })),
            healthmonitor: TCP_MONITOR,
          },
        },
      ],
    })
    const { plan } = await told(0, 'lb', 'mirror', id, '--plan')
    const register = plan.changes.find(({ id: change }: { id: string }) => change.endsWith('/register'))
    expect(JSON.stringify(register.after)).toMatch(/8080.*8081/)
    // One of the two goes on being missing in moto, so another run sees one to add: never one to take away.
    await world.run(['lb', 'mirror', id, '--yes', '--timeout', '20s'])
    const again = await told(0, 'lb', 'mirror', id, '--plan')
    expect(again.plan.changes.map(({ id: change }: { id: string }) => change.split('/').at(-1))).toEqual(['register'])
  })

  it('with what only dropping or refusing can answer says so of each field', async () => {
    const id = await world.create({
      name: 'refused',
      listeners: [
        {
          protocol: 'HTTP',
          protocol_port: 80,
          insert_headers: { 'X-Forwarded-For': 'true' },
          connection_limit: 100,
          default_pool: {
            protocol: 'HTTP',
            session_persistence: { type: 'APP_COOKIE', cookie_name: 'JSESSIONID' },
            members: [...members(2), { address: '10.20.8.9', protocol_port: 8080, backup: true }],
            healthmonitor: TCP_MONITOR,
          },
        },
      ],
    })
    const refused = await told(6, 'lb', 'mirror', id, '--yes')
    expect(codes(refused)).toEqual(
      expect.arrayContaining([
        'LB_UNSUPPORTED_INSERT_HEADERS',
        'LB_UNSUPPORTED_SESSION_PERSISTENCE',
        'LB_DROPPED_BACKUP',
      ]),
    )
    expect(verdicts(refused, id)).toMatchObject({
      insert_headers: 'refused',
      session_persistence: 'refused',
      connection_limit: 'dropped',
      backup: 'dropped',
    })
    expect(await world.mirrorOf(id)).toEqual(NOTHING)
    // The command to paste that the refusal prints is the one that works.
    const { stderr } = await world.demand(6, ['lb', 'mirror', id, '--yes'])
    const [, pasted = ''] = /^.*(nyah lb mirror .*--reason)/ms.exec(stderr.replaceAll(/\s+/g, ' ')) ?? []
    const allowed = pasted.split(' ').filter((word) => word.startsWith('LB_'))
    expect(allowed.toSorted()).toEqual(['LB_UNSUPPORTED_INSERT_HEADERS', 'LB_UNSUPPORTED_SESSION_PERSISTENCE'])
    await mirrored(id, ...allowed.flatMap((code) => ['--allow', code]), '--reason', 'the members do without')
  })
})
