import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EXIT, errorData, nyahError } from '../../../src/lib/core/errors.ts'
import type { NyahEvent } from '../../../src/lib/core/events.ts'
import { foldRun } from '../../../src/lib/core/progress.ts'
import { renderError } from '../../../src/lib/render/errors.ts'
import { HEARTBEAT_MS, logEvent, logHeartbeat, noLog } from '../../../src/lib/render/log.ts'
import type { LogState, LogView } from '../../../src/lib/render/log.ts'
import { endingLines, outcomeLines } from '../../../src/lib/render/outcome.ts'
import { colourPaint, plainPaint } from '../../../src/lib/render/paint.ts'
import { renderRun } from '../../../src/lib/render/run.ts'
import { renderPairs, renderTable } from '../../../src/lib/render/table.ts'
import { textWidth } from '../../../src/lib/render/width.ts'
import { span } from '../../../src/lib/render/words.ts'
import { hostile, OURS, poison, UNSAFE, withoutColour } from './evil.ts'
import { golden } from './golden.ts'
import { brokenRun, forbidden, KESSAI, mirrorRun, namesRun, SHOP, stream, syncPlan, walkRun } from './samples.ts'

const RUNS: Readonly<Record<string, readonly NyahEvent[]>> = {
  mirror: mirrorRun,
  broken: brokenRun,
  walk: walkRun,
  names: namesRun,
}

const view = { paint: plainPaint, width: 80 }
const spoken: LogView = { ...view, quiet: false }

/** All lines of a stream, with a heartbeat asked for each second, as a timer would. */
function logOf(events: readonly NyahEvent[], options: LogView): string {
  let state: LogState = noLog
  const lines: string[] = []
  const take = (step: { readonly state: LogState; readonly lines: readonly string[] }): void => {
    state = step.state
    lines.push(...step.lines)
  }
  let clock = Date.parse(events[0]?.at ?? '')
  for (const event of events) {
    for (; clock < Date.parse(event.at); clock += 1000) take(logHeartbeat(state, clock, options))
    take(logEvent(state, event, options))
  }
  return `${lines.join('\n')}\n`
}

