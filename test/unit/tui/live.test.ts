import { PassThrough } from 'node:stream'
import * as fc from 'fast-check'
import { renderToString } from 'ink'
import { describe, expect, it } from 'vitest'
import type { NyahEvent } from '../../../src/lib/core/events.ts'
import { foldRun } from '../../../src/lib/core/progress.ts'
import { textWidth } from '../../../src/lib/render/width.ts'
import * as ink from '../../../src/lib/tui/ink.sdk.ts'
import { fit, lineText, spread } from '../../../src/lib/tui/lines.ts'
import { drawLines, startLiveView } from '../../../src/lib/tui/live.ts'
import { liveLines } from '../../../src/lib/tui/state.ts'
import { hostile, OURS, poison, UNSAFE } from '../render/evil.ts'
import { golden } from '../render/golden.ts'
import { brokenRun, forbidden, manyPlan, mirrorRun, stream, throttled, walkRun } from '../render/samples.ts'

const manyIds = manyPlan.changes.map(({ id }) => id)

/** 60 changes: 20 done, one failed, one being retried, the rest under way or to come. */
const manyRun: readonly NyahEvent[] = stream(
  [0, 'run.started', { request: manyPlan.request, actor: 'a', reason: null, nyah: '0.1.0', resumes: null }],
  [1, 'plan.made', { plan: manyPlan }],
  [2, 'plan.confirmed', { by: 'terminal' }],
  ...manyIds.slice(0, 26).map((id, index) => [3 + index / 10, 'change.started', { id, attempt: 1 }] as const),
  ...manyIds
    .slice(0, 20)
    .map((id, index) => [6 + index / 10, 'change.succeeded', { id, outputs: {}, ms: 900 }] as const),
  [9, 'change.failed', { id: manyIds[21] ?? '', error: forbidden }],
  [9, 'change.retrying', { id: manyIds[22] ?? '', attempt: 1, delayMs: 3000, error: throttled }],
)

const RUNS = { mirror: mirrorRun, broken: brokenRun, many: manyRun, walk: walkRun }

/** The picture half a second after the first `events` of a run. */
function picture(run: keyof typeof RUNS, events: number, columns: number, rows: number): readonly string[] {
  const past = RUNS[run].slice(0, events)
  const now = Date.parse(past.at(-1)?.at ?? '1970-01-01T00:00:00Z') + 500
  return liveLines(foldRun(past), { now, frame: 3, columns, rows }).map(lineText)
}

