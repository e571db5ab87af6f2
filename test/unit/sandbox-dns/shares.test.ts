import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answerShares } from '../../../src/lib/dns/answers.ts'
import { zoneOf } from '../../../src/lib/sandbox/aws/route53-state.ts'
import { answer } from '../../../src/lib/sandbox/dns/answer.ts'

const side = fc.record({ weight: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 255 })), healthy: fc.boolean() })

const DRAWS = 2000

describe('the split', () => {
  it('that is answered is the one that nyah tells people', () => {
    fc.assert(
      fc.property(fc.array(side, { minLength: 1, maxLength: 4 }), (sides) => {
        const records = sides.map(({ weight }, index) => ({
          name: 'shop.example.jp',
          type: 'A',
          ttl: 60,
          values: [`203.0.113.${index}`],
          setIdentifier: `${index}`,
          weight,
          healthCheckId: `${index}`,
        }))
        const zone = zoneOf({ id: 'Z1', name: 'example.jp', records })
        const referred = {
          check: (id: string) => (sides[Number(id)]?.healthy === true ? ('healthy' as const) : ('unhealthy' as const)),
          balancer: () => null,
        }
        const given = new Map<string, number>()
        for (let draw = 0; draw < DRAWS; draw++) {
          // Evenly spread, so that each share is met but for one draw at each of its ends.
          const drawn = answer([zone], { name: 'shop.example.jp', type: 'A' }, referred, () => (draw + 0.5) / DRAWS)
          const value = drawn.answers[0]?.values.join() ?? 'none'
          given.set(value, (given.get(value) ?? 0) + 1)
        }
        answerShares(sides).forEach((percent, index) => {
          const met = given.get(`203.0.113.${index}`) ?? 0
          expect(Math.abs(met - (percent * DRAWS) / 100)).toBeLessThanOrEqual(1)
          // What is not to answer never does.
          if (percent === 0) expect(met).toBe(0)
        })
        expect(given.get('none')).toBeUndefined()
      }),
      { numRuns: 60 },
    )
  })
})