describe('the log', () => {
  it.each(Object.keys(RUNS))('%s', async (name) => {
    await expect(logOf(RUNS[name] ?? [], spoken)).toMatchFileSnapshot(golden(`log-${name}.80.txt`))
  })

  it('quiet says only what goes wrong', async () => {
    expect(logOf(mirrorRun, { ...spoken, quiet: true })).toBe('\n')
    await expect(logOf(brokenRun, { ...spoken, quiet: true })).toMatchFileSnapshot(golden('log-broken-quiet.80.txt'))
  })

  it('gives a sign of life after 30 s of silence, not before, and none while it asks', () => {
    const applying = mirrorRun.slice(0, 9).reduce((state, event) => logEvent(state, event, spoken).state, noLog)
    const since = applying.spokeAt ?? 0
    expect(logHeartbeat(applying, since + HEARTBEAT_MS - 1, spoken).lines).toEqual([])
    const beat = logHeartbeat(applying, since + HEARTBEAT_MS, spoken)
    expect(beat.lines).toEqual(['21:03:49  applying: 0 of 8 changes done, 3 under way (39s so far)'])
    expect(logHeartbeat(beat.state, since + HEARTBEAT_MS + 1, spoken).lines).toEqual([])
    const pausing = walkRun.reduce((state, event) => logEvent(state, event, spoken).state, noLog)
    expect(logHeartbeat(pausing, (pausing.spokeAt ?? 0) + HEARTBEAT_MS, spoken).lines).toEqual([
      '21:05:44  waiting for step 3, due at 21:07:12 (2m 34s so far)',
    ])
    const asking = mirrorRun.slice(0, 5).reduce((state, event) => logEvent(state, event, spoken).state, noLog)
    expect(logHeartbeat(asking, since + 10 * HEARTBEAT_MS, spoken).lines).toEqual([])
    expect(logHeartbeat(noLog, since, spoken).lines).toEqual([])
  })

  it('says a failing read once, and all of them with --debug', () => {
    const error = errorData(nyahError({ code: 'AWS_DOWN', message: 'no answer', exit: 7, retryable: true }))
    const failing = (at: number, what: string) =>
      [at, 'read.retrying', { what, attempt: 1, delayMs: 500, error }] as const
    const events = stream(failing(0, 'list'), failing(1, 'list'), failing(2, 'tags'), failing(3, 'list'))
    const times = (debug: boolean) => logOf(events, { ...spoken, debug }).match(/reading again (list|tags)/g)
    expect(times(false)).toEqual(['reading again list', 'reading again tags'])
    expect(times(true)).toHaveLength(4)
  })

  it('names a run only once it has a journal', () => {
    const planned = mirrorRun.filter(({ type }) => type !== 'plan.confirmed')
    expect(logOf(mirrorRun, spoken)).toContain('  run 01JD5S0Q7Z-lb-mirror: lb.mirror in production')
    expect(logOf(planned, spoken)).not.toContain('  run 01JD5S0Q7Z-lb-mirror')
  })

  it('says a disagreement of the second reading', () => {
    const events = stream(
      [0, 'reading.second', { delayMs: 2000 }],
      [2, 'reading.compared', { agree: false, findings: syncPlan.findings.slice(0, 1) }],
    )
    const text = logOf(events, spoken)
    expect(text).toContain('second reading in 2.0s, before anything is taken away')
    expect(text).toContain('the second reading does not agree')
    expect(text).toContain('LB_REMOVAL_BUDGET')
  })

  it('passes no remote text on as it is', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(mirrorRun, brokenRun, walkRun),
        fc.array(hostile, { minLength: 1 }),
        (events, texts) => {
          let turn = 0
          const keep = new Set([...OURS, 'at', 'type', 'by', 'outcome', 'why', 'deadlineAt', 'observedAt', 'untilAt'])
          const poisoned = poison(events, () => texts[turn++ % texts.length] ?? '', keep)
          const paint = colourPaint
          const texted = [
            logOf(poisoned, { ...spoken, paint }),
            renderRun(foldRun(poisoned), { paint, width: 80 }),
            endingLines(foldRun(poisoned), 80, paint).join('\n'),
          ]
          for (const text of texted) expect(withoutColour(text)).not.toMatch(UNSAFE)
        },
      ),
      { numRuns: 40 },
    )
  })
})

describe('a run', () => {
  it.each(Object.keys(RUNS))('%s', async (name) => {
    await expect(renderRun(foldRun(RUNS[name] ?? []), view)).toMatchFileSnapshot(golden(`run-${name}.80.txt`))
  })

  it('that was killed says how to go on', async () => {
    await expect(renderRun(foldRun(mirrorRun.slice(0, 14)), view)).toMatchFileSnapshot(golden('run-killed.80.txt'))
  })

  it('ends in words that need no colour', () => {
    const ending = (events: readonly NyahEvent[]): readonly string[] => outcomeLines(foldRun(events), 80, plainPaint)
    expect(ending(mirrorRun)).toEqual(['Applied, and healthy: 8 changes made in 1m 10s.'])
    const health = { targets: 3, healthy: 2, notWaitedFor: ['10.20.0.13:8080: ERROR in Octavia'] }
    const ill = stream([70, 'run.finished', { outcome: 'applied', exitCode: EXIT.ok, result: { health, mirrors: [] } }])
    expect(ending([...mirrorRun.slice(0, -1), ...ill])).toEqual([
      'Applied: 8 changes made in 1m 10s; 2 of 3 targets healthy (10.20.0.13:8080: ERROR in Octavia, not waited for).',
    ])
    expect(ending(brokenRun)).toEqual([
      'Applied in part: 1 change made, 1 failed, 6 not started in 10s. (exit 8)',
      'Try: nyah run resume 01JD5S0Q7Z-lb-mirror',
    ])
    expect(ending(mirrorRun.slice(0, -1))).toEqual([])
    const declined = [
      ...mirrorRun.slice(0, 5),
      ...stream([3, 'run.finished', { outcome: 'declined', exitCode: EXIT.refused, result: null }]),
    ]
    expect(ending(declined)).toEqual(['Declined: nothing was changed. (exit 6)'])
    const late = [
      ...mirrorRun.slice(0, 25),
      ...stream([900, 'run.finished', { outcome: 'not-healthy', exitCode: EXIT.notHealthy, result: null }]),
    ]
    expect(ending(late).slice(0, 3)).toEqual([
      'Applied, but not healthy in time: 8 changes made in 15m 00s. (exit 9)',
      '  target group nyah-shop-front-3fa9c2d1-80: 1 of 3 targets healthy;',
      '  10.20.0.13:8080 is unhealthy (Target.Timeout)',
    ])
  })

  it('says an error once, though it ended a change and the run', () => {
    const text = endingLines(foldRun(brokenRun), 80, plainPaint).join('\n')
    expect(text.match(/AWS_FORBIDDEN/g)).toHaveLength(1)
  })
})

