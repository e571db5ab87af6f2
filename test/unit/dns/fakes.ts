import { nyahError, EXIT } from '../../../src/lib/core/errors.ts'
import { sameRecord } from '../../../src/lib/dns/delta.ts'
import type { Entrance, Health } from '../../../src/lib/dns/model.ts'
import type { Check, CheckSpec, HealthChecks } from '../../../src/lib/ports/health-checks.ts'
import type { Mirrors, MirrorTree, TargetState } from '../../../src/lib/ports/mirrors.ts'
import type { Dns, RecordChange, RecordSet, Zone } from '../../../src/lib/ports/dns.ts'

export const ZONE: Zone = { id: 'Z1', name: 'example.jp', private: false }

export const record = (over: Partial<RecordSet> = {}): RecordSet => ({
  name: 'shop.example.jp',
  type: 'A',
  setIdentifier: null,
  weight: null,
  ttl: 60,
  values: ['203.0.113.11'],
  alias: null,
  healthCheckId: null,
  otherRouting: null,
  ...over,
})

export const NLB = 'nyah-shop-ef5e7c45.elb.ap-northeast-1.amazonaws.com'

export const aliasRecord = (over: Partial<RecordSet> = {}): RecordSet =>
  record({
    setIdentifier: 'aws',
    weight: 10,
    ttl: null,
    values: [],
    alias: { zoneId: 'ZNLB', dnsName: NLB, evaluateTargetHealth: true },
    ...over,
  })

/** A TCP health check of an address, as it is asked for. */
export const tcpCheck = (address: string): CheckSpec => ({
  type: 'TCP',
  address,
  port: 443,
  host: null,
  path: null,
  search: null,
  intervalSeconds: 10,
  failureThreshold: 3,
  inverted: false,
  children: [],
  threshold: null,
  tags: {},
})

/** A TCP health check of Octavia's address. */
export const healthCheck = (over: Partial<Check> = {}): Check => ({
  ...tcpCheck('203.0.113.11'),
  id: 'c-1',
  version: 1,
  otherType: null,
  disabled: false,
  ...over,
})

/** An NLB with three targets, all of them as it is. */
export const entranceAt = (dnsName: string, health: Health = 'healthy'): Entrance => ({
  octaviaId: null,
  name: 'nyah-shop',
  dnsName,
  zoneId: 'Z31',
  ipAddressType: 'ipv4',
  scheme: 'internet-facing',
  side: { health, detail: '3 of 3 targets healthy', at: null },
})

export interface FakeDns extends Dns {
  /** All records of all zones. */
  standing(): readonly RecordSet[]
  /** The batches that were asked for, in order. */
  readonly batches: (readonly RecordChange[])[]
  /** Each moment's records, after each batch that was done. */
  readonly moments: (readonly RecordSet[])[]
}

interface Options {
  readonly records?: readonly RecordSet[]
  readonly zones?: readonly Zone[]
  readonly protections?: readonly { name: string; type: string; setIdentifier: string | null }[] | null
  /** Called with the number of the batch, from 1: throw before it is done, or `after` it was. */
  readonly failing?: (batch: number, when: 'before' | 'after') => Error | null
  readonly inSync?: () => boolean
}

