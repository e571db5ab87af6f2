import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as chain from '../../../src/lib/adapters/aws/credentials.sdk.ts'
import { createHealthChecks } from '../../../src/lib/adapters/aws/health-checks.ts'
import { createRecordSets } from '../../../src/lib/adapters/aws/record-sets.ts'
import { createSession } from '../../../src/lib/adapters/aws/session.ts'
import * as sts from '../../../src/lib/adapters/aws/sts.sdk.ts'
import { createSwitch } from '../../../src/lib/adapters/aws/switch.ts'
import type { Dns, RecordSet } from '../../../src/lib/ports/dns.ts'
import type { CheckSpec, HealthChecks } from '../../../src/lib/ports/health-checks.ts'
import type { SwitchObjects, SwitchPlace } from '../../../src/lib/ports/switch.ts'
import type { VirtualClock } from '../../support/clock.ts'
import { strictly } from './strict.ts'

/** One Route 53 and S3 to hold the adapters against. */
export interface NamesBench {
  /** What AWS clients find it by. */
  readonly env: Readonly<Record<string, string>>
  readonly region: string
  /** A public zone without records of its own, its name without the trailing dot. */
  readonly zone: { readonly id: string; readonly name: string }
  readonly privateZone: { readonly id: string; readonly name: string }
  /** In a bucket that is there, in another Region. */
  readonly place: SwitchPlace
  /** Shared with a sandbox, so that changes become INSYNC. */
  readonly clock: VirtualClock
  close(): Promise<void>
}

const record = (name: string, rest: Partial<RecordSet> = {}): RecordSet => ({
  name,
  type: 'A',
  setIdentifier: null,
  weight: null,
  ttl: 60,
  values: ['203.0.113.7'],
  alias: null,
  healthCheckId: null,
  otherRouting: null,
  ...rest,
})

/** The Dns, HealthChecks and SwitchObjects ports over the wire. `lenient` is moto: a store that judges little. */
export function namesContract(title: string, lenient: boolean, open: () => Promise<NamesBench>): void {
  describe(`names contract: ${title}`, () => {
    let bench: NamesBench
    let dns: Dns
    let checks: HealthChecks
    let switches: SwitchObjects

    beforeAll(async () => {
      bench = await open()
      const { clock, region } = bench
      const env = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', HOME: '/nonexistent', ...bench.env }
      const session = createSession({ region, env }, clock, {
        chain: () => Promise.resolve(chain),
        sts: () => Promise.resolve(sts),
      })
      const deps = { session, clock, retry: <T>(_what: string, call: () => Promise<T>) => call() }
      dns = createRecordSets(deps)
      checks = createHealthChecks(deps)
      switches = createSwitch(deps)
    })
    afterAll(() => bench.close())

    const change = (action: 'CREATE' | 'DELETE', records: readonly RecordSet[]) =>
      dns.change(
        bench.zone.id,
        records.map((one) => ({ action, record: one })),
        'a test',
      )
    const strict = strictly(lenient)
    const parts: Parts = {
      strict,
      bench: () => bench,
      dns: () => dns,
      checks: () => checks,
      switches: () => switches,
      at: (label) => `${label}.${bench.zone.name}`,
      create: (...records) => change('CREATE', records),
      remove: (...records) => change('DELETE', records),
    }
    recordsContract(parts)
    batchesContract(parts)
    healthChecksContract(parts)
    switchContract(parts)
  })
}

interface Parts {
  readonly strict: ReturnType<typeof strictly>
  readonly bench: () => NamesBench
  readonly dns: () => Dns
  readonly checks: () => HealthChecks
  readonly switches: () => SwitchObjects
  /** A name in the zone. */
  readonly at: (label: string) => string
  readonly create: (...records: readonly RecordSet[]) => Promise<string>
  readonly remove: (...records: readonly RecordSet[]) => Promise<string>
}

