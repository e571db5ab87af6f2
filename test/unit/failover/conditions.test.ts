import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { conditionOf, conditionsOf, conditionText } from '../../../src/lib/failover/conditions.ts'
import type { Condition } from '../../../src/lib/ports/conditions.ts'

const metric = (query: string, op: '<' | '<=' | '>' | '>=', value: number): Condition => ({
  kind: 'metric',
  query,
  op,
  value,
})
const alarm = (name: string, region: string | null = null): Condition => ({ kind: 'alarm', name, region })

describe('a condition as people write it', () => {
  it.each<[string, Condition]>([
    ['check:0a1b2c3d-9999-4444-aaaa-0123456789ab', { kind: 'check', id: '0a1b2c3d-9999-4444-aaaa-0123456789ab' }],
    ['alarm:shop-errors', alarm('shop-errors')],
    ['alarm:shop-errors@us-east-1', alarm('shop-errors', 'us-east-1')],
    ['alarm:shop-errors@us-gov-west-1', alarm('shop-errors', 'us-gov-west-1')],
    ['alarm:shop errors: 5xx > 1 %', alarm('shop errors: 5xx > 1 %')],
    ['alarm:ops@example.com', alarm('ops@example.com')],
    ['alarm:ops@eu-west-1@us-east-1', alarm('ops@eu-west-1', 'us-east-1')],
    ['metric:error_ratio > 0.05', metric('error_ratio', '>', 0.05)],
    ['metric:error_ratio>0.05', metric('error_ratio', '>', 0.05)],
    ['metric: up <1', metric('up', '<', 1)],
    ['metric:up<=1', metric('up', '<=', 1)],
    ['metric:up >= -1e3', metric('up', '>=', -1000)],
    ['metric:up > -0', metric('up', '>', 0)],
    ['metric:up > .5', metric('up', '>', 0.5)],
    ['metric:count(up == bool 1 > 0.5) < 3', metric('count(up == bool 1 > 0.5)', '<', 3)],
    ['metric:a > b > 3', metric('a > b', '>', 3)],
    ['metric:errors{path=~"a>=1|b\\"<"} > 2', metric('errors{path=~"a>=1|b\\"<"}', '>', 2)],
    ["metric:errors{path='#and{'} > 2", metric("errors{path='#and{'}", '>', 2)],
    ['metric:errors{path=`a\\`} > 2', metric('errors{path=`a\\`}', '>', 2)],
    ['metric:(a > 5 and b) > 3', metric('(a > 5 and b)', '>', 3)],
    ['metric:job:and:rate5m + or_total > 3', metric('job:and:rate5m + or_total', '>', 3)],
    ['metric:sum by (or) (rate(x[5m] offset 1m)) > 3', metric('sum by (or) (rate(x[5m] offset 1m))', '>', 3)],
    ['metric:1 > 2', metric('1', '>', 2)],
  ])('%s', (text, condition) => {
    expect(conditionOf(text)).toEqual(condition)
  })

  it.each<[string, RegExp]>([
    ['', /is no condition; there are check:ID/],
    ['shop-errors', /is no condition/],
    ['alert:shop-errors', /is no condition/],
    ['check:', /names no health check/],
    ['check:shop errors', /names no health check/],
    ['alarm:', /names no alarm/],
    [`alarm:${'a'.repeat(256)}`, /names no alarm/],
    ['alarm:arn:aws:cloudwatch:us-east-1:123456789012:alarm:shop', /is an ARN/],
    ['metric:up', /compares with nothing/],
    ['metric:up == 1', /compares with nothing/],
    ['metric:up > ', /"", no number/],
    ['metric:up > 5m', /"5m", no number/],
    ['metric:up > NaN', /no number/],
    ['metric:up > 1e999', /no number/],
    ['metric:up > bool 1', /"bool 1", no number/],
    ['metric:1 < up', /"up", no number/],
    ['metric:errors{path="a > 5', /in the quotes that " opens/],
    ['metric:errors{path="a\\" > 5', /in the quotes that " opens/],
    ['metric:errors{path=`a > 5', /in the quotes that ` opens/],
    ['metric:sum(errors > 5', /in the brackets that \( opens/],
    ['metric:errors # was > 5', /no comment/],
    ['metric:errors # was > 5\n > 2', /no comment/],
    ['metric:sum errors) > 5', /a \) closes nothing/],
    ['metric:(errors] > 5', /a \] closes nothing/],
    ['metric:a > 5 and b > 3', /`and` binds less/],
    ['metric:a unless b > 3', /`unless` binds less/],
    ['metric:a OR vector(0) > 3', /`OR` binds less/],
    ['metric:> 5', /no query stands before/],
    ['metric:up => 5', /no query stands before/],
    ['metric:up > > 5', /no query stands before/],
  ])('refuses %s', (text, message) => {
    expect(() => conditionOf(text)).toThrow(expect.objectContaining({ code: 'USAGE', exit: 2 }))
    expect(() => conditionOf(text)).toThrow(message)
  })

  it('says how an ARN is written', () => {
    expect(() => conditionOf('alarm:arn:aws:cloudwatch:us-east-1:123456789012:alarm:shop')).toThrow(
      expect.objectContaining({ tries: ["--abort-on 'alarm:shop@us-east-1'"] }),
    )
  })

  it('reads what it prints', () => {
    const region = fc.constantFrom('us-east-1', 'eu-central-2', null)
    const name = fc.stringMatching(/^[a-z@][ -~]{0,40}[a-z]$/).filter((text) => !text.startsWith('arn:'))
    const quoted = fc.string().map((text) => `errors{path=${JSON.stringify(text)}}`)
    const query = fc.oneof(quoted, fc.constantFrom('up', '(a and b)', 'a > b', 'sum(rate(x[5m])) / 2 <= bool y'))
    const condition = fc.oneof<fc.Arbitrary<Condition>[]>(
      fc.record({ kind: fc.constant('check' as const), id: fc.uuid() }),
      fc.record({ kind: fc.constant('alarm' as const), name, region }),
      fc.record({
        kind: fc.constant('metric' as const),
        query,
        op: fc.constantFrom('<' as const, '<=' as const, '>' as const, '>=' as const),
        value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value || 0),
      }),
    )
    fc.assert(
      fc.property(condition, (one) => {
        expect(conditionOf(conditionText(one))).toEqual(one)
      }),
    )
  })

  it('throws nothing but USAGE, whatever is written', () => {
    fc.assert(
      fc.property(fc.constantFrom('', 'check:', 'alarm:', 'metric:'), fc.string({ unit: 'grapheme' }), (kind, rest) => {
        let condition: Condition
        try {
          condition = conditionOf(`${kind}${rest} > 5`)
        } catch (error) {
          expect(error).toMatchObject({ code: 'USAGE' })
          return
        }
        expect(conditionOf(conditionText(condition))).toEqual(condition)
      }),
    )
  })
})

describe('the conditions of a request', () => {
  it('are texts', () => {
    expect(conditionsOf(['alarm:shop', 'metric:up < 1'])).toEqual([alarm('shop'), metric('up', '<', 1)])
    expect(conditionsOf(undefined)).toEqual([])
  })

  it.each([['alarm:shop'], [[5]], [[{ kind: 'check' }]], [['alarm']]])('and nothing else: %j', (json) => {
    expect(() => conditionsOf(json)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID', exit: 2 }))
  })
})
