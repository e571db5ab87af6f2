import { describe, expect, it } from 'vitest'
import type { Change } from '../../../src/lib/core/change.ts'
import { errorData, nyahError } from '../../../src/lib/core/errors.ts'
import { splitRemovals } from '../../../src/lib/lb/budget.ts'
import { deregister } from '../../../src/lib/lb/deregister.ts'
import { ASKED_NOTHING, TAG } from '../../../src/lib/lb/model.ts'
import { tagsFor } from '../../../src/lib/lb/names.ts'
import { headOf, stamped } from '../../../src/lib/lb/removals.ts'
import type { Tags, Target, TargetHealth, TargetState } from '../../../src/lib/ports/mirrors.ts'

const AT = Date.UTC(2026, 10, 22, 3)
const ARN = 'arn:tg/web'

const target = (host: number, state: TargetState = 'healthy'): TargetHealth => ({
  address: `10.20.0.${host}`,
  port: 8080,
  availabilityZone: 'all',
  state,
  reason: null,
})
/** Of the target group. */
const OWN = tagsFor('lb-1', 'target-group', 'web', 80)
const ALL = [target(1), target(2), target(3)]

interface Aws {
  targets: readonly TargetHealth[]
  tags: Tags | null
  readonly calls: string[]
}

/** One target group; `between` happens once, after the first read and before the first write. */
function fake(aws: Aws, between: () => void = () => undefined) {
  let read = 0
  return {
    targetHealth: () => {
      aws.calls.push('targetHealth')
      return Promise.resolve(aws.targets)
    },
    tags: () => {
      aws.calls.push('tags')
      read += 1
      const tags = aws.tags
      if (read === 1) between()
      return Promise.resolve(tags)
    },
    tag: (_arn: string, set: Tags) => {
      aws.calls.push('tag')
      aws.tags = { ...aws.tags, ...set }
      return Promise.resolve()
    },
    deregisterTargets: (_arn: string, targets: readonly Target[]) => {
      aws.calls.push(`deregister ${targets.map(({ address }) => address).join(' ')}`)
      const gone = new Set(targets.map(({ address }) => address))
      aws.targets = aws.targets.map((one) => (gone.has(one.address) ? { ...one, state: 'draining' as const } : one))
      return Promise.resolve()
    },
  }
}

const aws = (targets: readonly TargetHealth[] = ALL, removals?: string): Aws => ({
  targets,
  tags: { ...OWN, other: 'x', ...(removals === undefined ? {} : { [TAG.removals]: removals }) },
  calls: [],
})

/** As planned from what was there. */
function planned(
  registered: readonly TargetHealth[],
  leaving: readonly TargetHealth[],
  tag?: string,
  over: object = {},
): Change {
  const split = splitRemovals({ registered, leaving, joining: [], tag, atMs: AT - 30_000 })
  return {
    id: 'lb-1/targets/80/deregister',
    scope: 'lb-1',
    ref: { type: 'targets', id: ARN, name: 'nyah-web-80' },
    kind: 'delete',
    before: {
      targetGroupArn: ARN,
      targets: split.now.map(({ address, port, availabilityZone }) => ({ address, port, availabilityZone })),
      removals: split.before,
      ...over,
    },
    after: { removals: split.tag },
    needs: [],
    reason: '',
    risk: 'removes',
  }
}

/** Sleeping takes no time here, but `slept` happens meanwhile. */
const run = async (
  change: Change,
  mirrors: ReturnType<typeof fake>,
  slept: (ms: number) => void = () => undefined,
  now: () => number = () => AT,
  owner = ASKED_NOTHING,
) => {
  const sleep = (ms: number) => Promise.resolve(slept(ms))
  const scene = { clock: { now, sleep }, signal: new AbortController().signal }
  try {
    return { outputs: await deregister(change, mirrors, scene, owner) }
  } catch (error) {
    const { code, exit, message, tries } = errorData(error)
    return { code, exit, message, tries }
  }
}

