import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dueChanges } from '../../../src/lib/core/allow.ts'
import { endpoint } from '../../../src/lib/lb/addresses.ts'
import { judge } from '../../../src/lib/lb/judge.ts'
import { TAG } from '../../../src/lib/lb/model.ts'
import { registered } from '../../../src/lib/lb/owned.ts'
import type { SourceTree } from '../../../src/lib/ports/source.ts'
import { somePair } from './generated-edits.ts'
import {
  allowing,
  carryOut,
  look,
  picking,
  plan,
  quiet,
  settle,
  share,
  START,
  type Stand,
  type Watch,
} from './generated-runs.ts'
import { someSettings, type Settings } from './generated-settings.ts'
import type { ModelWorld } from './model-world.ts'
import { ID } from './sources.ts'

const seed = fc.integer()

const NEW = '7e7a26e7-0000-4000-8000-000000000002'

/** The same under a new id, as somebody builds it anew. */
const rebuilt = ({ loadbalancer, ...below }: SourceTree): SourceTree => ({
  loadbalancer: { ...loadbalancer, id: NEW },
  ...below,
})

/** `port address:port` of all that gets traffic. */
const served = ({ mirror: { listeners, targetGroups } }: ModelWorld): readonly string[] => [
  ...new Set(
    listeners.flatMap(({ port, forward }) =>
      targetGroups
        .filter(({ arn }) => forward.some((one) => one.weight > 0 && one.targetGroupArn === arn))
        .flatMap((group) => registered(group).map((target) => `${port} ${endpoint(target)}`)),
    ),
  ),
]

const wantedOf = (source: SourceTree, stand: Stand, settings: Settings): ReadonlySet<string> =>
  new Set(
    judge(look(source, stand, settings))?.desired.listeners.flatMap(({ port, groups }) =>
      groups.flatMap(({ targets }) => targets.map((target) => `${port} ${endpoint(target)}`)),
    ),
  )

describe('a mirror that follows a load balancer built anew', () => {
  it('keeps its NLB and what both have in common, and is then in step', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(somePair(false), someSettings, seed, fc.nat(12), ({ before, after }, settings, order, atMost) => {
        const pick = picking(order)
        const old = settle(before, START, settings, pick)
        const arn = old.world.mirror.loadBalancer?.arn
        fc.pre(arn !== undefined)
        const next = rebuilt(after)
        const moving: Settings = { ...settings, asked: { ...settings.asked, formerId: ID } }
        const kept = wantedOf(next, old, moving)
        const stays: Watch = (change, was, is) => {
          expect(is.mirror.loadBalancer?.arn).toBe(arn)
          const then = new Set(is.mirror.listeners.length < was.mirror.listeners.length ? served(was) : served(is))
          const lost = served(was).filter((one) => kept.has(one) && !then.has(one))
          expect(lost, `at ${change.id}`).toEqual([])
        }
        // Cut off somewhere, then to its end.
        const { plan: first } = allowing(look(next, old, moving))
        const cut = carryOut(old, dueChanges(first), moving, pick, { atMost, watch: stays })
        const stand = { world: cut.world, at: old.at + 60_000 }
        const end = settle(next, stand, moving, pick, { watch: () => stays })
        const refused = end.plan.findings.some((one) => one.severity === 'refuse' && one.allowed === undefined)
        fc.pre(!refused)
        const { loadBalancer, listeners, targetGroups, hash } = end.world.mirror
        expect(hash).toBe(old.world.mirror.hash)
        expect(loadBalancer?.arn).toBe(arn)
        const stopped = dueChanges(end.plan).length < end.plan.changes.length || end.vain.length > 0
        // Half of it held: the load balancer's own tag comes last, so it is still the former one's.
        if (end.plan.changes.some(({ id }) => id.endsWith('/retarget'))) {
          expect(stopped).toBe(true)
          return
        }
        expect(loadBalancer?.tags[TAG.octaviaId]).toBe(NEW)
        // What is held for its removal may still be the former one's; all that serves is the new one's.
        const wanted = judge(look(next, end, moving))?.desired.listeners ?? []
        for (const { port } of wanted) {
          expect(listeners.find((one) => one.port === port)?.tags[TAG.octaviaId]).toBe(NEW)
        }
        const keys = new Set(wanted.flatMap(({ groups }) => groups.map(({ targetGroup }) => targetGroup.name)))
        for (const { name, tags } of targetGroups) if (keys.has(name)) expect(tags[TAG.octaviaId]).toBe(NEW)
        if (end.plan.changes.length > 0) return
        const sync = plan([look(next, end, quiet(settings))])
        expect(sync.changes).toEqual([])
        expect(sync.findings.filter(({ code }) => code === 'LB_NOT_OWNED')).toEqual([])
      }),
      share(500),
    )
  })
})
