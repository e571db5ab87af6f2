import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createStore } from '../../src/lib/adapters/host/store.ts'
import type { EventType } from '../../src/lib/core/events.ts'
import { foldRun } from '../../src/lib/core/progress.ts'
import { resumable } from '../../src/lib/engine/resume.ts'
import { inMemory, toyRemote } from '../support/toy.ts'
import { inFile } from '../support/toy-child.ts'
import { runToy } from '../support/toy-run.ts'
import { percents, walkOperation } from '../support/toy-walk.ts'
import { walkChild, walkers } from '../support/toy-walk-child.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'nyah-walk-kill-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** How the child ended, and what it said. */
function runChild(name: string, seq: number) {
  const world = join(root, `${name}.json`)
  const stateDir = join(root, name)
  writeFileSync(world, '{}')
  return new Promise<{ signal: string | null; stdout: string; world: string; stateDir: string }>((resolve) => {
    execFile(process.execPath, [walkChild, stateDir, world, String(seq), 'run-a'], (error, stdout) =>
      resolve({ signal: error?.signal ?? null, stdout, world, stateDir }),
    )
  })
}

describe('a walk', () => {
  it('killed at any event that is not merely one more look, is finished by a resume, with the same end', async () => {
    const whole = await runChild('whole', 0)
    const { outcome, types } = JSON.parse(whole.stdout) as { outcome: string; types: readonly EventType[] }
    expect(outcome).toBe('applied')
    expect(percents(inFile(whole.world).load())).toEqual({ admin: 100, shop: 100 })
    // Of the looks between two steps, which are all alike, the first one of each pause.
    const seqs = types.flatMap((type, index) => {
      const isLook = type.startsWith('observe.') && types[index - 1]?.startsWith('observe.')
      return isLook ? [] : [index + 1]
    })
    expect(seqs.length).toBeGreaterThan(25)
    let pauses = 0

    const killAt = async (seq: number) => {
      const killed = await runChild(`at-${seq}`, seq)
      expect(killed.signal, `at event ${seq}`).toBe('SIGKILL')
      const store = createStore({ stateDir: killed.stateDir })
      if (store.listRuns(1).length > 0) {
        const seen = store.readRun('run-a')
        expect(store.listRuns(1)[0]).toMatchObject({ outcome: null, alive: false })
        if (foldRun(seen).phase === 'pausing') pauses += 1
        expect(resumable(seen).run).toBe('run-a')
      }
      // The same store: neither of the dead run's locks must be in the way.
      const operation = walkOperation({ remote: toyRemote(inFile(killed.world)), names: walkers })
      const resumed = await runToy(operation, { deps: { store, run: 'run-b' }, options: { resumes: 'run-a' } })
      expect(['applied', 'nothing-to-do'], `at event ${seq}`).toContain(resumed.outcome)
      expect(percents(inFile(killed.world).load()), `at event ${seq}`).toEqual({ admin: 100, shop: 100 })
    }
    for (let index = 0; index < seqs.length; index += 2) await Promise.all(seqs.slice(index, index + 2).map(killAt))
    expect(pauses).toBeGreaterThanOrEqual(4)
  }, 60_000)

  it('is a run that lives, also while it waits', async () => {
    const store = createStore({ stateDir: join(root, 'alive') })
    const alive: boolean[] = []
    const result = await runToy(walkOperation({ remote: toyRemote(inMemory()), names: walkers }), {
      deps: { store },
      onEvent: ({ type }) => {
        if (type === 'step.waiting' || type === 'observe.started')
          alive.push(...store.listRuns(1).map((one) => one.alive))
      },
    })
    expect(result.outcome).toBe('applied')
    expect(alive.length).toBeGreaterThan(20)
    expect(new Set(alive)).toEqual(new Set([true]))
    expect(store.listRuns(1)[0]).toMatchObject({ alive: false, outcome: 'applied' })
  })
})
