import { describe, expect, it } from 'vitest'
import { EXIT } from '../../../src/lib/core/errors.ts'
import type { NyahEvent } from '../../../src/lib/core/events.ts'
import { countChanges, foldRun, noProgress, type Phase, progressed } from '../../../src/lib/core/progress.ts'
import { resumable } from '../../../src/lib/engine/resume.ts'
import { broken, busy, inMemory, toyOperation, toyRemote } from '../../support/toy.ts'
import { runToy, toyRequest } from '../../support/toy-run.ts'

const wishes = {
  'shop/lb': { value: 'nlb' },
  'shop/tg': { value: 'tg', parent: 'shop/lb' },
  'admin/lb': { value: 'nlb' },
}

async function eventful() {
  const tried = new Set<string>()
  const before = ({ verb, key }: { verb: string; key: string }) => {
    if (verb === 'put' && key === 'admin/lb') throw broken()
    if (verb === 'put' && !tried.has(key)) {
      tried.add(key)
      throw busy()
    }
  }
  return runToy(toyOperation({ remote: toyRemote(inMemory(), { before }), wishes: () => wishes }), {
    request: { allowances: [{ code: 'X', reason: 'y' }] },
  })
}

describe('the progress of a run', () => {
  it('tells how every change stands, and how it ended', async () => {
    const { events } = await eventful()
    const progress = foldRun(events)
    expect(progress).toMatchObject({
      run: 'run-1',
      request: { operation: 'toy.set' },
      actor: 'tester',
      phase: 'finished',
      pass: null,
      outcome: 'partly-applied',
      exitCode: EXIT.partial,
      notes: [{ code: 'ALLOWANCE_UNUSED' }],
      errors: [{ code: 'RUN_PARTLY_APPLIED' }],
    })
    expect(progress.changes).toMatchObject([
      {
        change: { id: 'shop/lb/put' },
        status: 'succeeded',
        attempt: 2,
        error: null,
        outputs: { id: 'id-of-shop/lb' },
        delayMs: null,
      },
      { change: { id: 'shop/tg/put' }, status: 'succeeded', attempt: 2, ms: 500 },
      { change: { id: 'admin/lb/put' }, status: 'failed', attempt: 1, error: { code: 'TOY_BROKEN' } },
    ])
    expect(countChanges(progress.changes)).toEqual({
      pending: 0,
      running: 0,
      retrying: 0,
      succeeded: 2,
      failed: 1,
      skipped: 0,
    })
  })

  it('goes through its phases in order', async () => {
    const { events } = await eventful()
    const phases: Phase[] = []
    let progress = noProgress
    for (const event of events) {
      progress = progressed(progress, event)
      if (phases.at(-1) !== progress.phase) phases.push(progress.phase)
    }
    expect(phases).toEqual(['starting', 'observing', 'asking', 'applying', 'finished'])
  })

  it('shows a retry while it lasts', async () => {
    const { events } = await eventful()
    const until = events.findIndex(({ type }) => type === 'change.retrying')
    const [change] = foldRun(events.slice(0, until + 1)).changes
    expect(change).toMatchObject({
      status: 'retrying',
      delayMs: 500,
      retryingSince: events[until]?.at,
      error: { code: 'TOY_BUSY' },
    })
  })

  it('passes over events of a newer nyah', () => {
    const event = { v: 1, seq: 1, at: '2030-01-01T00:00:00Z', run: 'r', type: 'moon.phase', scope: null, data: {} }
    expect(progressed(noProgress, event as unknown as NyahEvent)).toEqual({ ...noProgress, run: 'r', at: event.at })
  })
})

describe('resuming', () => {
  it('takes up what did not finish well, with its request', async () => {
    const { events } = await eventful()
    const request = { ...toyRequest, allowances: [{ code: 'X', reason: 'y' }] }
    expect(resumable(events)).toEqual({ run: 'run-1', request, reason: null })
    // Killed: no end at all.
    expect(resumable(events.slice(0, 5)).request).toEqual(request)
  })

  it('does not take up what has finished, or what nobody knows', async () => {
    const { events } = await runToy(toyOperation({ remote: toyRemote(inMemory()), wishes: () => wishes }))
    const refused = expect.objectContaining({ code: 'RUN_NOT_RESUMABLE', exit: EXIT.usage }) as Error
    expect(() => resumable(events)).toThrow(refused)
    expect(() => resumable(events.slice(1, 4))).toThrow(refused)
    expect(() => resumable([])).toThrow(refused)
  })
})