function recordsContract({ strict, bench, dns, at, create, remove }: Parts): void {
  describe('zones and record sets', () => {
    it('zones are listed with their names, the private ones as such', async () => {
      const zones = await dns().zones()
      expect(zones).toEqual(
        expect.arrayContaining([
          { ...bench().zone, private: false },
          { ...bench().privateZone, private: true },
        ]),
      )
    })

    it.each<[string, () => RecordSet]>([
      ['a wildcard', () => record(at('*'))],
      ['a name with an escape', () => record(at('a+b'))],
      ['a TXT value with quotes', () => record(at('a-x'), { type: 'TXT', values: ['"heritage=external-dns,x=a b"'] })],
      ['a weighted one', () => record(at('w'), { setIdentifier: 'octavia', weight: 90 })],
      ['one of weight 0', () => record(at('zero'), { setIdentifier: 'aws', weight: 0 })],
      [
        'a weighted alias of an NLB',
        () =>
          record(at('alias'), {
            setIdentifier: 'aws',
            weight: 10,
            ttl: null,
            values: [],
            alias: { zoneId: NLB_ZONE, dnsName: NLB, evaluateTargetHealth: true },
          }),
      ],
    ])('%s is read as it was written, and deleted as it was read', async (_what, made) => {
      const one = made()
      await create(one)
      const [read, ...others] = await dns().recordsOf(bench().zone.id, [one.name])
      expect(others).toEqual([])
      expect(read).toEqual(one)
      await remove(read!)
      expect(await dns().recordsOf(bench().zone.id, [one.name])).toEqual([])
    })

    it('of a few names are those of the whole zone', async () => {
      const all = [record(at('p')), record(at('pp')), record(at('q.p'))]
      await create(...all)
      expect(await dns().recordsOf(bench().zone.id, [at('p')])).toEqual([all[0]])
      expect(await dns().records(bench().zone.id)).toEqual(expect.arrayContaining(all))
      await remove(...all)
    })

    it('more than one page of them is read whole', async () => {
      const all = Array.from({ length: 320 }, (_, index) => record(at(`many-${String(index).padStart(3, '0')}`)))
      await create(...all)
      const read = await dns().records(bench().zone.id)
      expect(read.filter(({ name }) => name.startsWith('many-'))).toEqual(all)
      await remove(...all)
    })

    strict(
      'a page may end within a weighted set',
      'the identifier to go on from is missing, so its beginning comes twice',
      async () => {
        // The 300th stands within the second set.
        const before = Array.from({ length: 250 }, (_, index) => record(at(`a-${String(index).padStart(3, '0')}`)))
        const set = Array.from({ length: 99 }, (_, index) =>
          record(at('b'), { setIdentifier: String(index).padStart(2, '0'), weight: 1 }),
        )
        await create(...before, ...set)
        const read = await dns()
          .records(bench().zone.id)
          .finally(async () => {
            await remove(...before, ...set)
          })
        expect(read.filter(({ name }) => name === at('b'))).toEqual(set)
      },
    )

    it('a zone that is not there is said to be missing', async () => {
      await expect(dns().records('Z00000000000000000000')).rejects.toMatchObject({ code: 'AWS_NOT_FOUND' })
    })

    it('of a public zone have name servers', async () => {
      expect((await dns().nameServers(bench().zone.id)).length).toBeGreaterThan(0)
    })

    it('of a private zone have none that could be asked', async () => {
      expect(await dns().nameServers(bench().privateZone.id)).toEqual([])
    })

    strict('what Route 53 lets nobody change is told', 'it knows no protections', async () => {
      expect(await dns().protections(bench().zone.id)).toEqual([{ name: at('locked'), type: 'A' }])
    })
  })
}

const NLB = 'nyah-shop-1a2b3c4d-0123456789abcdef.elb.ap-northeast-1.amazonaws.com'
/** Of ap-northeast-1's NLBs. */
const NLB_ZONE = 'Z31USIVHYNEOWT'