describe('taking targets out', () => {
  it('claims it in the tag, reads that back, and only then does it', async () => {
    const world = aws()
    expect(await run(planned(ALL, ALL.slice(0, 1)), fake(world))).toEqual({ outputs: { deregistered: 1 } })
    expect(world.calls).toEqual(['targetHealth', 'tags', 'tag', 'targetHealth', 'tags', 'deregister 10.20.0.1'])
    expect(world.tags).toEqual({
      ...OWN,
      other: 'x',
      [TAG.removals]: expect.stringMatching(new RegExp(`^1\\.[0-9a-f]{8} ${AT / 1000}:1/3$`)) as string,
    })
  })

  it('adds to what the tag remembers', async () => {
    const before = `4.00000000 ${AT / 1000 - 100}:2/5`
    const world = aws(ALL, before)
    await run(planned(ALL, ALL.slice(0, 1), before), fake(world))
    expect(world.tags?.[TAG.removals]).toMatch(/^5\.[0-9a-f]{8} \d+:2\/5 \d+:1\/3$/)
  })

  it('leaves out who is gone or draining already', async () => {
    const world = aws([target(1, 'draining'), ...ALL.slice(1)])
    expect(await run(planned(ALL, ALL.slice(0, 2)), fake(world))).toEqual({ outputs: { deregistered: 1 } })
    expect(world.calls.at(-1)).toBe('deregister 10.20.0.2')
  })

  it.each([
    ['all of them are', aws([target(1, 'draining'), ...ALL.slice(1)])],
    ['the group is', { ...aws(), tags: null }],
  ])('writes nothing where %s gone', async (_what, world) => {
    expect(await run(planned(ALL, ALL.slice(0, 1)), fake(world))).toEqual({ outputs: { deregistered: 0 } })
    expect(world.calls).toEqual(['targetHealth', 'tags'])
  })
})

describe('another nyah', () => {
  const change = planned(ALL, ALL.slice(0, 1), `4.00000000 ${AT / 1000 - 100}:2/5`)

  it.each([
    ['a greater epoch', `5.11111111 ${AT / 1000 - 5}:1/3`],
    ['the same epoch, another mark', '4.11111111'],
    ['a smaller one', '3.00000000'],
    ['no tag any more', undefined],
    ['something else', 'garbage'],
    // Of the removal that this one is, but for whom it takes out.
    ['the next epoch of another removal', stampedBy(planned(ALL, ALL.slice(1, 2), '4.00000000'))],
  ])('%s: nothing is taken out', async (_what, tag) => {
    const world = aws(ALL, tag)
    expect(await run(change, fake(world))).toMatchObject({
      code: 'LB_FOREIGN_EPOCH',
      exit: 10,
      message: expect.stringContaining('not at 4.00000000') as string,
      tries: [expect.stringContaining('nyah lb sync lb-1') as string],
    })
    expect(world.calls).toEqual(['targetHealth', 'tags'])
  })

  it('that comes between the look and the write is seen when the tag is read back', async () => {
    const world = aws(ALL, '4.00000000')
    const mirrors = fake(world)
    const lost = { ...mirrors, tag: () => mirrors.tag(ARN, { [TAG.removals]: '5.22222222' }) }
    expect(await run(change, lost)).toMatchObject({ code: 'LB_FOREIGN_EPOCH', exit: 10 })
    expect(world.calls).toEqual(['targetHealth', 'tags', 'tag', 'targetHealth', 'tags'])
  })

  it('that writes while the claim stands is seen too', async () => {
    const world = aws(ALL, '4.00000000')
    const slept = (ms: number): void => {
      expect(ms).toBe(5_000)
      world.tags = { ...OWN, [TAG.removals]: '5.22222222' }
    }
    expect(await run(change, fake(world), slept)).toMatchObject({ code: 'LB_FOREIGN_EPOCH', exit: 10 })
    expect(world.targets).toEqual(ALL)
  })

  describe.each([
    ['in time', 5_000],
    ['late', 5_001],
    ['late', 90_000],
    ['by a clock that went back', -1],
  ])('%s (%i ms after the look) the claim is written', (when, ms) => {
    const late = when !== 'in time'
    const slow = async (world: Aws, slept?: () => void) =>
      run(change, fake(world), slept, () => (world.calls.includes('tag') ? AT + ms : AT))

    it('and nobody else is there: it is done', async () => {
      const world = aws(ALL, '4.00000000')
      expect(await slow(world)).toEqual({ outputs: { deregistered: 1 } })
      expect(headOf(world.tags?.[TAG.removals])).toMatch(/^5\./)
    })

    it(`and targets left meanwhile: ${late ? 'another nyah took them, so it is not done' : 'by hand'}`, async () => {
      const world = aws(ALL, '4.00000000')
      const end = await slow(world, () => (world.targets = [target(1), target(2, 'draining'), target(3)]))
      expect('outputs' in end ? 'done' : end.code).toBe(late ? 'LB_FOREIGN_EPOCH' : 'done')
      expect(world.calls.some((call) => call.startsWith('deregister'))).toBe(!late)
      // What the other one counted was overwritten: nobody knows how many.
      if (late) expect(world.tags?.[TAG.removals]).toMatch(/^6 \d+:x$/)
    })
  })

  it('is not there, but AWS lets the call go only long after the look: it looks again', async () => {
    const world = aws(ALL, '4.00000000')
    const mirrors = fake(world)
    const given: number[] = []
    const busy = {
      ...mirrors,
      deregisterTargets: (arn: string, targets: readonly Target[], notAfter = 0) => {
        given.push(notAfter)
        if (given.length === 3) return mirrors.deregisterTargets(arn, targets)
        return Promise.reject(nyahError({ code: 'AWS_TOO_LATE', message: '', exit: 7 }))
      },
    }
    expect(await run(change, busy)).toEqual({ outputs: { deregistered: 1 } })
    expect(given).toEqual([AT + 5_000, AT + 5_000, AT + 5_000])
    expect(world.calls.filter((call) => call === 'tags')).toHaveLength(4)
  })

  it('is not there, but AWS never lets the call go in time: the claim gives its budget back', async () => {
    const many = Array.from({ length: 10 }, (_, at) => target(at + 1))
    const world = aws(many, '4.00000000')
    const late = () => Promise.reject(nyahError({ code: 'AWS_TOO_LATE', message: '', exit: 7 }))
    const end = await run(planned(many, many.slice(0, 2), '4.00000000'), { ...fake(world), deregisterTargets: late })
    expect(end).toMatchObject({ code: 'AWS_TOO_LATE', exit: 7 })
    expect(world.tags?.[TAG.removals]).toBe('6')
  })

  it('a tag with other times and the same head is the one that was planned on', async () => {
    const world = aws(ALL, '4.00000000')
    expect(await run(change, fake(world))).toEqual({ outputs: { deregistered: 1 } })
  })
})

