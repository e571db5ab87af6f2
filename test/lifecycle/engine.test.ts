import { describe, expect, it } from 'vitest'
import { EXIT, interrupted } from '../../src/lib/core/errors.ts'
import { resumable } from '../../src/lib/engine/resume.ts'
import { broken, busy, inMemory, toyOperation, toyRemote, type Wish } from '../support/toy.ts'
import { memoryStore, runToy } from '../support/toy-run.ts'

const wishes: Readonly<Record<string, Wish>> = {
  'shop/lb': { value: 'nlb' },
  'shop/tg': { value: 'group', parent: 'shop/lb' },
  'shop/web': { value: 'listener', parent: 'shop/tg' },
  'admin/lb': { value: 'nlb' },
  'admin/web': { value: 'listener', parent: 'admin/lb' },
}

/** A world that needs a create, an update and a delete. */
const start = {
  'shop/lb': { id: 'id-of-shop/lb', value: 'old', parent: null },
  'shop/stale': { id: 'id-of-shop/stale', value: 'x', parent: null },
}

/** What the world is once everything was done. */
async function goal() {
  const state = inMemory(start)
  const { outcome } = await runToy(toyOperation({ remote: toyRemote(state), wishes: () => wishes }))
  expect(outcome).toBe('applied')
  return state.load()
}

describe('a run', () => {
  it('applies a plan, and the second plan is empty', async () => {
    const state = inMemory(start)
    const operation = toyOperation({ remote: toyRemote(state), wishes: () => wishes })
    const first = await runToy(operation)
    expect(first).toMatchObject({ outcome: 'applied', exitCode: EXIT.ok, error: null })
    expect(Object.keys(state.load()).sort()).toEqual(Object.keys(wishes).sort())
    expect(state.load()['shop/web']?.parent).toBe('id-of-shop/tg')
    expect(first.result).toEqual({ entries: state.load() })
    const second = await runToy(operation)
    expect(second).toMatchObject({ outcome: 'nothing-to-do', exitCode: EXIT.ok })
    expect(second.plan?.changes).toEqual([])
  })

  it('emits events without a gap, and run.finished last and once', async () => {
    const { events, progress } = await runToy(toyOperation({ remote: toyRemote(inMemory()), wishes: () => wishes }))
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
    expect(events.filter(({ type }) => type === 'run.finished')).toHaveLength(1)
    expect(events.at(-1)).toMatchObject({ type: 'run.finished', data: { outcome: 'applied', exitCode: 0 } })
    expect(events[0]?.type).toBe('run.started')
    expect(progress.changes.map(({ status }) => status)).toEqual(Array(5).fill('succeeded'))
  })

  it('goes on in a healthy scope while another fails: 8, and run resume finishes it', async () => {
    const state = inMemory()
    let ill = true
    const before = ({ key }: { key: string }) => {
      if (ill && key === 'shop/tg') throw broken()
    }
    const operation = toyOperation({ remote: toyRemote(state, { before }), wishes: () => wishes })
    const store = memoryStore()
    const first = await runToy(operation, { deps: { store, run: 'run-a' } })
    expect(first).toMatchObject({ outcome: 'partly-applied', exitCode: EXIT.partial })
    expect(first.error?.tries[0]).toBe('nyah run resume run-a')
    expect(first.error?.message).toContain('TOY_BROKEN')
    expect(Object.keys(state.load()).sort()).toEqual(['admin/lb', 'admin/web', 'shop/lb'])
    const status = Object.fromEntries(first.progress.changes.map((one) => [one.change.id, one.skipped ?? one.status]))
    expect(status).toEqual({
      'shop/lb/put': 'succeeded',
      'shop/tg/put': 'failed',
      'shop/web/put': 'needs',
      'admin/lb/put': 'succeeded',
      'admin/web/put': 'succeeded',
    })
    ill = false
    const { request, run } = resumable(store.readRun('run-a'))
    const second = await runToy(operation, { request, options: { resumes: run } })
    expect(second.outcome).toBe('applied')
    expect(second.plan?.changes.map(({ id }) => id)).toEqual(['shop/tg/put', 'shop/web/put'])
    expect(second.events[0]).toMatchObject({ data: { resumes: 'run-a' } })
  })

  it('ends with the error of the remote when nothing succeeded', async () => {
    const before = ({ verb }: { verb: string }) => {
      if (verb === 'put') throw broken()
    }
    const remote = toyRemote(inMemory(), { before })
    const result = await runToy(toyOperation({ remote, wishes: () => wishes }))
    expect(result).toMatchObject({ outcome: 'failed', exitCode: EXIT.remote, error: { code: 'TOY_BROKEN' } })
  })

  it('does not double what was made when the answer got lost', async () => {
    const lost = new Set<string>()
    const after = ({ verb, key }: { verb: string; key: string }) => {
      if (verb !== 'put' || lost.has(key)) return
      lost.add(key)
      throw busy(true)
    }
    const state = inMemory()
    const remote = toyRemote(state, { after })
    const result = await runToy(toyOperation({ remote, wishes: () => wishes }))
    expect(result.outcome).toBe('applied')
    expect([...remote.created].sort()).toEqual(Object.keys(wishes).sort())
    expect(result.progress.changes.map(({ attempt }) => attempt)).toEqual([2, 2, 2, 2, 2])
  })

  it('gives a busy remote up at the deadline', async () => {
    const before = ({ verb }: { verb: string }) => {
      if (verb === 'put') throw busy()
    }
    const remote = toyRemote(inMemory(), { before })
    const result = await runToy(toyOperation({ remote, wishes: () => ({ 'shop/lb': { value: 'nlb' } }) }), {
      options: { timeoutMs: 60_000 },
    })
    expect(result).toMatchObject({ outcome: 'failed', exitCode: EXIT.remote, error: { code: 'TOY_BUSY' } })
    const spent = Date.parse(result.events.at(-1)?.at ?? '') - Date.parse(result.events[0]?.at ?? '')
    expect(spent).toBeLessThanOrEqual(60_000)
    expect(spent).toBeGreaterThan(30_000)
  })
})

