import { describe, expect, it } from 'vitest'
import type { RecordSet } from '../../../src/lib/ports/dns.ts'
import { type Parts, record } from './names-stage.ts'

/** Changes of records: whole or not at all, and only of what is exactly so. */
export function batchesContract({ strict, bench, dns, at, create, remove }: Parts): void {
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
