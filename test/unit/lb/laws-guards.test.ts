import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dueChanges } from '../../../src/lib/core/allow.ts'
import type { ErrorData } from '../../../src/lib/core/errors.ts'
import { portOf } from '../../../src/lib/lb/changes.ts'
import { ASKED_NOTHING } from '../../../src/lib/lb/model.ts'
import type { SourceMember, SourceTree } from '../../../src/lib/ports/source.ts'
import { somePair } from './generated-edits.ts'
import { allowing, carryOut, healthy, look, picking, plan, settle, share, START, type Stand } from './generated-runs.ts'
import { someSettings, type Settings } from './generated-settings.ts'
import { facts, ID, listener, loadBalancer, member, placement, pool, tree } from './sources.ts'

const seed = fc.integer()

const removals = (changes: ReturnType<typeof dueChanges>): readonly string[] =>
  changes.filter(({ risk }) => risk === 'removes').map(({ id }) => id)

const LB_UNREAD: ErrorData = {
  code: 'OCTAVIA_UNREACHABLE',
  message: 'no answer',
  exit: 12,
  retryable: false,
  lostAnswer: false,
  tries: [],
  details: {},
}

const plainSettings: Settings = {
  placement: placement(),
  network: facts(),
  elasticAddresses: [],
  limits: null,
  asked: ASKED_NOTHING,
  ill: [],
}

const STATUSES = ['PENDING_UPDATE', 'PENDING_CREATE', 'PENDING_DELETE', 'ERROR'] as const

describe('what Octavia does not say for sure', () => {
  it('takes nothing away from a load balancer that is gone, unread, in flux or broken', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(
        somePair(true),
        someSettings,
        seed,
        fc.constantFrom('gone', 'unread', ...STATUSES),
        ({ before, after }, settings, order, how) => {
          const stand = settle(before, START, settings, picking(order))
          const source: SourceTree | null =
            how === 'gone' || how === 'unread'
              ? null
              : { ...after, loadbalancer: { ...after.loadbalancer, provisioning_status: how } }
          const over = { id: ID, unread: how === 'unread' ? LB_UNREAD : null }
          const observed = look(source, stand, settings, over)
          expect(removals(dueChanges(plan([observed])))).toEqual([])
          expect(removals(dueChanges(allowing(observed).plan))).toEqual([])
          if (source === null) expect(plan([observed]).changes).toEqual([])
        },
      ),
      share(400),
    )
  })

  it('takes nothing away on behalf of what is emptied, or PENDING or ERROR below it', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(
        somePair(false),
        someSettings,
        seed,
        fc.constantFrom('members', 'listeners', 'all', 'member', 'pool', 'listener'),
        fc.constantFrom('PENDING_UPDATE' as const, 'ERROR' as const),
        ({ before, after }, settings, order, what, status) => {
          const stand = settle(before, START, settings, picking(order))
          const provisioning_status = status
          const emptied: SourceTree = {
            loadbalancer: after.loadbalancer,
            listeners:
              what === 'listeners' || what === 'all'
                ? []
                : after.listeners.map((one) => (what === 'listener' ? { ...one, provisioning_status } : one)),
            pools: after.pools.map((one) => ({
              ...one,
              ...(what === 'pool' ? { provisioning_status } : {}),
              members:
                what === 'members' || what === 'all'
                  ? []
                  : what === 'member'
                    ? one.members.map((m): SourceMember => ({ ...m, provisioning_status }))
                    : one.members,
            })),
          }
          const { plan } = allowing(look(emptied, stand, settings))
          const due = dueChanges(plan).filter(({ risk }) => risk === 'removes')
          const open = new Set(
            emptied.listeners
              .filter((one) => one.admin_state_up && one.default_pool_id !== null)
              .map((one) => one.protocol_port),
          )
          const hasMembers = (port: number | null): boolean => {
            const poolId = emptied.listeners.find((one) => one.protocol_port === port)?.default_pool_id
            return (emptied.pools.find(({ id }) => id === poolId)?.members.length ?? 0) > 0
          }
          // A mirror that serves on no port has nothing to lose; that it gives up IPv6 is Octavia's word on the VIPs.
          const serves = stand.world.mirror.listeners.length > 0
          const told = due.map(({ id }) => id).filter((id) => serves || !id.endsWith('/ipv4'))
          if (what === 'listeners' || what === 'all') expect(told).toEqual([])
          else {
            const wrongly = due.filter(
              (one) =>
                open.has(portOf(one) ?? 0) && (what === 'members' || what === 'listener' || hasMembers(portOf(one))),
            )
            expect(wrongly.map(({ id }) => id)).toEqual([])
          }
        },
      ),
      share(300),
    )
  })
})

