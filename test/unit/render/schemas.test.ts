import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { fromJSONSchema } from 'zod'
import * as z from 'zod/mini'
import { foldRun } from '../../../src/lib/core/progress.ts'
import {
  failureDocument,
  renderEventLine,
  renderJson,
  resultDocument,
  runDocument,
} from '../../../src/lib/render/json.ts'
import {
  brokenRun,
  EVIL,
  forbidden,
  members,
  mirrorPlan,
  mirrorRun,
  plan,
  refusedPlan,
  stream,
  syncPlan,
} from './samples.ts'
import { error, event, EVENT_TYPES, plan as planSchema, result } from './schemas.ts'

const SHARED = {
  error: 'an error as data',
  plan: 'a plan',
  result: 'the document of --json',
  event: 'a line of --output ndjson',
}
const NAMES = Object.keys(SHARED) as (keyof typeof SHARED)[]

const SCHEMAS = { error, event, plan: planSchema, result }

const file = (name: string): string => fileURLToPath(new URL(`../../../docs/schemas/${name}.json`, import.meta.url))

/** What was published, as a validator. */
const published = (name: keyof typeof SHARED) => fromJSONSchema(JSON.parse(readFileSync(file(name), 'utf8')))

describe('the published schemas', () => {
  it.each(NAMES)('docs/schemas/%s.json says what nyah prints', async (name) => {
    const schema = z.toJSONSchema(SCHEMAS[name], { io: 'input' })
    const document = { $schema: schema.$schema, title: `nyah: ${SHARED[name]}`, ...schema }
    await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot(file(name))
  })

  it('holds for plans', () => {
    for (const one of [mirrorPlan, syncPlan, refusedPlan])
      expect(published('plan').safeParse(one).error).toBeUndefined()
    expect(published('plan').safeParse({ ...mirrorPlan, v: 2 }).success).toBe(false)
    expect(published('plan').safeParse({ ...mirrorPlan, changes: [{ id: 'x' }] }).success).toBe(false)
  })

  it('holds for every event of a run, and for every type of event', () => {
    const validator = published('event')
    const others = stream(
      [0, 'plan.declined', { by: 'terminal' }],
      [0, 'reading.second', { delayMs: 2000 }],
      [2, 'reading.compared', { agree: false, findings: syncPlan.findings }],
      [3, 'spread.reached', { name: 'shop.example.jp', state: 'visible', afterMs: 31_000 }],
      [3, 'step.waiting', { untilAt: '2026-11-22T21:08:00.000Z', next: 2 }],
    )
    const events = [...mirrorRun, ...brokenRun, ...others]
    for (const one of events) expect(validator.safeParse(JSON.parse(renderEventLine(one))).error).toBeUndefined()
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(EVENT_TYPES))
    expect(validator.safeParse({ ...mirrorRun[0], data: {} }).success).toBe(false)
    expect(validator.safeParse({ ...mirrorRun[0], type: 'run.exploded' }).success).toBe(false)
  })

  it('holds for results, with and without a run', () => {
    const done = runDocument(foldRun(mirrorRun))
    const broken = runDocument(foldRun(brokenRun))
    const failed = failureDocument(forbidden)
    for (const one of [done, broken, failed]) expect(published('result').safeParse(one).error).toBeUndefined()
    expect(done).toMatchObject({ ok: true, outcome: 'applied', exitCode: 0, run: '01JD5S0Q7Z-lb-mirror' })
    expect(done).not.toHaveProperty('error')
    expect(broken).toMatchObject({
      ok: false,
      outcome: 'partly-applied',
      exitCode: 8,
      error: { code: 'AWS_FORBIDDEN' },
    })
    expect(failed).toMatchObject({ ok: false, run: null, exitCode: 7 })
    expect(published('result').safeParse({ ...done, outcome: 'splendid' }).success).toBe(false)
  })

  it('holds for errors', () => {
    expect(published('error').safeParse(forbidden).error).toBeUndefined()
    expect(published('error').safeParse({ ...forbidden, exit: 99 }).success).toBe(false)
  })
})

describe('the documents', () => {
  it('are lossless: what a terminal would not survive comes out as it went in', () => {
    const ending = { outcome: 'planned', exitCode: 0, run: 'r', error: null, plan: null } as const
    const document = resultDocument({ ...ending, result: { name: EVIL, members: members(2) } })
    expect(JSON.parse(renderJson(document))).toEqual(document)
    expect(document.result).toMatchObject({ name: EVIL })
  })

  it('have no answer while the run goes on', () => {
    expect(runDocument(foldRun(mirrorRun.slice(0, -1)))).toBeNull()
  })

  it('are ok only where the outcome is', () => {
    const base = { exitCode: 11, run: null, result: null, plan: plan({}), error: null } as const
    expect(resultDocument({ ...base, outcome: 'held' }).ok).toBe(false)
    expect(resultDocument({ ...base, outcome: 'planned' }).ok).toBe(true)
    expect(resultDocument({ ...base, outcome: 'planned', error: forbidden }).ok).toBe(false)
  })

  it('an event is one line, whatever is in it', () => {
    for (const one of mirrorRun) expect(renderEventLine(one).indexOf('\n')).toBe(renderEventLine(one).length - 1)
  })
})