describe('the live view', () => {
  it.each([
    ['mirror', 'reading', 3, 80, 24],
    ['mirror', 'applying', 16, 80, 24],
    ['mirror', 'waiting', 25, 80, 24],
    ['mirror', 'waiting', 25, 120, 40],
    ['mirror', 'waiting', 25, 40, 10],
    ['mirror', 'ended', 99, 80, 24],
    ['broken', 'ended', 99, 80, 24],
    ['walk', 'second-step', 11, 80, 24],
    ['walk', 'pausing', 99, 80, 24],
    ['walk', 'pausing', 99, 40, 8],
    ['many', 'applying', 99, 80, 16],
    ['many', 'applying', 99, 80, 5],
  ] as const)('%s, %s (%i events), %ix%i', async (run, what, events, columns, rows) => {
    const text = `${picture(run, events, columns, rows).join('\n')}\n`
    await expect(text).toMatchFileSnapshot(golden(`live-${run}-${what}.${columns}x${rows}.txt`))
  })

  it('is never wider nor higher than the terminal, at any moment of any run', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('mirror', 'broken', 'many', 'walk'),
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 1, max: 140 }),
        fc.integer({ min: 1, max: 40 }),
        (run, events, columns, rows) => {
          const lines = picture(run, events, columns, rows)
          expect(lines.length).toBeLessThan(Math.max(2, rows))
          for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(columns)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('always shows what failed and why, what is retried, and how much is not shown', () => {
    const lines = picture('many', 99, 100, 12)
    expect(lines.find((line) => line.includes('failed '))).toContain('8021')
    expect(lines.join('\n')).toContain('AWS_FORBIDDEN CreateListener was refused')
    expect(lines.find((line) => line.includes('retrying '))).toContain('attempt 2 in 2.5s')
    expect(lines.join('\n')).toMatch(/not shown: 20 done, .*to come/)
  })

  it('leaves refused scopes out of its list and its bar, and says how many changes that is', () => {
    const { request, ...plan } = manyPlan
    const [left, ...made] = manyIds
    const lines = liveLines(
      foldRun(
        stream(
          [0, 'run.started', { request, actor: 'a', reason: null, nyah: '0.1.0', resumes: null }],
          [1, 'plan.made', { plan: { ...plan, request } }],
          [2, 'plan.confirmed', { by: 'terminal' }],
          [2, 'change.skipped', { id: left ?? '', why: 'refused' }],
          ...made.map((id) => [3, 'change.succeeded', { id, outputs: {}, ms: 9 }] as const),
        ),
      ),
      { now: 0, frame: 0, columns: 100, rows: 200 },
    ).map(lineText)
    expect(lines.filter((line) => line.includes('skipped'))).toEqual([])
    expect(lines.find((line) => line.includes('left out'))).toBe(
      `  [${'='.repeat(20)}] ${made.length} of ${made.length} changes, 1 left out`,
    )
  })

  it('says of each thing it waits for how it stands, in one cut line where there is room for no more', () => {
    const waiting = [1, 2, 3].map((one) => ({
      subject: `nyah-shop-${one} port 80`,
      detail: `0 of 2 targets healthy; ${'10.20.0.1:80 is initial, '.repeat(4)}`,
    }))
    const progress = { ...foldRun(mirrorRun.slice(0, 25)), waiting, healthy: null }
    const lines = liveLines(progress, { now: 0, frame: 0, columns: 60, rows: 12 }).map(lineText)
    const told = lines.filter((line) => line.includes('nyah-shop-'))
    expect(told.length).toBeGreaterThanOrEqual(2)
    for (const line of told) expect(line).toMatch(/port 80 {2}0 of 2 targets healthy; .*…$/)
  })

  it('passes no remote text on to Ink as it is', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(mirrorRun, brokenRun),
        fc.array(hostile, { minLength: 1 }),
        fc.nat(30),
        (events, texts, until) => {
          let turn = 0
          const keep = new Set([...OURS, 'at', 'type', 'by', 'outcome', 'why', 'deadlineAt'])
          const poisoned = poison(events.slice(0, until), () => texts[turn++ % texts.length] ?? '', keep)
          const lines = liveLines(foldRun(poisoned), { now: 0, frame: 0, columns: 100, rows: 40 })
          for (const line of lines) expect(lineText(line)).not.toMatch(/\n/)
          expect(lines.map(lineText).join('')).not.toMatch(UNSAFE)
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('lines', () => {
  it('are cut at the terminal, wide characters and all', () => {
    expect(lineText(fit([{ text: '決済' }, { text: 'サービス' }], 7))).toBe('決済サ…')
    expect(lineText(fit([{ text: 'abc' }, { text: 'def' }], 6))).toBe('abcdef')
    expect(lineText(fit([{ text: 'abc' }, { text: 'def' }], 3))).toBe('ab…')
    expect(lineText(spread([{ text: 'left' }], [{ text: '12s' }], 20))).toBe('left             12s')
    expect(lineText(spread([{ text: 'left' }], [{ text: '12s' }], 8))).toBe('left')
  })
})

describe('Ink', () => {
  it('draws the lines as they are', () => {
    const lines = liveLines(foldRun(mirrorRun.slice(0, 16)), { now: 0, frame: 0, columns: 80, rows: 24 })
    expect(renderToString(drawLines(ink, lines, false), { columns: 80 })).toBe(lines.map(lineText).join('\n'))
  })

  /** A terminal that remembers what was written to it. */
  function terminal(): { readonly stderr: NodeJS.WriteStream; readonly written: () => string } {
    const stream = new PassThrough()
    let text = ''
    stream.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
    const stderr = Object.assign(stream, { columns: 80, rows: 24, isTTY: true }) as unknown as NodeJS.WriteStream
    return { stderr, written: () => text }
  }

  const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20))

  const view = (stderr: NodeJS.WriteStream) =>
    startLiveView(ink, { clock: { now: () => Date.parse(mirrorRun[0]?.at ?? '') + 9000 }, stderr, colour: false })

  it('shows the reading, steps aside for the question, comes back, and ends with the outcome', async () => {
    const { stderr, written } = terminal()
    const live = view(stderr)
    const feed = async (from: number, to: number): Promise<string> => {
      const before = written().length
      for (const event of mirrorRun.slice(from, to)) live.sink(event)
      await settle()
      return written().slice(before)
    }
    expect(await feed(0, 2)).toContain('reading both clouds')
    await feed(2, 5)
    // The question stands now: nothing may move on the screen.
    const length = written().length
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(written().length).toBe(length)
    expect(await feed(5, 8)).toContain('creating  security-group nyah-shop-front-3fa9c2d1')
    await feed(8, mirrorRun.length)
    const before = written().length
    live.stop()
    live.stop()
    await settle()
    const last = written().slice(before)
    expect(last).toContain('CACHE_UNWRITABLE  the cache cannot be written')
    expect(last.trimEnd().split('\n').at(-1)).toBe('Applied, and healthy: 8 changes made in 1m 10s.')
  })

  it('writes errors and what to try in full below its last frame', async () => {
    const { stderr, written } = terminal()
    const live = view(stderr)
    for (const event of brokenRun) live.sink(event)
    live.stop()
    await settle()
    expect(written()).toContain('Try: grant elasticloadbalancing:CreateListener to the role nyah uses\n')
    expect(written()).toContain('Try: nyah run resume 01JD5S0Q7Z-lb-mirror\n')
    live.sink(brokenRun[0] as NyahEvent)
    expect(written().trimEnd().endsWith('nyah run resume 01JD5S0Q7Z-lb-mirror')).toBe(true)
  })
})
