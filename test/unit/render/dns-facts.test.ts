import { describe, expect, it } from 'vitest'
import type { Change } from '../../../src/lib/core/change.ts'
import type { JsonObject } from '../../../src/lib/core/json.ts'
import { changeFacts } from '../../../src/lib/render/facts.ts'

const octavia: JsonObject = {
  name: 'shop.example.jp',
  type: 'A',
  setIdentifier: 'octavia',
  weight: 90,
  ttl: 60,
  values: ['203.0.113.11'],
  alias: null,
  healthCheckId: 'c-1',
  otherRouting: null,
}
const state: JsonObject = {
  ...octavia,
  name: 'a-shop.example.jp',
  type: 'TXT',
  setIdentifier: null,
  weight: null,
  values: ['"heritage=external-dns"'],
  healthCheckId: null,
}
const texts = (before: readonly JsonObject[], after: readonly JsonObject[]) => {
  const change: Change = {
    id: 'shop/weighted-set/shop/shift',
    scope: 'shop.example.jp',
    ref: { type: 'weighted-set', id: 'Z0123', name: 'shop.example.jp' },
    kind: 'shift',
    before: { zoneId: 'Z0123', records: before },
    after: { zoneId: 'Z0123', records: after },
    needs: [],
    reason: 'failover to aws',
    risk: 'changes',
  }
  return changeFacts(change).map(({ sign, text }) => `${sign} ${text}`)
}

describe('what becomes of the records of a name', () => {
  it('a weight that moves is one line; the state that moves with it is none', () => {
    const after = [
      { ...octavia, weight: 0 },
      { ...state, values: ['"another"'] },
    ]
    expect(texts([octavia, state], after)).toEqual(['~ A octavia weight 90 → 0'])
  })

  it('records that come and go, whole', () => {
    const simple = { ...octavia, setIdentifier: null, weight: null, ttl: 300, healthCheckId: null }
    const check = { $token: { change: 'shop/health-check/shop/create', output: 'id' } }
    expect(texts([simple], [{ ...octavia, healthCheckId: check }, state])).toEqual([
      '- A shop.example.jp → 203.0.113.11, TTL 300 s',
      '+ A octavia → 203.0.113.11, weight 90, TTL 60 s, with a health check (known after apply)',
      "+ TXT a-shop.example.jp: nyah's state of the name",
    ])
  })

  it('remote text is escaped', () => {
    expect(texts([], [{ ...octavia, values: ['\u001b[2J'] }])[0]).not.toContain('\u001b')
  })
})
