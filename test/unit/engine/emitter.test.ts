import { describe, expect, it } from 'vitest'
import type { NyahEvent } from '../../../src/lib/core/events.ts'
import { makeEmitter } from '../../../src/lib/engine/emitter.ts'
import { newRunId } from '../../../src/lib/engine/run-id.ts'
import { virtualClock } from '../../support/clock.ts'

const note = (code: string) => ({ code, message: 'x' })
const codes = (events: readonly NyahEvent[]) => events.map(({ data }) => ('code' in data ? data.code : '?'))

describe('the emitter', () => {
  it('numbers from 1 without a gap, with time and run', () => {
    const clock = virtualClock()
    const { emit, events } = makeEmitter({ clock, run: 'r' })
    emit('note', null, note('a'))
    clock.advance(1500)
    emit('note', 'shop', note('b'))
    expect(events).toEqual([
      { v: 1, seq: 1, at: '2026-11-22T00:00:00.000Z', run: 'r', type: 'note', scope: null, data: note('a') },
      { v: 1, seq: 2, at: '2026-11-22T00:00:01.500Z', run: 'r', type: 'note', scope: 'shop', data: note('b') },
    ])
  })

  it('gives a late listener what came before, in order', () => {
    const { emit, attach } = makeEmitter({ clock: virtualClock(), run: 'r' })
    emit('note', null, note('a'))
    emit('note', null, note('b'))
    const seen: NyahEvent[] = []
    attach((event) => seen.push(event))
    emit('note', null, note('c'))
    expect(codes(seen)).toEqual(['a', 'b', 'c'])
  })

  it('keeps the order for everybody when a listener emits', () => {
    const first: NyahEvent[] = []
    const last: NyahEvent[] = []
    const emitter = makeEmitter({
      clock: virtualClock(),
      run: 'r',
      sinks: [
        (event) => {
          first.push(event)
          if (event.seq === 1) emitter.emit('note', null, note('b'))
        },
        (event) => last.push(event),
      ],
    })
    emitter.emit('note', null, note('a'))
    expect(codes(first)).toEqual(['a', 'b'])
    expect(codes(last)).toEqual(['a', 'b'])
  })

  it('drops a listener that throws; the others go on', () => {
    const seen: NyahEvent[] = []
    const error = new Error('the terminal is gone')
    let asked = 0
    const { emit, failures } = makeEmitter({
      clock: virtualClock(),
      run: 'r',
      sinks: [
        () => {
          asked += 1
          throw error
        },
        (event) => seen.push(event),
      ],
    })
    emit('note', null, note('a'))
    emit('note', null, note('b'))
    expect(codes(seen)).toEqual(['a', 'b'])
    expect([asked, failures]).toEqual([1, [error]])
  })

  it('says nothing after the end', () => {
    const { emit, events } = makeEmitter({ clock: virtualClock(), run: 'r' })
    emit('run.finished', null, { outcome: 'applied', exitCode: 0, result: null })
    emit('note', null, note('late'))
    expect(events.map(({ type }) => type)).toEqual(['run.finished'])
  })
})

describe('the id of a run', () => {
  it('is short, and sorts as time does', () => {
    const now = Date.UTC(2026, 10, 22)
    const ids = [now, now + 1, now + 60_000, now + 86_400_000, Date.UTC(2058, 0, 1)].map((at) =>
      newRunId(at, () => 0.999999),
    )
    expect(ids.toSorted()).toEqual(ids)
    for (const id of ids) expect(id).toMatch(/^[0-9a-z]{8}-[0-9a-z]{4}$/)
    expect(newRunId(now, () => 0)).toMatch(/-0000$/)
  })
})
