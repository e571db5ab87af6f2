import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkPlanFile, LONGEST_PLAN, readPlan, writePlan } from '../../../src/lib/adapters/host/plans.ts'
import { token } from '../../../src/lib/core/change.ts'
import type { Plan } from '../../../src/lib/core/plan.ts'
import { makePlan } from '../../../src/lib/engine/planning.ts'
import { planToy } from '../../support/toy.ts'
import { toyRequest } from '../../support/toy-run.ts'

let root: string
let file: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'nyah-plan-'))
  file = join(root, 'p.json')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const world = {
  wishes: { 'shop/lb': { value: 'nlb' }, 'shop/tg': { value: 'tg', parent: 'shop/lb' } },
  entries: { 'shop/old': { id: 'i', value: 'x', parent: null } },
}
const hold = {
  code: 'H',
  severity: 'hold',
  scope: 'shop',
  subject: 's',
  evidence: 'e',
  remedy: 'r',
  allowable: true,
  holds: ['shop/old/delete'],
} as const
const plan: Plan = makePlan({
  draft: planToy(world),
  world,
  guards: [() => [hold]],
  request: { ...toyRequest, allowances: [{ code: 'H', reason: 'agreed' }] },
  observedAt: Date.UTC(2026, 10, 22),
}).plan

const error = (code: string, part: object = {}) => expect.objectContaining({ code, exit: 2, ...part }) as Error
const said = (text: string) => ({ message: expect.stringContaining(text) as string })