function stampedBy(change: Change): string {
  return stamped('4.00000000', (change.after as { readonly removals: string }).removals, AT - 1_000)
}

describe('said again after a lost answer', () => {
  it('its own tag is there: it goes on, and counts nothing twice', async () => {
    const world = aws(ALL, '4.00000000')
    const change = planned(ALL, ALL.slice(0, 2), '4.00000000')
    const mirrors = fake(world)
    const cut = { ...mirrors, deregisterTargets: () => Promise.reject(new Error('connection lost')) }
    expect(await run(change, cut)).toMatchObject({ message: expect.stringContaining('connection lost') as string })
    const tag = world.tags?.[TAG.removals]
    expect(await run(change, fake(world))).toEqual({ outputs: { deregistered: 2 } })
    expect(world.tags?.[TAG.removals]).toBe(tag)
  })

  it('done already: nothing more', async () => {
    const world = aws()
    const change = planned(ALL, ALL.slice(0, 1))
    await run(change, fake(world))
    expect(await run(change, fake(world))).toEqual({ outputs: { deregistered: 0 } })
  })

  it('two runs with the same plan do the same thing once', async () => {
    const world = aws()
    const change = planned(ALL, ALL.slice(0, 1))
    const other = fake(world)
    const ends = await Promise.all([run(change, other), run(change, other)])
    expect(ends.map((end) => ('outputs' in end ? 'done' : end.code))).toEqual(['done', 'done'])
    expect(headOf(world.tags?.[TAG.removals])).toMatch(/^1\./)
    expect(world.targets.filter(({ state }) => state === 'draining')).toHaveLength(1)
  })
})

