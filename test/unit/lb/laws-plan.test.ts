import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { refusedScopes, dueChanges, stops } from '../../../src/lib/core/allow.ts'
import type { Change } from '../../../src/lib/core/change.ts'
import { graphProblem } from '../../../src/lib/core/dag.ts'
import type { Fidelity } from '../../../src/lib/core/report.ts'
import { TAG } from '../../../src/lib/lb/model.ts'
import { planUnmirror } from '../../../src/lib/lb/unmirror.ts'
import type { LoadBalancerSpec, ListenerSpec, TargetGroupSpec } from '../../../src/lib/ports/mirrors.ts'
import type { SecurityGroupSpec } from '../../../src/lib/ports/network.ts'
import type { SourceTree } from '../../../src/lib/ports/source.ts'
import { somePair } from './generated-edits.ts'
import { allowing, carryOut, look, picking, plan, quiet, settle, share, START } from './generated-runs.ts'
import { someSettings } from './generated-settings.ts'
import { someTree } from './generated.ts'
import { EMPTY, type ModelWorld } from './model-world.ts'
import { ID } from './sources.ts'

const seed = fc.integer()

function shuffled<Thing>(things: readonly Thing[], pick: (below: number) => number): readonly Thing[] {
  const left = [...things]
  return things.map(() => left.splice(pick(left.length), 1)[0] as Thing)
}

const shuffledTree = ({ loadbalancer, listeners, pools }: SourceTree, pick: (below: number) => number): SourceTree => ({
  loadbalancer,
  listeners: shuffled(listeners, pick),
  pools: shuffled(pools, pick).map((pool) => ({ ...pool, members: shuffled(pool.members, pick) })),
})

const shuffledWorld = ({ mirror, securityGroup }: ModelWorld, pick: (below: number) => number): ModelWorld => ({
  mirror: {
    ...mirror,
    loadBalancer: mirror.loadBalancer && {
      ...mirror.loadBalancer,
      subnets: shuffled(mirror.loadBalancer.subnets, pick),
    },
    listeners: shuffled(mirror.listeners, pick),
    targetGroups: shuffled(mirror.targetGroups, pick).map((group) => ({
      ...group,
      targets: shuffled(group.targets, pick),
    })),
  },
  securityGroup: securityGroup && { ...securityGroup, ingress: shuffled(securityGroup.ingress, pick) },
})

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?$/
const TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u

function demandTags(tags: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(tags)) {
    expect(key).toMatch(/^nyah:[a-z-]+$/)
    // The claim of a removal is written with a plus sign, and slashes: both are allowed.
    expect(value).toMatch(TAG_VALUE)
    expect(value.length).toBeLessThanOrEqual(256)
    expect(value).toBe(value.trim())
  }
}

