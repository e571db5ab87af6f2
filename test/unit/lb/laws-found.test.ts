import { describe, expect, it } from 'vitest'
import { stops } from '../../../src/lib/core/allow.ts'
import { allowing, emptyFor, look, picking, plan, settle, START } from './generated-runs.ts'
import type { Settings } from './generated-settings.ts'
import { ASKED_NOTHING } from '../../../src/lib/lb/model.ts'
import type { SourceTree } from '../../../src/lib/ports/source.ts'
import { facts, ID, listener, loadBalancer, member, placement, pool, tree } from './sources.ts'

/** What generated trees found, in its smallest form. */

const ARNS = { a: 'arn:aws:acm:certificate/a', b: 'arn:aws:acm:certificate/b', c: 'arn:aws:acm:certificate/c' }

const settings: Settings = {
  placement: placement({ certificates: ARNS }),
  network: facts(),
  elasticAddresses: [],
  limits: null,
  asked: ASKED_NOTHING,
  ill: [],
}

const verdictsOf = (source: SourceTree, field: string, here = settings): readonly string[] =>
  (plan([look(source, START, here)]).reports[ID]?.fidelity ?? [])
    .filter((one) => one.field === field)
    .map(({ verdict, source: value, copy }) => `${verdict}: ${value} → ${copy ?? 'nothing'}`)

const stopping = (source: SourceTree): readonly string[] =>
  plan([look(source, START, settings)])
    .findings.filter(stops)
    .map(({ code }) => code)

describe('one verdict', () => {
  const https = (refs: readonly string[]): SourceTree =>
    tree({
      listeners: [listener({ protocol: 'TERMINATED_HTTPS', default_tls_container_ref: 'a', sni_container_refs: refs })],
    })

  it('is on several SNI references, of which all are known', () => {
    expect(verdictsOf(https(['b', 'c']), 'sni_container_refs')).toEqual([`exact: b, c → ${ARNS.b}, ${ARNS.c}`])
  })

  it('is on several SNI references, of which one is not', () => {
    expect(verdictsOf(https(['b', 'x']), 'sni_container_refs')).toEqual(['refused: x → nothing'])
  })

  it('is on additional VIPs of both families', () => {
    const both = tree({ loadbalancer: loadBalancer({ additional_vips: ['198.51.100.2', '2001:db8::12'] }) })
    expect(verdictsOf(both, 'additional_vips')).toEqual([
      'refused: 198.51.100.2, 2001:db8::12 → one address per subnet, IPv4 alone',
    ])
  })

  it('is on weights of which one is 0', () => {
    const members = [0, 1, 5].map((weight) => member(`10.20.0.${weight + 1}`, { weight }))
    expect(verdictsOf(tree({ pools: [pool({ members })] }), 'weight')).toEqual([
      'approximate: 1 (1 of 2 members), 5 (1 of 2 members) → equal shares',
    ])
  })
})

describe('allowed_cidrs that nobody can read', () => {
  it.each(['not a network', '10.0.0.0/33', '10.0.0.0/8/8', ''])('stops the mirror: %j', (cidr) => {
    const source = tree({ listeners: [listener({ allowed_cidrs: ['192.0.2.0/24', cidr] })] })
    expect(stopping(source)).toEqual(['LB_UNSUPPORTED_ALLOWED_CIDRS'])
    const { plan } = allowing(look(source, emptyFor(ID), settings))
    expect(plan.findings.filter(stops).map(({ code }) => code)).toEqual(['LB_UNSUPPORTED_ALLOWED_CIDRS'])
  })

  it('of another family than the mirror stop nothing', () => {
    expect(stopping(tree({ listeners: [listener({ allowed_cidrs: ['2001:db8::/32', '192.0.2.7'] })] }))).toEqual([])
  })
})

describe('what the minimum of healthy targets holds', () => {
  it('is told in the same words however AWS lists the targets', () => {
    const first = settle(tree(), START, settings, picking(1))
    const other = tree({ pools: [pool({ members: [member('10.20.0.99')] })] })
    const { mirror } = first.world
    const targetGroups = mirror.targetGroups.map((group) => ({ ...group, targets: group.targets.toReversed() }))
    const turned = { ...first, world: { ...first.world, mirror: { ...mirror, targetGroups } } }
    const told = plan([look(other, first, settings)]).findings
    expect(told.map(({ code }) => code)).toContain('LB_MINIMUM_HEALTHY')
    expect(plan([look(other, turned, settings)]).findings).toEqual(told)
  })
})