function batchesContract({ strict, bench, dns, at, create, remove }: Parts): void {
  const REFUSED = { code: 'DNS_BATCH_REFUSED', retryable: false, exit: 7 }
  const standing = async (label: string) => dns().recordsOf(bench().zone.id, [at(label)])

  describe('batches', () => {
    const swap = (gone: readonly RecordSet[], come: readonly RecordSet[]) =>
      dns().change(
        bench().zone.id,
        [
          ...gone.map((one) => ({ action: 'DELETE' as const, record: one })),
          ...come.map((one) => ({ action: 'CREATE' as const, record: one })),
        ],
        'a test',
      )
    const simple = (label: string) => record(at(label), { ttl: 300 })
    const weighted = (label: string) =>
      [90, 10].map((weight, index) => record(at(label), { setIdentifier: `${label}-${index}`, weight }))

    it('a simple record becomes a weighted set in one', async () => {
      await create(simple('attached'))
      await swap([simple('attached')], weighted('attached'))
      expect(await standing('attached')).toEqual(weighted('attached'))
      await remove(...weighted('attached'))
    })

    strict(
      'what was there before comes back in one',
      'a record that it has made before is refused, whatever the same batch deletes',
      async () => {
        await create(simple('detached'))
        await swap([simple('detached')], weighted('detached'))
        const back = await swap(weighted('detached'), [simple('detached')]).then(
          () => null,
          (error: unknown) => error,
        )
        const left = await standing('detached')
        await remove(...left)
        expect(back).toBeNull()
        expect(left).toEqual([simple('detached')])
      },
    )

    strict(
      'weights change in one, by records named exactly',
      'it deletes what has the identifier, in the whole zone',
      async () => {
        const [first = simple('x'), second = simple('x')] = weighted('shifted')
        const other = record(at('bystander'), { setIdentifier: 'shifted-0', weight: 1 })
        await create(first, second, other)
        await swap(
          [first, second],
          [
            { ...first, weight: 0 },
            { ...second, weight: 100 },
          ],
        )
        const left = [...(await standing('shifted')), ...(await standing('bystander'))]
        await remove(...left)
        expect(left).toEqual([{ ...first, weight: 0 }, { ...second, weight: 100 }, other])
      },
    )

    it('have ids by which they are INSYNC in the end', async () => {
      const one = record(at('soon'))
      const id = await create(one)
      bench().clock.advance(120_000)
      expect(await dns().inSync(id)).toBe(true)
      await remove(one)
    })

    strict('are PENDING at first', 'every change is INSYNC at once', async () => {
      const one = record(at('slow'))
      const pending = !(await dns().inSync(await create(one)))
      await remove(one)
      expect(pending).toBe(true)
    })

    strict('are done whole or not at all', 'what stands before the error in a batch stays done', async () => {
      const [there, fresh] = [record(at('there')), record(at('new'))]
      await create(there)
      // A name outside of the zone is refused anywhere.
      const batch = create(fresh, record('elsewhere.example.org'))
      await expect(batch).rejects.toMatchObject({ code: expect.any(String) })
      const left = await standing('new')
      await remove(there, ...left)
      expect(left).toEqual([])
    })

    it('never create what is there', async () => {
      const there = record(at('twice'))
      await create(there)
      const again = await create(there).then(
        () => null,
        (error: unknown) => error,
      )
      await remove(there)
      expect(again).toMatchObject(REFUSED)
    })

    strict(
      'delete only what is exactly so (compare and swap)',
      'it deletes what has the identifier, whatever its weight',
      async () => {
        const there = record(at('cas'), { setIdentifier: 'octavia', weight: 90 })
        await create(there)
        const other = await remove({ ...there, weight: 80 }).then(
          () => null,
          (error: unknown) => error,
        )
        const left = await standing('cas')
        if (left.length > 0) await remove(...left)
        expect(other).toMatchObject(REFUSED)
        expect(left).toEqual([there])
      },
    )

    strict('take no weight above 255', 'weights are not looked at', async () => {
      const heavy = record(at('heavy'), { setIdentifier: 'octavia', weight: 256 })
      const made = await create(heavy).then(
        () => true,
        () => false,
      )
      if (made) await remove(heavy)
      expect(made).toBe(false)
    })

    strict('take no simple record beside a weighted one', 'routing policies are not compared', async () => {
      const [weighted, simple] = [record(at('mixed'), { setIdentifier: 'octavia', weight: 1 }), record(at('mixed'))]
      const made = await create(weighted, simple).then(
        () => true,
        () => false,
      )
      const left = await standing('mixed')
      if (left.length > 0) await remove(...left)
      expect(made).toBe(false)
    })

    strict('take no health check that is not there', 'ids of health checks are not looked up', async () => {
      const healthCheckId = '00000000-0000-4000-8000-000000000000'
      const one = record(at('checked'), { setIdentifier: 'octavia', weight: 1, healthCheckId })
      const made = await create(one).then(
        () => true,
        () => false,
      )
      if (made) await remove(one)
      expect(made).toBe(false)
    })

    strict('a change that nobody made is not known', 'any id is INSYNC', async () => {
      await expect(dns().inSync('C0000000000000')).rejects.toMatchObject({ code: 'AWS_NOT_FOUND' })
    })
  })
}

const spec: CheckSpec = {
  type: 'HTTP',
  address: '203.0.113.7',
  port: 80,
  host: 'shop.nyah-test.example',
  path: '/healthz',
  search: null,
  intervalSeconds: 30,
  failureThreshold: 3,
  inverted: false,
  children: [],
  threshold: null,
  tags: { 'nyah:managed': 'true', Name: 'shop' },
}

