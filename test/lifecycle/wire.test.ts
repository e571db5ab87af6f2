import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { dueChanges, refusedScopes, stops } from '../../src/lib/core/allow.ts'
import type { Allowance, Plan } from '../../src/lib/core/plan.ts'
import { TAG } from '../../src/lib/lb/model.ts'
import type { SourceTree } from '../../src/lib/ports/source.ts'
import { startSandbox } from '../../src/lib/sandbox/server.ts'
import { loadWorld } from '../../src/lib/sandbox/world.ts'
import { awsPicture } from '../support/aws-picture.ts'
import { ROOT } from '../support/cli.ts'
import { SEED } from '../unit/lb/generated-runs.ts'
import { virtualClock } from '../support/clock.ts'
import { runLb, type LbRun } from '../support/lb-run.ts'
import { buildWorld } from '../support/octavia-world.ts'
import { memoryStore } from '../support/toy-run.ts'
import { somePair, type Pair } from '../unit/lb/generated-edits.ts'
import { REFS } from '../unit/lb/generated-odd.ts'

/** Two hundred generated load balancers through both real adapters, a fleet at a time (an account has 50 NLBs). */
const FLEETS = 5
const FLEET = 40

/** Whoever leaves 30 % an hour has left by then. */
const ROUNDS = 12
const HOUR = 3_601_000

const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

const idAt = (index: number): string => `9e9e0000-0000-4000-8000-${String(index).padStart(12, '0')}`

const named = (tree: SourceTree, index: number): SourceTree => ({
  ...tree,
  loadbalancer: { ...tree.loadbalancer, id: idAt(index) },
})

const ARNS = [0, 1, 2].map(
  (at) => `arn:aws:acm:ap-northeast-1:123456789012:certificate/00000000-0000-4000-8000-00000000000${at}`,
)

/** Each third on the public network, each fourth with weights of target groups; certificates for all but one reference. */
function configFor(amount: number, networks: object): object {
  const mirrors = Object.fromEntries(
    Array.from({ length: amount }, (_, at) => [
      idAt(at),
      { network: at % 3 === 0 ? 'public' : 'internal', ...(at % 4 === 0 ? { weights: 'target-groups' } : {}) },
    ]),
  )
  const certificates = Object.fromEntries(REFS.slice(0, 3).map((ref, at) => [ref, ARNS[at]]))
  return { contexts: { here: { sandbox: true, networks, certificates, mirrors } } }
}

async function stage(pairs: readonly Pair[]) {
  const stateDir = mkdtempSync(join(tmpdir(), 'nyah-wire-'))
  const clock = virtualClock({ start: Date.UTC(2026, 10, 23) })
  const world = loadWorld(join(ROOT, 'fixtures', 'worlds', 'default.json'))
  const sandbox = await startSandbox({ world: { ...world, aws: { ...world.aws, certificates: ARNS } }, clock })
  closers.push(sandbox.close, () => rmSync(stateDir, { recursive: true, force: true }))
  const beacon = { url: sandbox.url, pid: process.pid, env: sandbox.env, networks: world.networks }
  writeFileSync(join(stateDir, 'sandbox.json'), JSON.stringify(beacon))
  const config = join(stateDir, 'nyah.yaml')
  const anywhere = Object.fromEntries(
    Object.entries(world.networks).map(([name, { vpcId, scheme, subnets }]) => [name, { vpcId, scheme, subnets }]),
  )
  writeFileSync(config, JSON.stringify(configFor(pairs.length, anywhere)))
  const ids = pairs.map((_, at) => idAt(at))
  const store = memoryStore()
  const run = (operation: string, allowances: readonly Allowance[] = [], of: readonly string[] = ids): Promise<LbRun> =>
    runLb({
      clock,
      store,
      stateDir,
      config,
      operation,
      allowances,
      arguments: operation === 'lb.unmirror' || operation === 'lb.diff' ? { ids: of } : { ids: of, wait: false },
      options: operation === 'lb.unmirror' ? { confirmed: of[0] ?? '' } : {},
    })
  return {
    run,
    ids,
    later: () => clock.advance(HOUR),
    put: (which: keyof Pair) => buildWorld(sandbox, ...pairs.map((pair, at) => named(pair[which], at))),
    picture: () => awsPicture(sandbox.url),
  }
}