describe('an interruption at every event', () => {
  it('leaves a complete journal, and a resume comes to the same end', async () => {
    const end = await goal()
    const whole = await runToy(toyOperation({ remote: toyRemote(inMemory(start)), wishes: () => wishes }))
    expect(whole.events.length).toBeGreaterThan(15)
    for (let at = 1; at < whole.events.length; at += 1) {
      const state = inMemory(start)
      const operation = toyOperation({ remote: toyRemote(state), wishes: () => wishes })
      const abort = new AbortController()
      const store = memoryStore()
      const first = await runToy(operation, {
        deps: { signal: abort.signal, store, run: 'run-a' },
        onEvent: ({ seq }) => {
          if (seq === at) abort.abort(interrupted('SIGTERM'))
        },
      })
      // At the very last event before the end there is nothing left to interrupt.
      const late = at === whole.events.length - 1
      expect(first, `at event ${at}`).toMatchObject(
        late ? { outcome: 'applied', exitCode: 0 } : { outcome: 'interrupted', exitCode: EXIT.terminated },
      )
      expect(first.events.at(-1)?.type).toBe('run.finished')
      const ended = first.progress.changes.filter(({ status }) => !['succeeded', 'failed', 'skipped'].includes(status))
      if (store.journals.has('run-a') && first.events.some(({ type }) => type.startsWith('change.')))
        expect(ended).toEqual([])
      const journal = store.readRun('run-a')
      if (journal.length > 0) {
        expect(journal).toEqual(first.events)
        if (!late) {
          expect(resumable(journal)).toMatchObject({ run: 'run-a' })
          expect(first.error?.tries).toEqual(['nyah run resume run-a'])
        }
      }
      expect(store.locks.size).toBe(0)
      const second = await runToy(operation, { options: { resumes: 'run-a' } })
      expect(['applied', 'nothing-to-do']).toContain(second.outcome)
      expect(state.load(), `at event ${at}`).toEqual(end)
    }
  })
})