describe('somebody healthy stays', () => {
  const change = (over: object = {}) => planned(ALL, ALL.slice(0, 1), undefined, over)

  it.each([
    [['healthy', 'healthy', 'unhealthy'], 'done'],
    [['healthy', 'unhealthy', 'unhealthy'], 'LB_MINIMUM_HEALTHY'],
    [['healthy', 'initial', 'draining'], 'LB_MINIMUM_HEALTHY'],
    [['initial', 'unhealthy', 'unhealthy'], 'LB_MINIMUM_HEALTHY'],
    [['unhealthy', 'unhealthy', 'unhealthy'], 'done'],
  ] as const)('%o by now, and the first goes: %s', async (states, said) => {
    const world = aws(states.map((state, at) => target(1 + at, state)))
    const end = await run(change(), fake(world))
    expect('outputs' in end ? 'done' : end.code).toBe(said)
    expect(world.calls.some((call) => call.startsWith('deregister'))).toBe(said === 'done')
    if (said !== 'done')
      expect(end).toMatchObject({ exit: 11, message: expect.stringContaining('0 healthy') as string })
    if (said !== 'done') expect(world.calls).not.toContain('tag')
  })

  it('also after the claim has stood for a while', async () => {
    const world = aws()
    const slept = (): void => {
      world.targets = [target(1), target(2, 'unhealthy'), target(3, 'unhealthy')]
    }
    expect(await run(change(), fake(world), slept)).toMatchObject({ code: 'LB_MINIMUM_HEALTHY', exit: 11 })
    expect(world.targets.map(({ state }) => state)).not.toContain('draining')
  })

  it('and a claim that comes to nothing gives its budget back, and nothing else', async () => {
    const many = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((host) => target(host))
    const before = `4.00000000 ${AT / 1000 - 100}:1/11`
    const world = aws(many, before)
    const slept = (): void => {
      world.targets = many.map((one) => ({ ...one, state: one.address === '10.20.0.1' ? 'healthy' : 'unhealthy' }))
    }
    expect(await run(planned(many, many.slice(0, 1), before), fake(world), slept)).toMatchObject({
      code: 'LB_MINIMUM_HEALTHY',
    })
    expect(world.tags?.[TAG.removals]).toBe(`6 ${AT / 1000 - 100}:1/11`)
  })

  it('but the claim of another that came meanwhile stays', async () => {
    const world = aws()
    const slept = (): void => {
      world.targets = [target(1), target(2, 'unhealthy'), target(3, 'unhealthy')]
      world.tags = { ...world.tags, [TAG.removals]: '5.22222222' }
    }
    expect(await run(change(), fake(world), slept)).toMatchObject({ code: 'LB_MINIMUM_HEALTHY' })
    expect(world.tags?.[TAG.removals]).toBe('5.22222222')
  })

  it('unless nobody was to stay, and that was allowed', async () => {
    const world = aws([target(1), target(2, 'unhealthy')])
    expect(await run(change({ healthyStays: false }), fake(world))).toEqual({ outputs: { deregistered: 1 } })
  })
})

describe('a target group whose tags were changed since the plan', () => {
  const change = planned(ALL, ALL.slice(0, 1))
  const { [TAG.octaviaId]: _id, ...ownerless } = OWN

  it.each([
    ['taken off', {}, 'LB_NOT_OWNED'],
    ['ownerless', ownerless, 'LB_NOT_OWNED'],
    ['those of the load balancer that it was retargeted to', { ...OWN, [TAG.octaviaId]: 'lb-2' }, 'LB_NOT_OWNED'],
    ['those of a newer nyah', { ...OWN, [TAG.schema]: '2' }, 'LB_NEWER_NYAH'],
  ])('%s: nothing is written', async (_what, tags, code) => {
    const world: Aws = { targets: ALL, tags, calls: [] }
    expect(await run(change, fake(world))).toMatchObject({ code, exit: 6 })
    expect(world.calls).toEqual(['targetHealth', 'tags'])
  })

  it('while the claim stood: nothing is taken out, and nothing more is written', async () => {
    const world = aws()
    const slept = (): void => {
      world.tags = { ...world.tags, [TAG.octaviaId]: 'lb-2' }
    }
    expect(await run(change, fake(world), slept)).toMatchObject({ code: 'LB_NOT_OWNED' })
    expect(world.calls.filter((call) => call === 'tag' || call.startsWith('deregister'))).toEqual(['tag'])
  })

  it('while it is retargeted, the former owner is as good', async () => {
    const world: Aws = { targets: ALL, tags: { ...OWN, [TAG.octaviaId]: 'lb-0' }, calls: [] }
    expect(await run(change, fake(world), undefined, undefined, { ...ASKED_NOTHING, formerId: 'lb-0' })).toEqual({
      outputs: { deregistered: 1 },
    })
  })
})
