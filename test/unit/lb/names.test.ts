import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  groupKey,
  hashOf,
  isOurName,
  isOurTargetGroupName,
  keyOfTargetGroup,
  loadBalancerName,
  portOfKey,
  securityGroupName,
  slug,
  tagsFor,
  targetGroupName,
} from '../../../src/lib/lb/names.ts'
import { ID } from './sources.ts'

const AWS_NAME = /^(?!internal-)[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$/
const AWS_TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$/u
const port = fc.integer({ min: 1, max: 65_535 })
const variant = fc.record({
  tls: fc.boolean(),
  ipv6: fc.boolean(),
  weight: fc.option(fc.integer({ min: 1, max: 256 })),
})
const name = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 80 }), fc.stringMatching(/^[a-zA-Z0-9 _.-]{0,60}$/))

describe('names', () => {
  it('say what they are of', () => {
    expect(hashOf(ID)).toBe('ef5e7c45')
    expect(loadBalancerName('ef5e7c45', 'Shop: checkout (production) v2')).toBe('nyah-shop-checkout-prod-ef5e7c45')
    expect(targetGroupName('ef5e7c45', 'Shop: checkout', '65535')).toBe('nyah-shop-checkou-ef5e7c45-65535')
    expect(targetGroupName('ef5e7c45', 'Shop: checkout', '443-t-w5')).toBe('nyah-shop-chec-ef5e7c45-443-t-w5')
    expect(targetGroupName('ef5e7c45', 'Shop: checkout', '65535-t-6-w256')).toBe('nyah-sho-ef5e7c45-65535-t-6-w256')
    expect(securityGroupName('ef5e7c45')).toBe('nyah-ef5e7c45')
  })

  it.each([
    ['本番の決済', 'nyah-ef5e7c45'],
    ['', 'nyah-ef5e7c45'],
    ['---', 'nyah-ef5e7c45'],
    ['本番-01', 'nyah-01-ef5e7c45'],
    ['internal-api', 'nyah-internal-api-ef5e7c45'],
  ])('of %j is %s', (octavia, aws) => {
    expect(loadBalancerName('ef5e7c45', octavia)).toBe(aws)
  })

  it('are always what AWS takes, and found again', () => {
    fc.assert(
      fc.property(fc.uuid(), name, port, variant, (id, octavia, at, of) => {
        const hash = hashOf(id)
        const key = groupKey(at, of)
        const group = targetGroupName(hash, octavia, key)
        for (const one of [loadBalancerName(hash, octavia), group, securityGroupName(hash)]) {
          expect(one).toMatch(AWS_NAME)
        }
        expect(isOurName(loadBalancerName(hash, octavia), hash)).toBe(true)
        expect(isOurTargetGroupName(loadBalancerName(hash, octavia), hash)).toBe(false)
        expect(keyOfTargetGroup(group, hash)).toBe(key)
        expect(portOfKey(key)).toBe(at)
        expect(slug(octavia, 18)).not.toMatch(/^-|-$|--/)
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['shop-ef5e7c45', false],
    ['nyah-shop-ef5e7c46', false],
    ['nyahef5e7c45', false],
    ['nyah-shop-ef5e7c45-80', false],
    ['nyah-shop-ef5e7c45', true],
  ])('%s is ours: %s', (aws, ours) => {
    expect(isOurName(aws, 'ef5e7c45')).toBe(ours)
  })
})

describe('the key of a target group', () => {
  it.each([
    [{ tls: false, ipv6: false, weight: null }, '80'],
    [{ tls: true, ipv6: false, weight: null }, '80-t'],
    [{ tls: false, ipv6: true, weight: null }, '80-6'],
    [{ tls: false, ipv6: false, weight: 5 }, '80-w5'],
    [{ tls: true, ipv6: true, weight: 256 }, '80-t-6-w256'],
  ])('of %o is %s', (of, key) => {
    expect(groupKey(80, of)).toBe(key)
  })

  it.each([
    ['nyah-shop-ef5e7c45-80', '80'],
    ['nyah-ef5e7c45-443-t-w5', '443-t-w5'],
    ['nyah-ef5e7c45-1-ef5e7c45-80', '80'],
    ['nyah-shop-ef5e7c45-80-x', null],
    ['nyah-shop-ef5e7c45-80-w5-t', null],
    ['nyah-shop-ef5e7c45-80-w1000', null],
    ['nyah-shop-ef5e7c45-123456', null],
    ['nyah-shop-ef5e7c45', null],
    ['nyah-shop-ef5e7c46-80', null],
    ['shop-ef5e7c45-80', null],
    ['nyahef5e7c45-80', null],
  ])('in %s is %s', (aws, key) => {
    expect(keyOfTargetGroup(aws, 'ef5e7c45')).toBe(key)
    expect(isOurTargetGroupName(aws, 'ef5e7c45')).toBe(key !== null)
  })

  it.each(['', '80-', 't', '80-t-', 'w5'])('is not %j', (key) => {
    expect(portOfKey(key)).toBeNull()
  })
})

describe('tags', () => {
  it('say whose a thing is', () => {
    expect(tagsFor(ID, 'listener', 'shop', 80)).toEqual({
      'nyah:managed': 'true',
      'nyah:octavia-id': ID,
      'nyah:role': 'listener',
      'nyah:port': '80',
      'nyah:schema': '1',
      'nyah:source-name': 'shop',
    })
  })

  it('are always values that AWS takes', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme-ascii', maxLength: 20 }).map((text) => `${text}本🐈`.repeat(20)),
        (octavia) => {
          const values = Object.values(tagsFor(ID, 'load-balancer', octavia))
          expect(values.filter((value) => value.length > 256 || !AWS_TAG_VALUE.test(value))).toEqual([])
        },
      ),
    )
  })

  it('keep a Japanese name', () => {
    expect(tagsFor(ID, 'load-balancer', '本番🐈')['nyah:source-name']).toBe('本番_')
    expect(tagsFor(ID, 'load-balancer', '')).not.toHaveProperty('nyah:source-name')
  })
})
