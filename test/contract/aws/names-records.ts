import { expect, describe, it } from 'vitest'
import type { RecordSet } from '../../../src/lib/ports/dns.ts'
import { type Parts, record } from './names-stage.ts'

const NLB = 'nyah-shop-1a2b3c4d-0123456789abcdef.elb.ap-northeast-1.amazonaws.com'
/** Of ap-northeast-1's NLBs. */
const NLB_ZONE = 'Z31USIVHYNEOWT'

/** Zones, and record sets as they stand in them. */
export function recordsContract({ strict, bench, dns, at, create, remove }: Parts): void {
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
        const read = await dns().records(bench().zone.id)
        await remove(...before, ...set)
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
