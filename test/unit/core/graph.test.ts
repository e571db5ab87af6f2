import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyAllowances, heldChanges } from '../../../src/lib/core/allow.ts'
import { type Change, token } from '../../../src/lib/core/change.ts'
import { graphProblem, withDependents } from '../../../src/lib/core/dag.ts'
import { canonical, fingerprint, sameJson } from '../../../src/lib/core/hash.ts'
import type { Json, JsonObject } from '../../../src/lib/core/json.ts'
import type { Finding } from '../../../src/lib/core/plan.ts'
import { resolveTokens, tokensIn } from '../../../src/lib/core/token.ts'

const change = (
  id: string,
  needs: readonly string[] = [],
  scope = 'shop',
  after: JsonObject | null = null,
): Change => ({
  id,
  scope,
  ref: { type: 'key', id: null, name: id },
  kind: 'create',
  before: null,
  after,
  needs,
  reason: 'a test',
  risk: 'none',
})

describe('a graph of changes', () => {
  it.each([
    ['nothing', [], null],
    ['a chain, in any order', [change('c', ['b']), change('a'), change('b', ['a'])], null],
    ['a need that stands twice', [change('a'), change('b', ['a', 'a'])], null],
    ['a duplicate', [change('a'), change('a')], 'stands twice'],
    ['a need that is missing', [change('a', ['x'])], 'needs x, which is not in the plan'],
    ['a need of another scope', [change('a'), change('b', ['a'], 'admin')], 'in another scope'],
    ['a circle', [change('a', ['b']), change('b', ['a']), change('c')], 'in a circle: a, b'],
    ['a change that needs itself', [change('a', ['a'])], 'in a circle: a'],
    [
      'a token without a need',
      [change('a'), change('b', [], 'shop', { x: [token('a', 'id')] as never })],
      'without needing it',
    ],
  ])('%s', (_, changes, problem) => {
    if (problem === null) expect(graphProblem(changes)).toBeNull()
    else expect(graphProblem(changes)).toContain(problem)
  })

  it('finds all that need something, through others too', () => {
    const changes = [change('a'), change('b', ['a']), change('c', ['b']), change('d')]
    expect([...withDependents(changes, ['a', 'unknown'])].toSorted()).toEqual(['a', 'b', 'c'])
  })
})

describe('canonical JSON', () => {
  it('is JSON, and does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (raw) => {
        const value = JSON.parse(JSON.stringify(raw)) as Json
        expect(JSON.parse(canonical(value))).toEqual(value)
        expect(canonical(upsideDown(value))).toBe(canonical(value))
        expect(fingerprint(upsideDown(value))).toBe(fingerprint(value))
      }),
    )
  })

  it('is the same exactly where its text is', () => {
    // Few keys and values, so that there are equal ones, and nearly equal ones.
    const { value: small } = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom<Json>(null, 0, 1, '', '1', true),
        fc.array(tie('value'), { maxLength: 2 }),
        fc.dictionary(fc.constantFrom('a', 'b', 'toString'), tie('value')),
      ),
    }))
    fc.assert(
      fc.property(small, small, (one, other) => {
        expect(sameJson(one, other)).toBe(canonical(one) === canonical(other))
        expect(sameJson(one, upsideDown(one))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('tells different values apart', () => {
    expect(sameJson({ a: [1, 2] }, { a: [2, 1] })).toBe(false)
    expect(sameJson({ a: null }, {})).toBe(false)
    expect(sameJson({ a: '1' }, { a: 1 })).toBe(false)
    expect(fingerprint({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a')
  })
})

function upsideDown(value: Json): Json {
  if (Array.isArray(value)) return value.map((one: Json) => upsideDown(one))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, one]) => [key, upsideDown(one)]),
  )
}

describe('tokens', () => {
  const outputsOf = (id: string) => (id === 'a' ? { arn: 'arn:1', port: 80 } : undefined)

  it('are replaced wherever they stand', () => {
    const after = {
      arn: token('a', 'arn'),
      deep: [{ port: token('a', 'port') }, 'x'],
      plain: null,
    } as unknown as JsonObject
    expect(resolveTokens(after, outputsOf)).toEqual({ arn: 'arn:1', deep: [{ port: 80 }, 'x'], plain: null })
    expect(tokensIn(after)).toEqual([token('a', 'arn'), token('a', 'port')])
  })

  it.each([
    ['a change that gave nothing', token('b', 'arn')],
    ['an output that it did not give', token('a', 'dns')],
  ])('of %s are a bug', (_, missing) => {
    expect(() => resolveTokens({ x: missing } as unknown as JsonObject, outputsOf)).toThrow(/gave no output/)
  })

  it('leave a key like __proto__ a key', () => {
    const after = JSON.parse('{"__proto__": {"polluted": true}}') as JsonObject
    const resolved = resolveTokens(after, outputsOf)
    expect(Object.keys(resolved)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(resolved)).toBe(Object.prototype)
  })
})

describe('allowances', () => {
  const finding = (part: Partial<Finding>): Finding => ({
    code: 'A',
    severity: 'refuse',
    scope: 'shop',
    subject: 's',
    evidence: 'e',
    remedy: 'r',
    allowable: true,
    ...part,
  })

  it('overrule refusals and holds of their code, nothing else', () => {
    const { findings, unused, impossible } = applyAllowances(
      [
        finding({ code: 'A' }),
        finding({ code: 'A', severity: 'hold' }),
        finding({ code: 'B' }),
        finding({ code: 'C', allowable: false }),
        finding({ code: 'D', severity: 'warn' }),
      ],
      ['A', 'C', 'D', 'E'].map((code) => ({ code, reason: `because ${code}` })),
    )
    expect(findings.map(({ allowed }) => allowed?.reason)).toEqual([
      'because A',
      'because A',
      undefined,
      undefined,
      undefined,
    ])
    expect(unused.map(({ code }) => code)).toEqual(['D', 'E'])
    expect(impossible.map(({ code }) => code)).toEqual(['C'])
  })

  it('a hold holds what it names with its dependents; one that names nothing holds its scope', () => {
    const changes = [change('a'), change('b', ['a']), change('c'), change('z', [], 'admin')]
    const held = (part: Partial<Finding>) =>
      [...heldChanges(changes, [finding({ severity: 'hold', ...part })])].toSorted()
    expect(held({ holds: ['a'] })).toEqual(['a', 'b'])
    expect(held({})).toEqual(['a', 'b', 'c'])
    expect(held({ holds: [] })).toEqual([])
    expect(held({ severity: 'warn' })).toEqual([])
    expect(held({ allowed: { reason: 'ok' } })).toEqual([])
  })
})
