import { describe, expect, it } from 'vitest'
import { EXIT, nyahError } from '../../../src/lib/core/errors.ts'
import type { Subnet } from '../../../src/lib/ports/network.ts'
import type { Dns } from '../../../src/lib/ports/dns.ts'
import type { ActedOn, Simulation } from '../../../src/lib/ports/permissions.ts'
import { once, type Check } from '../../../src/lib/runtime/doctor-check.ts'
import { PURPOSES } from '../../../src/lib/runtime/doctor-permissions.ts'
import { remoteChecks } from '../../../src/lib/runtime/doctor-remote.ts'
import type { Opened } from '../../../src/lib/runtime/open.ts'
import { ownedRecords } from '../dns/seen.ts'
import { ZONE } from '../dns/fakes.ts'
import { fakePorts } from '../lb/fakes.ts'
import { tree } from '../lb/sources.ts'

const NOW = Date.UTC(2026, 10, 22, 3)
const PLACE = { bucket: 'b', region: 'ap-northeast-3', key: 'away' }
const ZONE_ARN = 'arn:aws:route53:::hostedzone/Z1EXAMPLE'
const NAMES = ['may look at names', 'may fail over', 'may change names']

const NO_DNS: Dns = {
  zones: async () => [],
  records: async () => [],
  recordsOf: async () => [],
  change: () => Promise.reject(new Error('a doctor changes nothing')),
  inSync: async () => true,
  nameServers: async () => [],
  protections: async () => null,
}

const subnet = (id: string, part: Partial<Subnet> = {}): Subnet => ({
  id,
  vpcId: 'vpc-1',
  availabilityZone: `zone-${id}`,
  cidr: '10.0.0.0/24',
  ipv6Cidr: null,
  freeAddresses: 250,
  ...part,
})

interface Surroundings {
  readonly failing?: Readonly<Record<string, Error>>
  readonly roles?: readonly string[]
  /** Octavia's clock; null: it sends none. */
  readonly at?: number | null
  readonly subnets?: readonly Subnet[]
  /** Actions; with the ARN after it, where one is asked of one thing. */
  readonly denied?: readonly string[]
  /** `dns.zones` */
  readonly zones?: Readonly<Record<string, string>>
  readonly names?: Partial<Dns>
  readonly switched?: boolean
  /** What IAM was asked of is noted here. */
  readonly asked?: ActedOn[]
  readonly simulation?: Simulation
  readonly addresses?: Readonly<Record<string, string>>
}

async function checks(around: Surroundings = {}): Promise<ReadonlyMap<string, Check>> {
  const { failing = {}, roles = ['reader'], at = NOW, subnets = [subnet('a'), subnet('b')], denied = [] } = around
  const ports = fakePorts({ sources: [tree()], failing })
  const opened: Opened = {
    name: 'production',
    loaded: null,
    sandbox: null,
    context: {
      networks: { internal: { vpcId: 'vpc-1', scheme: 'internal', subnets: ['a', 'b'] } },
      ...(around.zones === undefined ? {} : { dns: { zones: around.zones } }),
      ...(around.switched === true ? { failover: { switch: PLACE } } : {}),
      ...(around.addresses === undefined
        ? {}
        : { mirrors: { [tree().loadbalancer.id]: { addresses: around.addresses } } }),
    },
    source: async () => ({
      ...ports.source,
      check: async () => ({ ...(await ports.source.check()), roles }),
      changes: async () => ({ ...(await ports.source.changes()), at }),
    }),
    mirrors: async () => ({
      ...ports.mirrors,
      check: async () => ({ ...(await ports.mirrors.check()), arn: 'arn:aws:iam::1:user/nyah' }),
    }),
    network: async () => ({
      ...ports.network,
      facts: async (vpcId) => ({ vpcId, vpcCidrs: ['10.0.0.0/16'], subnets }),
    }),
    dns: () => Promise.reject(new Error('not asked')),
    names: async () => ({ ...NO_DNS, ...around.names }),
    account: () => Promise.resolve('1'),
    switches: () => Promise.reject(new Error('not asked')),
    card: { path: '/nowhere/card.json', given: false, used: true },
    checks: () => Promise.reject(new Error('not asked')),
    conditions: () => Promise.reject(new Error('not asked')),
    resolver: () => Promise.reject(new Error('not asked')),
    permissions: async () => ({
      async simulate(actions, _signal, on) {
        if (on !== undefined) around.asked?.push(on)
        if (around.simulation !== undefined) return around.simulation
        const denies = (action: string) => denied.includes(on === undefined ? action : `${action} ${on.resource}`)
        return {
          decisions: Object.fromEntries(actions.map((one) => [one, denies(one) ? ('denied' as const) : 'allowed'])),
          why: null,
        }
      },
    }),
    close: async () => {},
  }
  const clock = { now: () => NOW, sleep: () => Promise.resolve() }
  const all = await Promise.all(remoteChecks(opened, clock, new AbortController().signal))
  return new Map(once(all).map((one) => [one.name, one]))
}

