import { describe, expect, it } from 'vitest'
import { EXIT } from '../../../src/lib/core/errors.ts'
import { TAG } from '../../../src/lib/lb/model.ts'
import { formerOf } from '../../../src/lib/lb/resolve.ts'
import { type Selectors, selectLoadBalancers, selectsSomething } from '../../../src/lib/lb/select.ts'
import type { LoadBalancer } from '../../../src/lib/ports/mirrors.ts'
import type { SourceLoadBalancer } from '../../../src/lib/ports/source.ts'
import { loadBalancer } from './sources.ts'

const source = (id: string, name: string, tags: readonly string[] = [], over: Partial<SourceLoadBalancer> = {}) =>
  loadBalancer({ id, name, tags, vip_address: `10.0.0.${id.length}`, ...over })

const mirror = (octaviaId: string | null, name: string, sourceName = ''): LoadBalancer =>
  ({
    arn: `arn:${name}`,
    name,
    dnsName: `${name}-0.elb.example.com`,
    hostedZoneId: 'Z',
    state: 'active',
    stateReason: null,
    vpcId: 'vpc',
    scheme: 'internal',
    ipAddressType: 'ipv4',
    subnets: [],
    securityGroups: [],
    tags: { ...(octaviaId === null ? {} : { [TAG.octaviaId]: octaviaId }), [TAG.source]: sourceName },
  }) as unknown as LoadBalancer

const sources = [
  source('1', 'shop-web', ['prod', 'team-a']),
  source('22', 'shop-api', ['prod', 'team-b']),
  source('333', 'admin', ['test', 'team-a']),
  source('4444', '注文・窓口', ['prod']),
  source('55555', 'a+b.c', []),
  source('666666', 'gone-soon', ['prod'], { provisioning_status: 'DELETED' }),
]
const mirrors = [
  mirror('22', 'nyah-shop-api-x', 'shop-api'),
  mirror('9', 'nyah-old-y', 'shop-old'),
  mirror(null, 'nyah-z'),
]

const select = (part: Partial<Selectors>, mirroredOnly = false) =>
  selectLoadBalancers(sources, mirrors, { tags: [], names: [], all: false, ...part }, mirroredOnly)

describe('choosing load balancers', () => {
  it.each([
    ['all', { all: true }, ['55555', '333', '22', '1', '4444']],
    ['a tag', { tags: ['prod'] }, ['22', '1', '4444']],
    ['two tags: both', { tags: ['prod', 'team-a'] }, ['1']],
    ['a pattern', { names: ['shop-*'] }, ['22', '1']],
    ['a pattern is a whole name', { names: ['shop'] }, []],
    ['two patterns: either', { names: ['admin', 'shop-???'] }, ['333', '22', '1']],
    ['? is one character', { names: ['shop-?'] }, []],
    ['? is one character of any script', { names: ['注?・??'] }, ['4444']],
    ['nothing else has a meaning', { names: ['a+b.c'] }, ['55555']],
    ['nor as a pattern of another kind', { names: ['a+b?c', '[a-z]*', '(admin)', '.*'] }, ['55555']],
    ['many stars', { names: [`${'*'.repeat(500)}web`] }, ['1']],
    ['case counts', { names: ['SHOP-*'] }, []],
    ['tags and patterns narrow each other', { tags: ['team-a'], names: ['shop-*'] }, ['1']],
    ['and all', { all: true, tags: ['test'] }, ['333']],
  ])('by %s', (_, part, ids) => {
    if (ids.length > 0) expect(select(part)).toEqual(ids)
    else expect(() => select(part)).toThrow(expect.objectContaining({ code: 'LB_NONE_SELECTED' }) as Error)
  })

  it.each([
    ['all, also one that Octavia no longer knows', { all: true }, ['22', '9']],
    ['a pattern: of one that is gone, the name its mirror remembers', { names: ['shop-*'] }, ['22', '9']],
    ['a tag: one that is gone has none', { tags: ['prod'] }, ['22']],
  ])('that have a mirror, by %s', (_, part, ids) => expect(select(part, true)).toEqual(ids))

  it('needs no list of Octavia to choose all that have a mirror', () =>
    expect(selectLoadBalancers([], mirrors, { tags: [], names: [], all: true }, true)).toEqual(['9', '22'].toSorted()))

  it('takes one that was deleted in Octavia for gone', () => {
    const gone = [mirror('666666', 'nyah-gone-x', 'gone-soon')]
    expect(selectLoadBalancers(sources, gone, { tags: [], names: ['gone-*'], all: false }, true)).toEqual(['666666'])
    expect(() => selectLoadBalancers(sources, gone, { tags: ['prod'], names: [], all: false }, true)).toThrow(
      'none of the 1 load balancers',
    )
  })

  it('that finds none says what it looked at', () => {
    const thrown = (message: string) =>
      expect.objectContaining({ code: 'LB_NONE_SELECTED', exit: EXIT.usage, message }) as Error
    expect(() => select({ tags: ['nope'], names: ['x*'] })).toThrow(
      thrown(
        'none of the 5 load balancers that Octavia shows to these credentials fits --tag nope --name x*: ' +
          'shop-web (prod, team-a), shop-api (prod, team-b), admin (test, team-a), 注文・窓口 (prod), a+b.c',
      ),
    )
    expect(() => selectLoadBalancers([], [], { tags: [], names: [], all: true }, false)).toThrow(
      thrown('there are no load balancers that Octavia shows to these credentials'),
    )
    expect(() => selectLoadBalancers(sources, [], { tags: [], names: [], all: true }, true)).toThrow(
      thrown('there are no load balancers that have a mirror'),
    )
  })

  it('knows when nothing was selected', () => {
    const nothing = { tags: [], names: [], all: false }
    expect(selectsSomething(nothing)).toBe(false)
    const parts = [{ all: true }, { tags: ['x'] }, { names: ['x'] }]
    expect(parts.map((part) => selectsSomething({ ...nothing, ...part }))).toEqual([true, true, true])
  })
})

describe('the load balancer whose mirror is to follow another one', () => {
  const rebuilt = [source('22', 'shop'), source('333', 'shop')]
  const twins = [mirror('22', 'nyah-shop-x', 'shop'), mirror('9', 'nyah-old-y', 'was-shop')]
  it.each([
    ['its NLB', 'nyah-old-y', '9'],
    ['the DNS name of its NLB, as DNS writes it', 'NYAH-old-y-0.elb.example.com.', '9'],
    ['the name its mirror remembers', 'was-shop', '9'],
    ['its id', '9', '9'],
    ['its VIP', '10.0.0.2', '22'],
    // The new one is called so too, and has no mirror.
    ['its name in Octavia, which the new one has too', ' shop ', '22'],
  ])('is known by %s', (_, text, id) => expect(formerOf(rebuilt, twins, text)).toBe(id))

  it('must be known, and be one', () => {
    expect(() => formerOf(rebuilt, twins, 'nope')).toThrow(
      expect.objectContaining({ code: 'LB_NOT_FOUND', exit: EXIT.usage }) as Error,
    )
    expect(() => formerOf(rebuilt, [...twins, mirror('333', 'nyah-shop-z', 'shop')], 'shop')).toThrow(
      expect.objectContaining({
        code: 'LB_AMBIGUOUS',
        exit: EXIT.usage,
        message: expect.stringContaining('22, 333') as string,
      }) as Error,
    )
  })
})
