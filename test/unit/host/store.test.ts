import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createStateDir } from '../../../src/lib/adapters/host/paths.ts'
import { createStore } from '../../../src/lib/adapters/host/store.ts'
import type { NyahEvent } from '../../../src/lib/core/events.ts'
import type { Json } from '../../../src/lib/core/json.ts'
import { makeEmitter } from '../../../src/lib/engine/emitter.ts'
import { virtualClock } from '../../support/clock.ts'
import { toyRequest } from '../../support/toy-run.ts'

let root: string
let stateDir: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'nyah-store-'))
  stateDir = join(root, 'state', 'nyah')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

/** The events of a run: started, so many notes, and (unless it was killed) finished. */
function eventsOf(
  run: string,
  { notes = 1, killed = false, result = null as Json, early = false } = {},
): readonly NyahEvent[] {
  const { emit, events } = makeEmitter({ clock: virtualClock(), run })
  if (early) emit('note', null, { code: 'EARLY', message: 'before the start' })
  emit('run.started', null, { request: toyRequest, actor: 'tester', reason: null, nyah: '0', resumes: null })
  for (let i = 0; i < notes; i += 1) emit('note', null, { code: 'N', message: `note ${i} 日本語` })
  if (!killed) emit('run.finished', null, { outcome: 'applied', exitCode: 0, result })
  return events
}

function write(run: string, events: readonly NyahEvent[]): string {
  const journal = createStore({ stateDir }).openJournal(run)
  for (const event of events) journal.append(event)
  journal.close()
  journal.close()
  return join(stateDir, 'runs', `${run}.ndjson`)
}

const error = (code: string, exit: number, part: object = {}) =>
  expect.objectContaining({ code, exit, ...part }) as Error

describe('a journal', () => {
  it('comes back as it was written, private to this user', () => {
    const events = eventsOf('run-a', { notes: 3 })
    const path = write('run-a', events)
    expect(createStore({ stateDir }).readRun('run-a')).toEqual(events)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(stateDir).mode & 0o777).toBe(0o700)
    expect(statSync(join(stateDir, 'runs')).mode & 0o777).toBe(0o700)
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(events.length + 1)
  })

  it('does without a last line that was torn', () => {
    const events = eventsOf('run-a', { killed: true })
    const path = write('run-a', events)
    const [last = ''] = readFileSync(path, 'utf8').split('\n').slice(-2)
    for (let length = 1; length <= last.length; length += 1) {
      write(`run-b${length}`, events)
      appendFileSync(join(stateDir, 'runs', `run-b${length}.ndjson`), last.slice(0, length))
      expect(createStore({ stateDir }).readRun(`run-b${length}`)).toEqual(events)
    }
  })

  it.each([
    ['is no JSON', (lines: string[]) => lines.splice(1, 1, 'oops')],
    ['is missing', (lines: string[]) => lines.splice(1, 1)],
    ['is of another version', (lines: string[]) => lines.splice(1, 1, (lines[1] ?? '').replace('"v":1', '"v":2'))],
  ])('in whose middle a line %s is not believed', (_, damage) => {
    const path = write('run-a', eventsOf('run-a', { notes: 3 }))
    const lines = readFileSync(path, 'utf8').split('\n')
    damage(lines)
    writeFileSync(path, lines.join('\n'))
    expect(() => createStore({ stateDir }).readRun('run-a')).toThrow(
      error('STATE_CORRUPT', 3, { message: expect.stringContaining('line 2') as string }),
    )
  })

  it('is never written over another, nor through a link', () => {
    write('run-a', eventsOf('run-a'))
    const store = createStore({ stateDir })
    expect(() => store.openJournal('run-a')).toThrow(error('STATE_UNWRITABLE', 3))
    symlinkSync(join(root, 'elsewhere'), join(stateDir, 'runs', 'run-b.ndjson'))
    expect(() => store.openJournal('run-b')).toThrow(error('STATE_UNWRITABLE', 3))
    expect(() => statSync(join(root, 'elsewhere'))).toThrow('ENOENT')
  })

  it('below /proc, where a recursive mkdir never returns, is STATE_UNWRITABLE', () => {
    expect(() => createStore({ stateDir: '/proc/nyah/state' }).openJournal('run-a')).toThrow(
      error('STATE_UNWRITABLE', 3),
    )
  })

  it('whose place cannot be made is STATE_UNWRITABLE, naming the place', () => {
    mkdirSync(join(root, 'state'))
    writeFileSync(stateDir, 'a file')
    const store = createStore({ stateDir })
    const thrown = error('STATE_UNWRITABLE', 3, { message: expect.stringContaining(stateDir) as string })
    expect(() => store.openJournal('run-a')).toThrow(thrown)
    expect(() => store.lock('production', ['shop'], 'run-a')).toThrow(thrown)
    expect(() => createStateDir(stateDir)).toThrow(thrown)
  })
})

