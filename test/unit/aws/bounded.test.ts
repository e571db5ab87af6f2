import { describe, expect, it } from 'vitest'
import { bounded, chunks } from '../../../src/lib/adapters/aws/bounded.ts'
import { everyPage } from '../../../src/lib/adapters/aws/pages.ts'

describe('bounded', () => {
  it('keeps at most 16 under way and the order of the items', async () => {
    let open = 0
    let most = 0
    const answers = await bounded(
      Array.from({ length: 30 }, (_, at) => at),
      async (at) => {
        most = Math.max(most, ++open)
        await new Promise((resolve) => setImmediate(resolve))
        open--
        return at * 2
      },
    )
    expect(most).toBe(16)
    expect(answers).toEqual(Array.from({ length: 30 }, (_, at) => at * 2))
  })

  it('starts nothing new after a failure, and throws the first once all has ended', async () => {
    const started: number[] = []
    let ended = 0
    const work = bounded(
      Array.from({ length: 30 }, (_, at) => at),
      async (at) => {
        started.push(at)
        await new Promise((resolve) => setImmediate(resolve))
        ended++
        if (at === 3 || at === 5) throw new Error(`no ${at}`)
      },
    )
    await expect(work).rejects.toThrow('no 3')
    expect(ended).toBe(started.length)
    expect(started.length).toBeLessThan(20)
  })

  it('chunks', () => {
    expect(chunks([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]])
    expect(chunks([1, 2], 2)).toEqual([[1, 2]])
    expect(chunks([], 2)).toEqual([])
  })
})

describe('everyPage', () => {
  const pages = (next: (marker: string | undefined) => string | undefined) => {
    const asked: (string | undefined)[] = []
    const read = everyPage('DescribeThings', (marker) => {
      asked.push(marker)
      return Promise.resolve({ items: [asked.length], next: next(marker) })
    })
    return { asked, read }
  }

  it('joins pages until there is no marker, or an empty one', async () => {
    for (const end of [undefined, '']) {
      const { asked, read } = pages((marker) => (marker === undefined ? 'a' : marker === 'a' ? 'b' : end))
      expect(await read).toEqual([1, 2, 3])
      expect(asked).toEqual([undefined, 'a', 'b'])
    }
  })

  it('does not take a list that goes in circles for a whole one', async () => {
    const { asked, read } = pages((marker) => (marker === 'a' ? 'b' : 'a'))
    await expect(read).rejects.toMatchObject({ code: 'AWS_PAGING', exit: 7, retryable: false })
    expect(asked).toHaveLength(3)
  })

  it('ends at a limit when markers never repeat', async () => {
    const { asked, read } = pages((marker) => `${Number(marker ?? 0) + 1}`)
    await expect(read).rejects.toMatchObject({ code: 'AWS_PAGING' })
    expect(asked.length).toBeLessThanOrEqual(501)
  })
})