/** What AWS's own documentation asks of what a change writes. */
function demandValid(change: Change): void {
  const after = change.after as never
  if (change.kind !== 'create') return
  switch (change.ref.type) {
    case 'target-group': {
      const { name, port, healthCheck: check, tags } = after as TargetGroupSpec
      expect(name).toMatch(NAME)
      expect(port).toBeGreaterThan(0)
      demandTags(tags)
      expect(check.intervalSeconds).toBeGreaterThanOrEqual(5)
      expect(check.intervalSeconds).toBeLessThanOrEqual(300)
      expect(check.timeoutSeconds).toBeGreaterThanOrEqual(2)
      expect(check.timeoutSeconds).toBeLessThanOrEqual(Math.min(120, check.intervalSeconds))
      for (const threshold of [check.healthyThreshold, check.unhealthyThreshold]) {
        expect(threshold).toBeGreaterThanOrEqual(2)
        expect(threshold).toBeLessThanOrEqual(10)
      }
      expect(check.port).toMatch(/^(traffic-port|\d{1,5})$/)
      expect(check.protocol === 'TCP').toBe(check.path === undefined)
      expect(check.protocol === 'TCP').toBe(check.matcher === undefined)
      if (check.path !== undefined) expect(check.path).toMatch(/^\/.{0,1023}$/)
      if (check.matcher !== undefined) expect(check.matcher).toMatch(/^[2-5]\d\d([,-][2-5]\d\d)*$/)
      return
    }
    case 'load-balancer': {
      const { name, subnets, ipAddressType, scheme, tags } = after as LoadBalancerSpec
      expect(name).toMatch(NAME)
      expect(name).not.toMatch(/^internal-/)
      expect(subnets.length).toBeGreaterThan(0)
      if (scheme === 'internal') expect(ipAddressType).toBe('ipv4')
      return demandTags(tags)
    }
    case 'listener': {
      const { forward, certificates, sslPolicy, attributes, protocol, tags } = after as ListenerSpec
      expect(forward.length).toBeGreaterThan(0)
      for (const { weight } of forward)
        expect(weight).toSatisfy((it: number) => Number.isInteger(it) && it > 0 && it < 1_000)
      expect(protocol === 'TLS').toBe(certificates.length > 0)
      expect(protocol === 'TLS').toBe(sslPolicy !== null)
      const idle = attributes['tcp.idle_timeout.seconds']
      expect(idle === undefined).toBe(protocol === 'TLS')
      if (idle !== undefined) expect(Number(idle)).toSatisfy((it: number) => it >= 60 && it <= 6_000)
      return demandTags(tags)
    }
    case 'security-group': {
      const { name, description, ingress, tags } = after as SecurityGroupSpec
      expect(name).toMatch(NAME)
      expect(description).toMatch(/^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]{1,255}$/)
      for (const { cidr } of ingress) expect(cidr).toMatch(/^[0-9a-f.:]+\/\d{1,3}$/)
      return demandTags(tags)
    }
  }
}

describe('whatever the load balancer, and whatever becomes of it, a plan', () => {
  it('is the same for the same world, however it is listed', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(somePair(true), someSettings, seed, ({ before, after }, settings, order) => {
        const pick = picking(order)
        const stand = settle(before, START, settings, pick)
        const one = plan([look(after, stand, settings)])
        const turned = { ...stand, world: shuffledWorld(stand.world, pick) }
        expect(plan([look(shuffledTree(after, pick), turned, settings)])).toEqual(one)
        expect(plan([look(null, turned, settings, { id: ID })], [], planUnmirror)).toEqual(
          plan([look(null, stand, settings, { id: ID })], [], planUnmirror),
        )
      }),
      share(600),
    )
  })

  it('can be carried out, and writes what AWS takes', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(somePair(true), someSettings, seed, ({ before, after }, settings, order) => {
        const first = allowing(look(before, START, settings))
        const stand = settle(before, START, settings, picking(order))
        const second = allowing(look(after, stand, settings))
        for (const { plan } of [first, second]) {
          expect(graphProblem(plan.changes)).toBeNull()
          for (const one of dueChanges(plan)) demandValid(one)
        }
        const { loadBalancer, targetGroups } = stand.world.mirror
        for (const { tags } of [...(loadBalancer === null ? [] : [loadBalancer]), ...targetGroups]) demandTags(tags)
      }),
      share(500),
    )
  })

  it('has one verdict on each field, and stops where one is refused', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(someTree(true), someSettings, (source, settings) => {
        const { reports, findings, scopes } = plan([look(source, START, settings)])
        const fidelity = reports[ID]?.fidelity ?? []
        // Members and the monitor stand under their pool's name: the code tells whose tags these are.
        const whose = ({ field, code }: Fidelity): string =>
          field === 'tags' || field === 'admin_state_up' ? code : field
        const fields = fidelity.map((one) => `${one.subject}: ${whose(one)}`)
        expect(fields.filter((field, at) => fields.indexOf(field) !== at)).toEqual([])
        for (const { verdict, code, copy, why, subject } of fidelity) {
          if (verdict === 'exact') expect(why).toBe('')
          else expect(why).not.toBe('')
          if (verdict === 'dropped') expect(copy).toBeNull()
          if (verdict === 'refused')
            expect(findings.some((one) => one.code === code && one.subject === subject)).toBe(true)
        }
        if (fidelity.some(({ verdict }) => verdict === 'refused')) {
          expect(refusedScopes({ scopes, findings })).toEqual(new Set([ID]))
          expect(dueChanges(plan([look(source, START, settings)]))).toEqual([])
        }
        const differs = fidelity.some(({ verdict }) => verdict === 'approximate' || verdict === 'dropped')
        if (settings.asked.strict && differs) expect(dueChanges(plan([look(source, START, settings)]))).toEqual([])
      }),
      share(700),
    )
  })

  it('remembers what was allowed: the next one is quiet', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(someTree(false), someSettings, seed, (source, settings, order) => {
        const said = settle(source, START, settings, picking(order))
        fc.pre(said.world.mirror.loadBalancer !== null && said.vain.length === 0)
        const again = plan([look(source, said, quiet(settings))])
        const codes = again.findings.filter((one) => one.severity === 'refuse' && stops(one)).map(({ code }) => code)
        expect(codes.filter((code) => code.startsWith('LB_UNSUPPORTED_'))).toEqual([])
        expect(codes.filter((code) => code.startsWith('LB_NOT_EXACT_'))).toEqual([])
        expect(again.changes).toEqual([])
      }),
      share(300),
    )
  })
})