describe('finding a run', () => {
  it('by an unambiguous beginning', () => {
    write('aaa-1', eventsOf('aaa-1'))
    write('aab-2', eventsOf('aab-2'))
    const store = createStore({ stateDir })
    expect(store.readRun('aab')[0]?.run).toBe('aab-2')
    expect(() => store.readRun('aa')).toThrow(
      error('RUN_AMBIGUOUS', 2, { tries: ['nyah run show aab-2', 'nyah run show aaa-1'] }),
    )
  })

  it('that is not there names the near ones', () => {
    for (const id of ['aaa-1', 'aab-2', 'zzz-3', 'zzz-4']) write(id, eventsOf(id))
    expect(() => createStore({ stateDir }).readRun('aax')).toThrow(
      error('RUN_NOT_FOUND', 2, {
        tries: ['nyah run list', 'nyah run show aab-2', 'nyah run show aaa-1', 'nyah run show zzz-4'],
      }),
    )
  })

  it('never leaves the directory', () => {
    writeFileSync(join(root, 'secret.ndjson'), '')
    expect(() => createStore({ stateDir }).readRun('../../secret')).toThrow(error('RUN_NOT_FOUND', 2))
    expect(() => createStore({ stateDir }).readRun('')).toThrow(error('RUN_NOT_FOUND', 2))
  })
})

describe('the list of runs', () => {
  it('is empty where there is no state at all, and makes none', () => {
    expect(createStore({ stateDir }).listRuns(10)).toEqual([])
    expect(() => statSync(stateDir)).toThrow('ENOENT')
  })

  it('is newest first, not longer than asked for, with how each ended', () => {
    for (const id of ['a-1', 'a-3', 'a-2']) write(id, eventsOf(id))
    const list = createStore({ stateDir }).listRuns(2)
    expect(list).toEqual(
      ['a-3', 'a-2'].map((id) => ({
        id,
        operation: 'toy.set',
        context: 'test',
        actor: 'tester',
        startedAt: '2026-11-22T00:00:00.000Z',
        outcome: 'applied',
        exitCode: 0,
        alive: false,
      })),
    )
  })

  it('finds the end behind a long result, and the start behind an early note', () => {
    const result = 'x'.repeat(100_000)
    write('a-1', eventsOf('a-1', { result, early: true, notes: 5_000 }))
    expect(createStore({ stateDir }).listRuns(1)).toMatchObject([{ outcome: 'applied', actor: 'tester' }])
  })

  it('tells a running one from a killed one by its lock', () => {
    for (const id of ['a-1', 'a-2']) write(id, eventsOf(id, { killed: true }))
    const store = createStore({ stateDir })
    const lock = store.lock('production', ['shop'], 'a-2')
    expect(store.listRuns(5)).toMatchObject([
      { id: 'a-2', outcome: null, exitCode: null, alive: true },
      { id: 'a-1', outcome: null, alive: false },
    ])
    lock.release()
    expect(store.listRuns(1)).toMatchObject([{ alive: false }])
  })

  it('passes over what is no journal', () => {
    write('a-1', eventsOf('a-1'))
    writeFileSync(join(stateDir, 'runs', 'b-1.ndjson'), 'oops\n')
    writeFileSync(join(stateDir, 'runs', 'b-2.ndjson'), '')
    mkdirSync(join(stateDir, 'runs', 'b-3.ndjson'))
    expect(
      createStore({ stateDir })
        .listRuns(10)
        .map(({ id }) => id),
    ).toEqual(['a-1'])
  })
})