/** Route 53 as far as compare and swap goes: atomic batches that must name exactly what stands. */
export function fakeDns(options: Options = {}): FakeDns {
  const { zones = [ZONE], protections = [], failing = () => null, inSync = () => true } = options
  let records = options.records ?? []
  const batches: FakeDns['batches'] = []
  const moments: FakeDns['moments'] = [records]
  return {
    standing: () => records,
    batches,
    moments,
    zones: async () => zones,
    records: async () => records,
    recordsOf: async (_, names) => records.filter(({ name }) => names.includes(name)),
    async change(_, changes) {
      batches.push(changes)
      const early = failing(batches.length, 'before')
      if (early !== null) throw early
      let next = records
      for (const { action, record: one } of changes) {
        const there = next.find((each) => sameRecord(each, one))
        const rival = next.some(
          (each) => each.name === one.name && each.type === one.type && each.setIdentifier === one.setIdentifier,
        )
        if (action === 'DELETE' ? there === undefined : rival) throw refused(`${action} ${one.name} ${one.type}`)
        next = action === 'DELETE' ? next.filter((each) => each !== there) : [...next, one]
      }
      const touched = new Set(changes.map((one) => one.record.name))
      const near = next.filter((one) => touched.has(one.name))
      const ids = new Map<string, RecordSet[]>()
      for (const one of near) ids.set(`${one.name} ${one.type}`, [...(ids.get(`${one.name} ${one.type}`) ?? []), one])
      const mixed = near.find(
        (one) => one.setIdentifier === null && (ids.get(`${one.name} ${one.type}`) ?? []).length > 1,
      )
      if (mixed !== undefined) throw refused(`simple and weighted at ${mixed.name}`)
      moments.push(next)
      records = next
      const late = failing(batches.length, 'after')
      if (late !== null) throw late
      return `C${batches.length}`
    },
    inSync: async () => inSync(),
    nameServers: async () => ['ns-1.example.net'],
    protections: async () => protections,
  }
}

export const refused = (message: string): Error =>
  nyahError({ code: 'DNS_BATCH_REFUSED', message, exit: EXIT.remote, details: { messages: message } })

export const uncertain = (): Error =>
  nyahError({ code: 'AWS_UNCERTAIN', message: 'no answer', exit: EXIT.remote, lostAnswer: true })

/** Health checks that remember what references were used up. */
export function fakeChecks(): HealthChecks & { readonly all: Map<string, Check> } {
  const all = new Map<string, Check>()
  const used = new Map<string, string>()
  return {
    all,
    list: async () => [...all.values()],
    read: async (ids) => [...all.values()].filter(({ id }) => ids.includes(id)),
    status: async () => ({ verdict: 'healthy', healthy: 16, checkers: 16, why: null, observedAt: null }),
    async create(reference, spec) {
      const known = used.get(reference)
      const old = all.get(known ?? '')
      if (old !== undefined && Object.entries(spec).every(([key, value]) => isSame(old[key as keyof Check], value)))
        return { id: old.id }
      if (known !== undefined) throw nyahError({ code: 'AWS_ALREADY_EXISTS', message: reference, exit: EXIT.remote })
      const id = `hc-${used.size + 1}`
      used.set(reference, id)
      all.set(id, { ...spec, id, version: 1, otherType: null, disabled: false })
      return { id }
    },
    async update(id, version, spec) {
      const old = all.get(id)
      if (old?.version !== version) throw nyahError({ code: 'AWS_CONFLICT', message: id, exit: EXIT.remote })
      all.set(id, { ...old, ...spec, version: version + 1 })
    },
    async delete(id) {
      all.delete(id)
    },
  }
}

export const MIRROR_ID = '5f0c7c1e-0000-4000-8000-000000000001'

/** One NLB of nyah's with one target group; `state` is that of its only target. */
export function fakeMirrors(state: TargetState = 'healthy'): Pick<Mirrors, 'list' | 'read' | 'standings'> {
  const balancer = {
    arn: 'arn:nlb',
    name: 'nyah-shop-ef5e7c45',
    type: 'network',
    vpcId: 'vpc-1',
    dnsName: NLB,
    hostedZoneId: 'ZNLB',
    state: 'active',
    scheme: 'internet-facing',
    subnets: [],
    securityGroups: [],
    ipAddressType: 'ipv4',
    tags: { 'nyah:octavia-id': MIRROR_ID },
  } as const
  const target = { address: '10.0.0.1', port: 80, availabilityZone: null, state, reason: null }
  const group = { name: 'nyah-shop-80', loadBalancerArns: [balancer.arn], targets: [target] }
  return {
    list: async () => [balancer],
    read: async () => [
      {
        hash: 'ef5e7c45',
        loadBalancer: balancer,
        listeners: [{ port: 443 }, { port: 80 }],
        targetGroups: [group],
      } as unknown as MirrorTree,
    ],
    standings: async (isAsked) => ({
      all: [balancer],
      asked: isAsked(balancer.dnsName) ? [{ balancer, targetGroups: [group] }] : [],
    }),
  }
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)