const verdicts = (all: ReadonlyMap<string, Check>, verdict: Check['verdict']): readonly string[] =>
  [...all.values()].filter((one) => one.verdict === verdict).map(({ name }) => name)

describe('doctor', () => {
  it('finds everything in order', async () => {
    const all = await checks()
    expect(verdicts(all, 'ok')).toEqual([...all.keys()])
    expect(all.get('may sync --members-only')?.detail).toBe('3 actions allowed')
    expect(all.get('network internal')?.detail).toContain('a (250 free)')
  })

  it('names what IAM denies, for whom, and only where it is needed', async () => {
    const all = await checks({ denied: ['elasticloadbalancing:DeleteLoadBalancer', 'ec2:DeleteSecurityGroup'] })
    expect(verdicts(all, 'wrong')).toEqual(['may unmirror'])
    const { code, detail, tries } = all.get('may unmirror') ?? {}
    expect(code).toBe('AWS_PERMISSION_MISSING')
    expect(detail).toBe(
      "IAM's simulator denies elasticloadbalancing:DeleteLoadBalancer, ec2:DeleteSecurityGroup to arn:aws:iam::1:user/nyah",
    )
    expect(tries?.[0]).toContain('"Action": ["elasticloadbalancing:DeleteLoadBalancer","ec2:DeleteSecurityGroup"]')
  })

  it('a permission of several purposes fails each of them', async () => {
    const all = await checks({ denied: ['elasticloadbalancing:RegisterTargets'] })
    expect([...verdicts(all, 'wrong'), ...verdicts(all, 'not tried')].toSorted()).toEqual([
      'may mirror and sync',
      'may sync --members-only',
    ])
  })

  it('says what IAM denies once, with all the actions', async () => {
    const denied = ['elasticloadbalancing:RegisterTargets', 'ec2:DeleteSecurityGroup']
    const all = await checks({ denied })
    expect(all.get('may sync --members-only')).toMatchObject({
      detail: `IAM's simulator denies ${denied.join(', ')} to arn:aws:iam::1:user/nyah`,
      tries: [expect.stringContaining(JSON.stringify(denied)) as string],
    })
    for (const name of ['may mirror and sync', 'may unmirror'])
      expect(all.get(name)).toMatchObject({
        verdict: 'wrong',
        detail: `${name}: 1 action of those that are denied above`,
        tries: [],
      })
  })

  it('what nobody says is unknown, with the reason: neither good nor wrong', async () => {
    const all = await checks({ simulation: { decisions: {}, why: 'AccessDenied: not you' } })
    expect(verdicts(all, 'unknown')).toEqual(PURPOSES.map(({ name }) => name))
    expect(PURPOSES.map(({ name }) => all.get(name)?.detail)).toEqual([
      'AccessDenied: not you',
      ...PURPOSES.slice(1).map(() => 'see may plan, list and show'),
    ])
    expect(verdicts(all, 'wrong')).toEqual([])
  })

  it('without credentials asks IAM nothing, and says the cause once', async () => {
    const refused = nyahError({ code: 'AWS_CREDENTIALS_REFUSED', message: 'expired', exit: EXIT.configuration })
    const all = await checks({ failing: { 'mirrors.check': refused } })
    expect(verdicts(all, 'wrong')).toEqual(['AWS credentials'])
    expect(verdicts(all, 'not tried')).toEqual(PURPOSES.map(({ name }) => name))
    expect(all.get('may unmirror')?.detail).toBe('see AWS credentials')
  })

  it('a remote that cannot be reached is told apart from what is wrong, and hides nothing of the others', async () => {
    const down = nyahError({ code: 'KEYSTONE_UNREACHABLE', message: 'no answer', exit: EXIT.remote })
    const all = await checks({ failing: { 'source.check': down, 'source.list': down, 'source.changes': down } })
    expect(verdicts(all, 'unreachable')).toEqual(['Keystone and Octavia'])
    expect(verdicts(all, 'not tried')).toEqual(['Octavia: roles', 'Octavia: read load balancers', 'clock'])
    expect(all.get('AWS credentials')?.verdict).toBe('ok')
  })

  it('a read that is denied is wrong, not unreachable: somebody answered', async () => {
    const denied = nyahError({ code: 'AWS_ACCESS_DENIED', message: 'denied', exit: EXIT.remote })
    const all = await checks({ failing: { 'mirrors.list': denied } })
    expect(verdicts(all, 'wrong')).toContain('ELBv2: read load balancers')
    expect(verdicts(all, 'unreachable')).toEqual([])
  })

  it.each([
    ['the limit', 300_000, 'ok'],
    ['a little more', 300_001, 'wrong'],
    ['behind', -300_001, 'wrong'],
    ['a second', 1000, 'ok'],
  ])('a clock off by %s (%i ms)', async (_what, skew, verdict) => {
    expect((await checks({ at: NOW - skew })).get('clock')?.verdict).toBe(verdict)
  })

  it('no Date header: the clock is unknown', async () => {
    expect((await checks({ at: null })).get('clock')?.verdict).toBe('unknown')
  })

  it.each([
    [['reader'], 'ok'],
    [['load-balancer_observer'], 'ok'],
    [['billing'], 'unknown'],
    [[], 'unknown'],
  ])('roles %j', async (roles, verdict) => {
    expect((await checks({ roles })).get('Octavia: roles')?.verdict).toBe(verdict)
  })

  it.each([
    ['is missing', [subnet('a')], 'CONFIG_SUBNET_UNKNOWN'],
    ['is in another VPC', [subnet('a'), subnet('b', { vpcId: 'vpc-2' })], 'CONFIG_SUBNET_UNKNOWN'],
    ['shares its zone', [subnet('a'), subnet('b', { availabilityZone: 'zone-a' })], 'CONFIG_SUBNET_SAME_ZONE'],
    ['is full', [subnet('a'), subnet('b', { freeAddresses: 0 })], 'CONFIG_SUBNET_FULL'],
  ])('a subnet %s', async (_what, subnets, code) => {
    expect((await checks({ subnets })).get('network internal')).toMatchObject({ verdict: 'wrong', code })
  })

  it('a subnet that is nearly full is said, and fine', async () => {
    const all = await checks({ subnets: [subnet('a', { freeAddresses: 1 }), subnet('b', { freeAddresses: 8 })] })
    expect(all.get('network internal')).toMatchObject({
      verdict: 'ok',
      detail: expect.stringContaining('a (1 free, AWS advises 8)'),
    })
    expect(all.get('network internal')?.detail).toContain('b (8 free)')
  })

  it('an Elastic IP that the configuration names has to exist', async () => {
    const all = await checks({ addresses: { a: 'eipalloc-1', b: '10.0.0.7' } })
    expect(all.get('EC2: Elastic IPs')).toMatchObject({ verdict: 'wrong', code: 'CONFIG_ADDRESS_UNKNOWN' })
    expect((await checks({ addresses: { b: '10.0.0.7' } })).has('EC2: Elastic IPs')).toBe(false)
  })

  it('asks IAM nothing of names where none is nyah’s, nor of a switch that nobody configured', async () => {
    const asked: ActedOn[] = []
    const all = await checks({ asked, names: { zones: async () => [ZONE] } })
    for (const name of NAMES)
      expect(all.get(name)).toMatchObject({ verdict: 'ok', detail: "not asked: no name in 1 zone is nyah's" })
    expect(all.has('may engage the switch')).toBe(false)
    const lost = nyahError({ code: 'AWS_ACCESS_DENIED', message: 'denied', exit: EXIT.remote })
    const blind = await checks({ asked, names: { zones: () => Promise.reject(lost) } })
    expect(verdicts(blind, 'unknown')).toEqual(NAMES)
    expect(blind.get('may look at names')?.detail).toContain('Route 53 cannot be read (AWS_ACCESS_DENIED)')
    const many = Array.from({ length: 21 }, (_, at) => ({ ...ZONE, id: `Z${at}` }))
    const large = await checks({ asked, names: { zones: async () => many } })
    expect(large.get('may look at names')).toMatchObject({
      verdict: 'unknown',
      detail: expect.stringContaining('21 zones') as string,
    })
    expect(asked).toEqual([])
  })

  it('asks of each zone that is configured, or has names of nyah’s, with these names', async () => {
    const configured: ActedOn[] = []
    expect(verdicts(await checks({ asked: configured, zones: { [ZONE.name]: ZONE.id } }), 'wrong')).toEqual([])
    const on = { resource: `arn:aws:route53:::hostedzone/${ZONE.id}`, batch: { names: [], types: [] } }
    expect(configured).toEqual([on, on, on])
    const found: ActedOn[] = []
    const records = async () => ownedRecords(`shop.${ZONE.name}`)
    await checks({ asked: found, names: { zones: async () => [ZONE], records } })
    const names = [`shop.${ZONE.name}`, `a-shop.${ZONE.name}`]
    expect(found[0]).toEqual({ ...on, batch: { names, types: ['A', 'AAAA', 'TXT'] } })
  })

  it('names the zone and the object where something is missing, and what to add', async () => {
    const zones = { 'example.jp': 'Z1EXAMPLE' }
    const denied = [
      `route53:ChangeResourceRecordSets ${ZONE_ARN}`,
      'route53:CreateHealthCheck',
      's3:PutObject arn:aws:s3:::b/away',
    ]
    const all = await checks({ zones, denied, switched: true })
    expect(verdicts(all, 'wrong')).toEqual(['may fail over', 'may change names', 'may engage the switch'])
    expect(all.get('may fail over')).toMatchObject({
      code: 'AWS_PERMISSION_MISSING',
      detail:
        "IAM's simulator denies route53:ChangeResourceRecordSets on zone example.jp (Z1EXAMPLE) to arn:aws:iam::1:user/nyah",
      tries: [
        `add to a policy of arn:aws:iam::1:user/nyah: "Effect": "Allow", "Action": ["route53:ChangeResourceRecordSets"], "Resource": "${ZONE_ARN}"`,
      ],
    })
    const { detail, tries } = all.get('may change names') ?? {}
    expect(detail).toContain('route53:CreateHealthCheck; route53:ChangeResourceRecordSets on zone example.jp')
    expect(tries).toHaveLength(2)
    expect(all.get('may engage the switch')).toMatchObject({
      detail: "IAM's simulator denies s3:PutObject on s3://b/away to arn:aws:iam::1:user/nyah",
      tries: [expect.stringContaining('"Resource": "arn:aws:s3:::b/away"') as string],
    })
  })

  it('what nobody says of names is unknown', async () => {
    const simulation = { decisions: {}, why: 'AccessDenied: not you' }
    const all = await checks({ zones: { 'example.jp': 'Z1EXAMPLE' }, simulation, switched: true })
    expect(verdicts(all, 'unknown')).toEqual([...PURPOSES.map(({ name }) => name), ...NAMES, 'may engage the switch'])
  })
})
