import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { desiredOf } from '../../../src/lib/lb/desired.ts'
import { EQUAL_SHARES, type Choices } from '../../../src/lib/lb/pool.ts'
import { translate, type Translation } from '../../../src/lib/lb/translate.ts'
import { sharesOf } from '../../../src/lib/lb/weights.ts'
import type { SessionPersistence, SourceMember, SourcePool } from '../../../src/lib/ports/source.ts'
import { facts, listener, member, placement, pool, tree } from './sources.ts'

const of = (over: Partial<SourcePool>, choices: Choices = EQUAL_SHARES): Translation =>
  translate(tree({ pools: [pool(over)] }), placement(), facts(), choices)

const verdictOn = ({ fidelity }: Translation, field: string): readonly string[] =>
  fidelity.filter((one) => one.field === field).map((one) => `${one.verdict}: ${one.source} → ${one.copy ?? 'nothing'}`)

const refused = ({ remarks }: Translation): readonly string[] =>
  remarks.map((one) => `${one.code.replace('LB_UNSUPPORTED_', '')}${one.allowable === true ? '' : '!'}`)

const attributes = (translation: Translation): object | undefined => translation.listeners[0]?.groups[0]?.attributes

describe('a pool', () => {
  it.each([
    ['TCP', 'false', []],
    ['HTTP', 'false', ['exact: HTTP → TCP']],
    ['HTTPS', 'false', ['exact: HTTPS → TCP']],
    ['PROXYV2', 'true', ['exact: PROXYV2 → TCP with proxy_protocol_v2.enabled=true']],
  ])('of %s sends the PROXY header: %s', (protocol, enabled, verdicts) => {
    const translation = of({ protocol })
    expect(attributes(translation)).toEqual({
      'preserve_client_ip.enabled': 'false',
      'proxy_protocol_v2.enabled': enabled,
      'stickiness.enabled': 'false',
    })
    expect(verdictOn(translation, 'protocol')).toEqual(verdicts)
  })

  it.each(['PROXY', 'UDP', 'SCTP'])('of %s is refused for good', (protocol) => {
    const translation = of({ protocol })
    expect(translation.listeners[0]?.verdict).toBe('refused')
    expect(refused(translation)).toEqual(['POOL_PROTOCOL!'])
  })

  it('of PROXY names PROXYV2', () => {
    expect(of({ protocol: 'PROXY' }).remarks[0]?.remedy).toContain('PROXYV2')
  })

  it.each([
    ['ROUND_ROBIN', 'false', 'a hash of each connection'],
    ['LEAST_CONNECTIONS', 'false', 'a hash of each connection'],
    ['SOURCE_IP_PORT', 'false', 'a hash of each connection'],
    ['SOURCE_IP', 'true', 'stickiness.type=source_ip'],
  ])('by %s is sticky: %s', (lb_algorithm, sticky, copy) => {
    const translation = of({ lb_algorithm })
    expect(attributes(translation)).toMatchObject({ 'stickiness.enabled': sticky })
    expect(verdictOn(translation, 'lb_algorithm')).toEqual([`approximate: ${lb_algorithm} → ${copy}`])
  })

  const persistence = (over: Partial<SessionPersistence>): SessionPersistence => ({
    type: 'SOURCE_IP',
    cookie_name: null,
    persistence_timeout: null,
    persistence_granularity: null,
    ...over,
  })
  it.each([
    [persistence({}), true, ['exact: SOURCE_IP → stickiness.type=source_ip'], []],
    [
      persistence({ persistence_timeout: 300, persistence_granularity: '255.255.255.0' }),
      true,
      ['approximate: SOURCE_IP, timeout 300 s, granularity 255.255.255.0 → stickiness.type=source_ip'],
      [],
    ],
    [persistence({ type: 'HTTP_COOKIE' }), false, ['refused: HTTP_COOKIE → nothing'], ['SESSION_PERSISTENCE']],
    [
      persistence({ type: 'APP_COOKIE', cookie_name: 'SESSION' }),
      false,
      ['refused: APP_COOKIE SESSION → nothing'],
      ['SESSION_PERSISTENCE'],
    ],
  ])('with persistence %o is sticky: %s', (session_persistence, sticky, verdicts, said) => {
    const translation = of({ session_persistence })
    expect(attributes(translation)).toMatchObject(
      sticky ? { 'stickiness.enabled': 'true', 'stickiness.type': 'source_ip' } : { 'stickiness.enabled': 'false' },
    )
    expect(verdictOn(translation, 'session_persistence')).toEqual(verdicts)
    expect(refused(translation)).toEqual(said)
    expect(translation.listeners[0]?.verdict).toBe('mirrored')
  })

  it('between a TLS listener and another is sticky for the other alone', () => {
    const translation = translate(
      tree({
        listeners: [
          listener({ protocol: 'HTTP' }),
          listener({ protocol: 'TERMINATED_HTTPS', protocol_port: 443, default_tls_container_ref: 'main' }),
        ],
        pools: [pool({ session_persistence: persistence({}) })],
      }),
      placement({ certificates: { main: 'arn:aws:acm:ap-northeast-1:111122223333:certificate/m' } }),
      facts(),
    )
    expect(translation.listeners.map((one) => one.groups[0]?.attributes['stickiness.enabled'])).toEqual([
      'true',
      'false',
    ])
    expect(verdictOn(translation, 'session_persistence')).toEqual([
      'refused: SOURCE_IP → nothing',
      'exact: SOURCE_IP → stickiness.type=source_ip',
    ])
  })

  it('that is off has no target', () => {
    const translation = of({ admin_state_up: false })
    expect(translation.listeners[0]?.verdict).toBe('empty')
    expect(verdictOn(translation, 'admin_state_up')).toEqual(['exact: false → none of its members is a target'])
  })
})