type Stage = Awaited<ReturnType<typeof stage>>

const planOf = ({ plan, error }: LbRun): Plan => {
  if (plan === null) throw new Error(`no plan: ${JSON.stringify(error)}`)
  return plan
}

interface Diff {
  /** As it is. */
  readonly bare: Plan
  /** Once all refusals are allowed, by name, that can be. */
  readonly allowed: Plan
  readonly allowances: readonly Allowance[]
}

async function diff({ run }: Stage, ids: readonly string[]): Promise<Diff> {
  const bare = planOf(await run('lb.diff', [], ids))
  const refused = bare.findings.filter((one) => one.severity === 'refuse' && one.allowable && stops(one))
  const allowances = [...new Set(refused.map(({ code }) => code))].map((code) => ({ code, reason: 'a test' }))
  const allowed = allowances.length === 0 ? bare : planOf(await run('lb.diff', allowances, ids))
  return { bare, allowed, allowances }
}

/** Run after run until nothing is due. */
async function settled(here: Stage, operation: 'lb.mirror' | 'lb.sync', all = here.ids): Promise<Diff> {
  let now = await diff(here, all)
  for (let round = 0; round < ROUNDS; round += 1) {
    const ids = [...new Set(dueChanges(now.allowed).map(({ scope }) => scope))]
    if (ids.length === 0) return round === 0 ? now : diff(here, all)
    demandEnded(await here.run(operation, now.allowances, ids))
    here.later()
    now = await diff(here, ids)
  }
  throw new Error(`not settled: ${JSON.stringify(dueChanges(now.allowed).map(({ id, reason }) => [id, reason]))}`)
}

/**
 * Applied, but for what guards keep back. What became too old while others slept (the clock jumps, with calls under way) is
 * among it: a reading, or a claim on a removal.
 */
function demandEnded({ outcome, error }: LbRun): void {
  const old =
    outcome === 'partly-applied' &&
    /RUN_READING_OLD|LB_FOREIGN_EPOCH.* was read and written within/.test(error?.message ?? '')
  expect(['applied', 'held', 'refused'], `ended with ${JSON.stringify(error)}`).toContain(old ? 'held' : outcome)
}

/** Without a word allowed, what is not stopped is in step: how many load balancers that are. */
function demandInStep({ bare, allowed }: Diff): number {
  expect(dueChanges(bare).map(({ id }) => id)).toEqual([])
  const stopped = new Set(allowed.findings.filter(stops).map(({ scope }) => scope))
  const open = allowed.scopes.filter((scope) => !stopped.has(scope))
  expect(bare.changes.filter(({ scope }) => open.includes(scope)).map(({ id }) => id)).toEqual([])
  // What was allowed once needs no second word.
  const refused = refusedScopes(bare)
  expect(open.filter((scope) => refused.has(scope))).toEqual([])
  return open.length
}

describe('generated load balancers, over the wire', () => {
  it('are mirrored, in step, followed, in step, and leave AWS as it was', { timeout: 240_000 }, async () => {
    const fleets = fc.array(somePair(false), { minLength: FLEET, maxLength: FLEET })
    await fc.assert(
      fc.asyncProperty(fleets, async (pairs) => {
        const here = await stage(pairs)
        const start = await here.picture()
        here.put('before')
        expect(demandInStep(await settled(here, 'lb.mirror'))).toBeGreaterThan(FLEET / 4)

        const { loadBalancers } = await here.picture()
        const mirrored = loadBalancers.flatMap(({ tags }) => tags[TAG.octaviaId] ?? [])
        here.put('after')
        expect(demandInStep(await settled(here, 'lb.sync', mirrored))).toBeGreaterThan(FLEET / 8)
        demandInStep(await settled(here, 'lb.mirror'))

        for (const id of here.ids) {
          const gone = await here.run('lb.unmirror', [], [id])
          expect(['applied', 'nothing-to-do'], `ended with ${JSON.stringify(gone.error)}`).toContain(gone.outcome)
        }
        expect(await here.picture()).toEqual(start)
        for (const close of closers.splice(0)) await close()
      }),
      { numRuns: FLEETS, seed: SEED, endOnFailure: true },
    )
  })
})