const HOUR = 3_600_000

/** A pool of these hosts, all of them well. */
const hosts = (numbers: readonly number[]): SourceTree =>
  tree({
    loadbalancer: loadBalancer(),
    listeners: [listener()],
    pools: [pool({ members: numbers.map((host) => member(`10.20.7.${host}`)) })],
  })

/** Out of sixty hosts those from one number to another but for every so manieth: few numbers to choose, and to shrink. */
const crowd = fc
  .record({
    from: fc.integer({ min: 1, max: 20 }),
    amount: fc.integer({ min: 4, max: 40 }),
    gap: fc.integer({ min: 2, max: 9 }),
  })
  .map(({ from, amount, gap }) =>
    Array.from({ length: amount }, (_, at) => from + at).filter((host) => amount < 8 || host % gap !== 0),
  )

interface Removed {
  readonly at: number
  readonly gone: number
  readonly came: number
  /** Healthy before. */
  readonly serving: number
}

describe('a group of ten or more', () => {
  it('never loses more than 30 % of those that serve in an hour, whatever runs there are', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ members: crowd, minutes: fc.integer({ min: 1, max: 50 }) }), {
          minLength: 3,
          maxLength: 9,
          size: 'max',
        }),
        someSettings,
        seed,
        (steps, { ill: _ill, ...rest }, order) => {
          const settings = { ...rest, ill: [] }
          const pick = picking(order)
          let stand: Stand = settle(hosts(Array.from({ length: 40 }, (_, at) => at + 1)), START, settings, pick)
          const log: Removed[] = []
          for (const { members, minutes } of steps) {
            const { plan } = allowing(look(hosts(members), stand, settings))
            const before = new Set(stand.world.mirror.targetGroups.flatMap(healthy))
            const ran = carryOut(stand, dueChanges(plan), settings, pick)
            const after = new Set(ran.world.mirror.targetGroups.flatMap(healthy))
            log.push({
              at: stand.at,
              gone: [...before].filter((one) => !after.has(one)).length,
              came: [...after].filter((one) => !before.has(one)).length,
              serving: before.size,
            })
            stand = { ...ran, at: stand.at + minutes * 60_000 }
          }
          for (const first of log.filter(({ serving }) => serving >= 10)) {
            const hour = log.filter(({ at }) => at >= first.at && at < first.at + HOUR)
            const gone = hour.reduce((sum, one) => sum + one.gone, 0)
            // New ones that are healthy replace as many, and themselves serve; also those of the hour before.
            const come = log.filter(({ at }) => at > first.at - HOUR && at < first.at + HOUR)
            const came = come.reduce((sum, one) => sum + one.came, 0)
            const most = Math.max(1, Math.floor(0.3 * (first.serving + came))) + came
            expect(gone, `runs ${JSON.stringify(log)}`).toBeLessThanOrEqual(most)
          }
        },
      ),
      share(300),
    )
  })

  it('comes to what Octavia says, hour by hour', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(crowd, crowd, seed, (from, to, order) => {
        const pick = picking(order)
        const settings = plainSettings
        const first = settle(hosts(from), START, settings, pick)
        const then = settle(hosts(to), first, settings, pick)
        const [group] = then.world.mirror.targetGroups
        const wanted = to.map((host) => `10.20.7.${host}:8080`)
        expect(then.plan.changes).toEqual([])
        expect(group === undefined ? [] : healthy(group).toSorted()).toEqual(wanted.toSorted())
      }),
      share(100),
    )
  })
})