function healthChecksContract({ strict, checks }: Parts): void {
  /** References are never used twice, so that a server that goes on living can be asked again. */
  const reference = (label: string) => `${label}-${Date.now().toString(36)}`
  const made: string[] = []
  const create = async (label: string, asked: CheckSpec = spec): Promise<string> => {
    const { id } = await checks().create(reference(label), asked)
    made.push(id)
    return id
  }

  describe('health checks', () => {
    afterAll(async () => {
      for (const id of made) await checks().delete(id)
    })

    it.each<[string, Partial<CheckSpec>]>([
      ['of a path', {}],
      ['of a port', { type: 'TCP', port: 443, host: null, path: null }],
      ['of a word in a page', { type: 'HTTPS_STR_MATCH', port: 443, search: 'ok' }],
      ['inverted, of the quick kind', { intervalSeconds: 10, failureThreshold: 1, inverted: true }],
    ])('one %s is read as it was made, with its tags', async (_what, part) => {
      const asked = { ...spec, ...part }
      const id = await create('read', asked)
      expect(await checks().read([id])).toEqual([{ ...asked, id, version: 1, otherType: null, disabled: false }])
      expect((await checks().list()).some((one) => one.id === id)).toBe(true)
    })

    it('one that counts others has them, and how many must be healthy', async () => {
      const children = [await create('child'), await create('child-2')]
      const counting: CheckSpec = {
        ...spec,
        type: 'CALCULATED',
        address: null,
        port: null,
        host: null,
        path: null,
        children,
        threshold: 2,
      }
      const id = await create('counting', counting)
      const [read] = await checks().read([id])
      expect(read).toMatchObject({ type: 'CALCULATED', threshold: 2, tags: spec.tags })
      expect(read?.children.toSorted()).toEqual(children.toSorted())
      await checks().delete(id)
    })

    strict('one reference makes one check, however often it is sent', 'each call makes another', async () => {
      const once = reference('once')
      const { id } = await checks().create(once, spec)
      const again = await checks().create(once, spec)
      made.push(id, again.id)
      expect(again).toEqual({ id })
      await expect(checks().create(once, { ...spec, port: 81 })).rejects.toMatchObject({ code: 'AWS_ALREADY_EXISTS' })
    })

    it('an update changes what it names', async () => {
      const id = await create('changed')
      await checks().update(id, 1, { ...spec, path: '/ready', failureThreshold: 5 })
      expect((await checks().read([id]))[0]).toMatchObject({ path: '/ready', failureThreshold: 5, host: spec.host })
    })

    strict('an update takes fields away', 'ResetElements are not looked at', async () => {
      const id = await create('reset')
      await checks().update(id, 1, { ...spec, host: null, path: null })
      expect((await checks().read([id]))[0]).toMatchObject({ host: null, path: null })
    })

    strict('an update names the version it changes (compare and swap)', 'the version stays 1', async () => {
      const id = await create('version')
      await checks().update(id, 1, { ...spec, path: '/a' })
      expect((await checks().read([id]))[0]).toMatchObject({ version: 2 })
      await expect(checks().update(id, 1, spec)).rejects.toMatchObject({ code: 'AWS_CONFLICT', retryable: false })
    })

    it('what the checkers see is told, by how many of them', async () => {
      const { verdict, checkers } = await checks().status(await create('status'))
      expect(verdict).toBe('healthy')
      expect(checkers).toBeGreaterThan(0)
    })

    strict('no checker reaches a private address', 'any address is taken', async () => {
      await expect(create('private', { ...spec, address: '10.20.0.5' })).rejects.toMatchObject({ code: 'AWS_INVALID' })
    })

    it('deleting one that is gone succeeds', async () => {
      const { id } = await checks().create(reference('gone'), spec)
      await checks().delete(id)
      expect(await checks().read([id])).toEqual([])
      await expect(checks().delete(id)).resolves.toBeUndefined()
    })
  })
}

function switchContract({ bench, switches }: Parts): void {
  describe('the object of a switch', () => {
    it('is written and deleted in its own Region, twice without harm', async () => {
      const { place } = bench()
      expect(await switches().engaged(place)).toBe(false)
      await switches().engage(place, 'a test')
      await switches().engage(place, 'a test')
      expect(await switches().engaged(place)).toBe(true)
      await switches().disengage(place)
      await switches().disengage(place)
      expect(await switches().engaged(place)).toBe(false)
    })

    it('in a bucket that is not there cannot be written', async () => {
      const place = { ...bench().place, bucket: 'nyah-nobodys-bucket' }
      await expect(switches().engage(place, 'a test')).rejects.toMatchObject({ code: 'AWS_NOT_FOUND' })
    })
  })
}