const RANK: Readonly<Record<string, number>> = {
  listener: 0,
  'load-balancer': 1,
  'target-group': 2,
  'security-group': 3,
}

describe('whatever stands of a mirror', () => {
  it('is taken down from listeners to security group, and nothing is left', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(somePair(true), someSettings, seed, fc.nat(20), ({ before, after }, settings, order, atMost) => {
        const pick = picking(order)
        const first = settle(before, START, settings, pick)
        const { plan: next } = allowing(look(after, first, settings))
        const cut = carryOut(first, dueChanges(next), settings, pick, { atMost })
        const down = plan([look(null, cut, settings, { id: ID })], [], planUnmirror)
        expect(graphProblem(down.changes)).toBeNull()
        const { world, done } = carryOut(cut, down.changes, settings, pick)
        const ranks = done.map(({ ref }) => RANK[ref.type] ?? -1)
        const [groups, others] = [ranks.filter((rank) => rank > 1), ranks.filter((rank) => rank <= 1)]
        expect(ranks.filter((rank) => rank <= 1)).toEqual(others.toSorted())
        expect(ranks).toEqual([...others, ...groups])
        expect(world).toEqual(EMPTY)
      }),
      share(400),
    )
  })

  it('but for what is not nyah’s', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(somePair(true), someSettings, seed, fc.nat(9), ({ before, after }, settings, order, which) => {
        const pick = picking(order)
        const first = settle(before, START, settings, pick)
        const { mirror, securityGroup } = first.world
        const things = [mirror.loadBalancer, ...mirror.listeners, ...mirror.targetGroups, securityGroup].filter(
          (one) => one !== null,
        )
        const foreign = things[which % Math.max(1, things.length)]
        fc.pre(foreign !== undefined)
        const strip = <Thing extends { readonly tags: object }>(thing: Thing): Thing =>
          (thing as object) === foreign
            ? { ...thing, tags: { [TAG.octaviaId]: 'another', [TAG.managed]: 'true' } }
            : thing
        const world: ModelWorld = {
          mirror: {
            ...mirror,
            loadBalancer: mirror.loadBalancer && strip(mirror.loadBalancer),
            listeners: mirror.listeners.map(strip),
            targetGroups: mirror.targetGroups.map(strip),
          },
          securityGroup: securityGroup && strip(securityGroup),
        }
        const id = 'arn' in foreign ? foreign.arn : foreign.id
        const stand = { ...first, world }
        const asked = { ...settings.asked, adopt: true }
        for (const { changes } of [
          plan([look(after, stand, settings)]),
          plan([look(after, stand, { ...settings, asked })]),
          plan([look(null, stand, settings, { id: ID })], [], planUnmirror),
        ]) {
          const touching = changes.filter(
            ({ ref, before }) => ref.id === id || (before as { targetGroupArn?: string } | null)?.targetGroupArn === id,
          )
          expect(touching.map((one) => one.id)).toEqual([])
        }
      }),
      share(300),
    )
  })
})