const KEPT: Choices = { weights: 'target-groups', targetGroupsPerAction: null }
const weighted = (weights: readonly number[]): readonly SourceMember[] =>
  weights.map((weight, at) => member(`10.20.0.${at + 1}`, { weight }))

function groups(weights: readonly number[], choices: Choices) {
  const source = tree({ pools: [pool({ members: weighted(weights) })] })
  const translation = translate(source, placement(), facts(), choices)
  const { listeners } = desiredOf(source, translation, placement(), { hash: 'ef5e7c45', tags: {} })
  return {
    groups: listeners.flatMap((one) =>
      one.groups.map((group) => `${group.key} ${group.weight}: ${group.targets.length}`),
    ),
    verdicts: verdictOn(translation, 'weight'),
    refused: refused(translation),
    desired: listeners[0],
  }
}

describe('weights', () => {
  it('that are equal need no word', () => {
    expect(groups([3, 3], EQUAL_SHARES)).toMatchObject({ groups: ['80 1: 2'], verdicts: [] })
    expect(groups([3, 3], KEPT)).toMatchObject({ groups: ['80 1: 2'], verdicts: [] })
  })

  it('become equal shares, with both values', () => {
    expect(groups([1, 5, 1], EQUAL_SHARES)).toMatchObject({
      groups: ['80 1: 3'],
      verdicts: ['approximate: 1 (2 of 3 members), 5 (1 of 3 members) → equal shares'],
    })
  })

  it('are kept by a target group each', () => {
    const kept = groups([1, 5, 1], KEPT)
    expect(kept).toMatchObject({
      groups: ['80-w1 2: 2', '80-w5 5: 1'],
      verdicts: ['exact: 1 (2 of 3 members), 5 (1 of 3 members) → target groups with shares 2 : 5'],
    })
    expect(kept.desired?.groups.map((group) => group.targetGroup.name)).toEqual([
      'nyah-shop-ef5e7c45-80-w1',
      'nyah-shop-ef5e7c45-80-w5',
    ])
    expect(kept.desired?.groups[0]?.leftOut).toEqual({ '10.20.0.2:8080': 'its weight is 5' })
  })

  it.each([
    [null, true],
    [3, true],
    [2, false],
    [1, false],
  ])('that are three, with %s target groups per action, are kept: %s', (targetGroupsPerAction, kept) => {
    const found = groups([1, 2, 3], { weights: 'target-groups', targetGroupsPerAction })
    expect(found.groups).toEqual(kept ? ['80-w1 1: 1', '80-w2 2: 1', '80-w3 3: 1'] : ['80 1: 3'])
    expect(found.refused).toEqual(kept ? [] : ['WEIGHTS'])
  })

  it('of 0 are no group', () => {
    expect(groups([0, 2, 4], KEPT).groups).toEqual(['80-w2 1: 1', '80-w4 2: 1'])
    expect(groups([0, 2, 2], KEPT).groups).toEqual(['80 1: 2'])
  })

  it.each([
    [[10, 20], [1, 2], true],
    [[7, 256], [7, 256], true],
    [[1, ...Array<number>(999).fill(1), 256], [125, 32], true],
    [[1, 256, 256, 256, 231], [1, 231, 768], true],
    [[1, 256, 256, 256, 232], [1, 232, 768], true],
    [[1, 256, 256, 256, 256], [1, 999], false],
    [[255, ...Array<number>(150).fill(256)], [7, 999], false],
  ])('%j have shares %j, exactly: %s', (weights, shares, exact) => {
    const found = sharesOf(weights)
    expect({ shares: found.shares.map((one) => one.share), exact: found.exact }).toEqual({ shares, exact })
  })

  it('always have shares that AWS takes, in the same order as the sums, whatever the order of the members', () => {
    const list = fc.array(fc.integer({ min: 1, max: 256 }), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(list, (weights) => {
        const { shares, exact } = sharesOf(weights)
        expect(sharesOf(weights.toReversed())).toEqual({ shares, exact })
        expect(shares.reduce((sum, one) => sum + one.members, 0)).toBe(weights.length)
        for (const one of shares) expect(one.share >= 1 && one.share <= 999 && Number.isInteger(one.share)).toBe(true)
        const sums = shares.map((one) => one.weight * one.members)
        for (const [at, one] of shares.entries()) {
          for (const [also, other] of shares.entries()) {
            if ((sums[at] ?? 0) < (sums[also] ?? 0)) expect(one.share).toBeLessThanOrEqual(other.share)
            if (exact) expect(one.share * (sums[also] ?? 0)).toBe(other.share * (sums[at] ?? 0))
          }
        }
      }),
    )
  })
})