describe('a saved plan', () => {
  it('comes back as it was, private to this user', () => {
    expect(plan.changes).toHaveLength(3)
    expect(plan.changes[1]?.after).toMatchObject({ parent: token('shop/lb/put', 'id') })
    expect(plan.findings).toMatchObject([{ allowed: { reason: 'agreed' } }])
    writePlan(file, plan)
    expect(readPlan(file)).toEqual(plan)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readdirSync(root)).toEqual(['p.json'])
  })

  it('takes the place of an older one, and of a link rather than of what it points to', () => {
    const other = join(root, 'other')
    writeFileSync(other, 'precious')
    symlinkSync(other, file)
    writePlan(file, plan)
    expect(readFileSync(other, 'utf8')).toBe('precious')
    expect(readPlan(file)).toEqual(plan)
  })

  const unwritable = (what: string) =>
    expect.objectContaining({
      code: 'PLAN_UNWRITABLE',
      exit: 3,
      message: expect.stringContaining(what) as string,
    }) as Error
  it.each([
    ['in a directory that is not there', () => join(root, 'no', 'p.json')],
    ['where a directory is', () => root],
    ['where a device is', () => '/dev/null'],
    [
      'below a file',
      () => {
        writeFileSync(file, 'x')
        return join(file, 'p.json')
      },
    ],
  ])('that cannot be written, %s, says where; and one can ask before', (_, place) => {
    const path = place()
    expect(() => writePlan(path, plan)).toThrow(unwritable(path))
    expect(() => checkPlanFile(path)).toThrow(unwritable(path))
  })

  it('asked for a place that will do, leaves it as it is', () => {
    checkPlanFile(file)
    expect(readdirSync(root)).toEqual([])
    writeFileSync(file, 'an older plan')
    checkPlanFile(file)
    expect(readFileSync(file, 'utf8')).toBe('an older plan')
    expect(readdirSync(root)).toEqual(['p.json'])
  })

  it('keeps its reports, and one of an earlier nyah has none', () => {
    const fidelity = [
      {
        code: 'LB_FIDELITY_X',
        subject: 'listener a',
        field: 'x',
        verdict: 'dropped',
        source: '1',
        copy: null,
        why: 'so',
        remedy: '',
      },
    ] as const
    const firewall = [
      { from: '10.0.0.0/24', fromName: 's', protocol: 'tcp', to: ['10.1.0.1'], port: 80, purpose: 'traffic' },
    ] as const
    const quotas = [{ name: 'listeners per NLB', used: null, needed: 2, limit: 50, origin: 'documented' }] as const
    const reported: Plan = { ...plan, reports: { shop: { fidelity, firewall, quotas, shared: ['the members'] } } }
    writePlan(file, reported)
    expect(readPlan(file)).toEqual(reported)
    const { reports: _, ...old } = plan
    writePlan(file, old as Plan)
    expect(readPlan(file)).toEqual({ ...old, reports: {} })
  })

  const tampered = (change: (text: string) => string) => {
    writePlan(file, plan)
    writeFileSync(file, change(readFileSync(file, 'utf8')))
    return () => readPlan(file)
  }
  it.each([
    ['a value', '"value": "nlb"', '"value": "evil"'],
    ['the time', '2026-11-22T00:00:00.000Z', '2026-11-23T00:00:00.000Z'],
    ['an allowance', '"agreed"', '"forged"'],
    ['the hash', `"hash": "${plan.hash}"`, '"hash": "0"'],
  ])('of which %s was changed is refused', (_, from, to) => {
    expect(tampered((text) => text.replace(from, to))).toThrow(error('PLAN_CHANGED'))
  })

  it.each([
    ['is no JSON', () => 'oops', 'it is not JSON'],
    ['is nested too deeply', () => '['.repeat(200_000) + ']'.repeat(200_000), 'no plan'],
    ['lacks a key', (text: string) => text.replace('"reason"', '"raisin"'), 'plan.request.allowances.0.reason'],
    ['has a key too many', (text: string) => text.replace('"v": 1', '"v": 1, "w": 2'), 'at plan'],
    [
      'has a severity that does not exist',
      (text: string) => text.replace('"hold"', '"maybe"'),
      'plan.findings.0.severity',
    ],
    ['is of a newer version', (text: string) => text.replace('"nyahPlan": 1', '"nyahPlan": 2'), 'at nyahPlan'],
    ['is something else', () => '{}', 'at nyahPlan'],
  ])('that %s is refused, saying where', (_, change, where) => {
    expect(tampered(change)).toThrow(error('PLAN_INVALID_FILE', said(where)))
  })

  it('that is missing, too long or no file is refused', () => {
    expect(() => readPlan(file)).toThrow(error('PLAN_UNREADABLE', said('there is no such file')))
    expect(() => readPlan(root)).toThrow(error('PLAN_UNREADABLE'))
    writeFileSync(file, '')
    truncateSync(file, LONGEST_PLAN + 1)
    expect(() => readPlan(file)).toThrow(error('PLAN_UNREADABLE', said('longer than')))
  })
})

describe('the hash of a plan', () => {
  const make = (part: Partial<Parameters<typeof makePlan<typeof world>>[0]>) =>
    makePlan({ draft: planToy(world), world, guards: [], request: toyRequest, observedAt: 0, ...part }).plan.hash

  it('leaves out when it was made, and why', () => {
    const draft = planToy(world)
    const reworded = { ...draft, changes: draft.changes.map((one) => ({ ...one })) }
    expect(make({ observedAt: 5 })).toBe(make({}))
    expect(make({ draft: reworded })).toBe(make({}))
    expect(make({ guards: [() => [{ ...hold, severity: 'warn' }]] })).toBe(make({}))
  })

  it('differs where something else would be done', () => {
    const draft = planToy(world)
    const hashes = [
      make({}),
      make({ draft: { ...draft, changes: draft.changes.slice(1, 1) } }),
      make({ guards: [() => [hold]] }),
      make({ guards: [() => [{ ...hold, severity: 'refuse' }]] }),
      make({ request: { ...toyRequest, context: 'other' } }),
      make({ request: { ...toyRequest, arguments: { name: 'other' } } }),
    ]
    expect(new Set(hashes).size).toBe(hashes.length)
  })
})
