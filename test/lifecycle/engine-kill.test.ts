import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createStore } from '../../src/lib/adapters/host/store.ts'
import { resumable } from '../../src/lib/engine/resume.ts'
import { childWishes, inFile, toyChild } from '../support/toy-child.ts'
import { toyOperation, toyRemote } from '../support/toy.ts'
import { runToy, toyRequest } from '../support/toy-run.ts'

const start = {
  'shop/lb': { id: 'id-of-shop/lb', value: 'old', parent: null },
  'shop/stale': { id: 'id-of-shop/stale', value: 'x', parent: null },
}

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'nyah-kill-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** How the child ended, and what it said. */
function runChild(name: string, seq: number) {
  const world = join(root, `${name}.json`)
  const stateDir = join(root, name)
  writeFileSync(world, JSON.stringify(start))
  return new Promise<{ signal: string | null; stdout: string; world: string; stateDir: string }>((resolve) => {
    execFile(process.execPath, [toyChild, stateDir, world, String(seq), 'run-a'], (error, stdout) =>
      resolve({ signal: error?.signal ?? null, stdout, world, stateDir }),
    )
  })
}

describe('a process killed at every event', () => {
  it('is finished by a resume, with the same end', async () => {
    const whole = await runChild('whole', 0)
    const { outcome, events } = JSON.parse(whole.stdout) as { outcome: string; events: number }
    expect(outcome).toBe('applied')
    expect(events).toBeGreaterThan(15)
    const end = inFile(whole.world).load()
    expect(Object.keys(end).sort()).toEqual(Object.keys(childWishes).sort())
    let journals = 0

    const killAt = async (seq: number) => {
      const killed = await runChild(`at-${seq}`, seq)
      expect(killed.signal, `at event ${seq}`).toBe('SIGKILL')
      const store = createStore({ stateDir: killed.stateDir })
      const [summary] = store.listRuns(10)
      if (summary !== undefined) {
        journals += 1
        expect(summary).toMatchObject({ id: 'run-a', outcome: null, exitCode: null, alive: false })
        const seen = store.readRun('run-a')
        expect(seen.length).toBeGreaterThan(0)
        expect(seen.length).toBeLessThan(seq)
        expect(resumable(seen).request).toEqual(toyRequest)
      }
      const operation = toyOperation({ remote: toyRemote(inFile(killed.world)), wishes: () => childWishes })
      // The same store: the dead run's lock must not be in the way.
      const resumed = await runToy(operation, { deps: { store, run: 'run-b' }, options: { resumes: 'run-a' } })
      expect(['applied', 'nothing-to-do'], `at event ${seq}`).toContain(resumed.outcome)
      expect(inFile(killed.world).load(), `at event ${seq}`).toEqual(end)
    }
    for (let seq = 1; seq <= events; seq += 2) {
      await Promise.all([killAt(seq), ...(seq < events ? [killAt(seq + 1)] : [])])
    }
    expect(journals).toBeGreaterThan(10)
  })
})
