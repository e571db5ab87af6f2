import { describe, expect, it } from 'vitest'
import type { NyahEvent } from '../../../src/lib/core/events.ts'
import { whereOf } from '../../../src/lib/lb/where.ts'

const ARN = 'arn:aws-cn:elasticloadbalancing:cn-north-1:123456789012:targetgroup/nyah-shop-80/0'
const event = (type: string, data: object) =>
  ({ v: 1, seq: 1, at: '', run: 'r', scope: null, type, data }) as unknown as NyahEvent
const made = (...ids: (string | null)[]) =>
  event('plan.made', { plan: { changes: ids.map((id) => ({ ref: { type: 't', id, name: 'n' } })) } })
const succeeded = (outputs: object) => event('change.succeeded', { id: 'x', outputs, ms: 1 })

describe('where a run wrote to', () => {
  const there = { account: '123456789012', region: 'cn-north-1' }
  it.each<[string, readonly NyahEvent[], unknown]>([
    ['by what it made', [made(null, null), succeeded({ id: 'sg-1' }), succeeded({ n: 1, arn: ARN })], there],
    ['by what it was to change', [made(null, ARN)], there],
    ['is not known of what made nothing', [made(null, 'sg-1'), succeeded({ text: `see ${ARN}` })], null],
    ['nor of nothing', [], null],
  ])('is known %s', (_, events, expected) => expect(whereOf(events)).toEqual(expected))
})