describe('an error', () => {
  const show = (debug: boolean, width = 80): string => renderError(forbidden, { colour: false, width, debug })

  it('is a code, what happened, and what to try', async () => {
    await expect(show(false)).toMatchFileSnapshot(golden('error.80.txt'))
    await expect(show(true)).toMatchFileSnapshot(golden('error-debug.80.txt'))
  })

  it('in colour says the same words', () => {
    expect(withoutColour(renderError(forbidden, { colour: true, width: 80, debug: true }))).toBe(show(true))
  })

  it('does not fill the screen with the page of a proxy', () => {
    const error = errorData(nyahError({ code: 'OCTAVIA_HTTP', message: '<p>'.repeat(5000), exit: EXIT.remote }))
    const shown = renderError(error, { colour: false, width: 80, debug: false })
    expect(shown.length).toBeLessThan(3000)
    expect(shown).toContain('(13000 more characters)')
  })

  it('keeps a command to paste on one line', () => {
    const command = `nyah lb mirror ${SHOP} --allow LB_LISTENER_PROTOCOL_UNSUPPORTED --reason "…"`
    const error = errorData(nyahError({ code: 'X', message: 'm', exit: EXIT.refused, tries: [command] }))
    expect(renderError(error, { colour: false, width: 40, debug: false })).toContain(`Try: ${command}\n`)
  })
})

describe('a table', () => {
  const rows = [
    [SHOP, 'shop-front', 'ACTIVE', '3'],
    [KESSAI, 'k-ロードバランサー', 'PENDING_UPDATE', '150'],
    ['9c1f8a52-31c7-4c55-9f0e-2b1f0a7d6e01', 'a name that is a good deal longer than the others\u202e', 'ERROR', ''],
  ]
  const headings = ['ID', 'NAME', 'STATUS', 'MEMBERS']

  it.each([80, 120])('%i columns', async (width) => {
    const text = renderTable(headings, rows, width)
    await expect(text).toMatchFileSnapshot(golden(`table.${width}.txt`))
    for (const line of text.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(width)
  })

  it('without rows is its headings; a row may be short', () => {
    expect(renderTable(['A', 'B'], [], 80)).toBe('A  B\n')
    expect(renderTable(['A', 'B'], [['x']], 80)).toBe('A  B\nx\n')
  })

  it('pairs stand below each other, escaped', () => {
    expect(
      renderPairs([
        ['id', SHOP],
        ['name', 'ロード\nバランサー'],
        ['empty', ''],
      ]),
    ).toBe(`id     ${SHOP}\nname   ロード\\nバランサー\nempty\n`)
  })
})

describe('a span of time', () => {
  it.each([
    [-5, '0.0s'],
    [40, '0.0s'],
    [849, '0.8s'],
    [9949, '9.9s'],
    [9950, '10s'],
    [59_600, '1m 00s'],
    [61_000, '1m 01s'],
    [3_599_600, '1h 00m'],
    [3_725_000, '1h 02m'],
  ])('%i ms is %s', (ms, text) => {
    expect(span(ms)).toBe(text)
  })
})
