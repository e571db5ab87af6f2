import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  hashOf,
  isOurName,
  isOurTargetGroupName,
  loadBalancerName,
  securityGroupName,
  slug,
  tagsFor,
  targetGroupName,
} from '../../../src/lib/lb/names.ts'
import { ID } from './sources.ts'

const AWS_NAME = /^(?!internal-)[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$/
const AWS_TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$/u
const port = fc.integer({ min: 1, max: 65_535 })
const name = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 80 }), fc.stringMatching(/^[a-zA-Z0-9 _.-]{0,60}$/))

describe('names', () => {
  it('say what they are of', () => {
    expect(hashOf(ID)).toBe('ef5e7c45')
    expect(loadBalancerName(ID, 'Shop: checkout (production) v2')).toBe('nyah-shop-checkout-prod-ef5e7c45')
    expect(targetGroupName(ID, 'Shop: checkout', 65_535)).toBe('nyah-shop-checkou-ef5e7c45-65535')
    expect(securityGroupName(ID)).toBe('nyah-ef5e7c45')
  })

  it.each([
    ['本番の決済', 'nyah-ef5e7c45'],
    ['', 'nyah-ef5e7c45'],
    ['---', 'nyah-ef5e7c45'],
    ['本番-01', 'nyah-01-ef5e7c45'],
    ['internal-api', 'nyah-internal-api-ef5e7c45'],
  ])('of %j is %s', (octavia, aws) => {
    expect(loadBalancerName(ID, octavia)).toBe(aws)
  })

  it('are always what AWS takes, and found again', () => {
    fc.assert(
      fc.property(fc.uuid(), name, port, (id, octavia, at) => {
        const hash = hashOf(id)
        for (const one of [loadBalancerName(id, octavia), targetGroupName(id, octavia, at), securityGroupName(id)]) {
          expect(one).toMatch(AWS_NAME)
        }
        expect(isOurName(loadBalancerName(id, octavia), hash)).toBe(true)
        expect(isOurTargetGroupName(targetGroupName(id, octavia, at), hash)).toBe(true)
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
