import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Plan } from '../../../src/lib/core/plan.ts'
import { token } from '../../../src/lib/core/change.ts'
import type { JsonObject } from '../../../src/lib/core/json.ts'
import { changeFacts } from '../../../src/lib/render/facts.ts'
import { groupFirewall, ranges } from '../../../src/lib/render/firewall.ts'
import { renderPlanMarkdown } from '../../../src/lib/render/markdown.ts'
import { heldChanges, outlinePlan } from '../../../src/lib/render/outline.ts'
import { colourPaint, plainPaint } from '../../../src/lib/render/paint.ts'
import { isConsent, renderPrompt } from '../../../src/lib/render/prompt.ts'
import { renderPlanText } from '../../../src/lib/render/text.ts'
import { textWidth } from '../../../src/lib/render/width.ts'
import { sinceText } from '../../../src/lib/render/words.ts'
import { hostile, OURS, poison, UNSAFE, withoutColour } from './evil.ts'
import { golden } from './golden.ts'
import {
  change,
  emptyPlan,
  finding,
  fleetPlan,
  mirrorPlan,
  namesPlan,
  plan,
  refusedPlan,
  report,
  SHOP,
  syncPlan,
} from './samples.ts'

const PLANS: Readonly<Record<string, Plan>> = {
  mirror: mirrorPlan,
  sync: syncPlan,
  fleet: fleetPlan,
  refused: refusedPlan,
  empty: emptyPlan,
}

const plain = (one: Plan, width = 80): string => renderPlanText(one, { paint: plainPaint, width })

describe('a plan on a terminal', () => {
  it.each(Object.keys(PLANS))('%s, 80 columns', async (name) => {
    await expect(plain(PLANS[name] ?? emptyPlan)).toMatchFileSnapshot(golden(`plan-${name}.80.txt`))
  })

  it.each(['mirror', 'sync', 'fleet'])('%s, 120 columns', async (name) => {
    await expect(plain(PLANS[name] ?? emptyPlan, 120)).toMatchFileSnapshot(golden(`plan-${name}.120.txt`))
  })

  it('in colour says the same words', async () => {
    for (const one of Object.values(PLANS))
      expect(withoutColour(renderPlanText(one, { paint: colourPaint, width: 80 }))).toBe(plain(one))
    await expect(renderPlanText(syncPlan, { paint: colourPaint, width: 80 })).toMatchFileSnapshot(
      golden('plan-sync.80.ansi'),
    )
  })

  it('shows some of hundreds of names that are moved alike, each that is moved otherwise, and counts the rest', async () => {
    await expect(plain(namesPlan)).toMatchFileSnapshot(golden('plan-names.80.txt'))
    const removing = { ...namesPlan, changes: namesPlan.changes.map((one) => ({ ...one, risk: 'removes' as const })) }
    expect(plain(removing).match(/^Name n\d+/gm)).toHaveLength(301)
  })

  it('shows what a held change holds too', () => {
    const first = change({ type: 'listener', name: 'TCP 80', kind: 'delete', reason: 'gone', risk: 'removes' })
    const second = change({ type: 'target-group', name: 'tg', kind: 'delete', needs: [first.id], reason: 'unused' })
    const third = change({ type: 'security-group', name: 'sg', kind: 'update', needs: [second.id], reason: 'rule' })
    const hold = finding({ code: 'LB_SOURCE_EMPTY', severity: 'hold', holds: [first.id] })
    // The last in the chain stands first: order in a plan is free.
    const held = plan({ changes: [third, second, first], findings: [hold] })
    expect(heldChanges(held).get(third.id)).toEqual(['LB_SOURCE_EMPTY'])
    expect(outlinePlan(held)).toMatchObject({ held: 3, counts: { delete: 0, update: 0 } })
    expect(plain(held)).toContain('Held: 3 changes will not be applied now.')
    expect(plain(held)).not.toContain('Takes away')
    const allowed = plan({ ...held, findings: [{ ...hold, allowed: { reason: 'meant' } }] })
    expect(outlinePlan(allowed)).toMatchObject({ held: 0, counts: { delete: 2, update: 1 } })
    expect(plain(allowed)).toContain('Takes away: target-group tg, listener TCP 80.')
  })

  it('says once, and as a part, what stays and only loses something', () => {
    const rule = (id: string) => ({
      ...change({ type: 'security-group', name: 'sg', kind: 'update', reason: 'rule', risk: 'removes' }),
      id,
    })
    const gone = change({ type: 'target-group', name: 'tg', kind: 'delete', reason: 'unused' })
    const text = plain(plan({ changes: [rule('80'), rule('443'), gone] }))
    expect(text).toContain('Takes away: part of security-group sg, target-group tg.')
  })

  it('does not call a stopped plan a plan with nothing to do', () => {
    const stopped = plan({ findings: [finding({ code: 'LB_SOURCE_GONE', severity: 'hold', holds: [] })] })
    expect(plain(stopped)).toContain('Held: nothing is changed, for the reasons above.')
    expect(plain(stopped)).not.toContain('Nothing to do')
    expect(plain(plan({ findings: [finding({ severity: 'warn' })] }))).toContain(
      'Nothing to do, but see the warnings above.',
    )
    expect(plain(emptyPlan)).toContain('Nothing to do: everything is as it should be.')
    expect(plain(plan({ findings: [finding({ severity: 'refuse' })] }))).toContain('Refused: nothing of this plan')
  })

  it('shows a change of a scope that the plan does not list', () => {
    const stray = change({ scope: 'elsewhere', type: 'listener', name: 'TCP 1', reason: 'stray' })
    expect(plain(plan({ changes: [stray] }))).toContain('Load balancer elsewhere')
  })

  it('calls a scope by its name and id, or by its id alone', () => {
    expect(plain(mirrorPlan)).toContain(`Load balancer shop-front  ${SHOP}`)
    expect(plain({ ...mirrorPlan, names: {} })).toContain(`Load balancer ${SHOP}\n`)
  })

  it('keeps every line within the terminal, but for commands to paste', () => {
    for (const width of [70, 80, 120])
      for (const one of Object.values(PLANS))
        for (const line of plain(one, width).split('\n'))
          if (!line.includes('nyah ') && !line.includes('openstack '))
            expect(textWidth(line)).toBeLessThanOrEqual(width)
  })

  it('passes no remote text on as it is', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(mirrorPlan, syncPlan, refusedPlan, fleetPlan),
        fc.array(hostile, { minLength: 1 }),
        (one, texts) => {
          let turn = 0
          const poisoned = poison(one, () => texts[turn++ % texts.length] ?? '', OURS)
          const shown = renderPlanText(poisoned, { paint: colourPaint, width: 80 })
          expect(withoutColour(shown)).not.toMatch(UNSAFE)
          expect(renderPlanMarkdown(poisoned)).not.toMatch(UNSAFE)
          expect(renderPrompt(poisoned, texts[0] ?? '', plainPaint)).not.toMatch(UNSAFE)
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('the report of a plan', () => {
  it('is left out when it is to be quiet, and nothing else is', () => {
    const quiet = renderPlanText(mirrorPlan, { paint: plainPaint, width: 80, quiet: true })
    expect(quiet).not.toMatch(/Fidelity|Firewalls|Quotas|share:/)
    expect(quiet).toContain('+ create  load-balancer')
    expect(quiet).toContain('LB_HEALTH_PATH_DROPPED')
    expect(quiet).toContain('Plan: 6 to create')
  })

  it('is one line where only members come and go', () => {
    const members = plan({
      changes: [change({ type: 'targets', name: 'tg', after: { targets: [] }, reason: 'more' })],
      reports: { [SHOP]: { ...report, quotas: [] } },
    })
    const text = plain(members)
    expect(text).toContain('Fidelity: 2 exact, 5 approximate, 1 dropped, 1 refused\n')
    expect(text).not.toMatch(/Firewalls|vip_address|share:/)
  })

  it('tells quotas only of what is created, or is near a limit', () => {
    const far = { ...report, quotas: report.quotas.slice(0, 1) }
    const update = change({ type: 'listener', name: 'TCP 80', kind: 'update', after: { port: 80 }, reason: 'r' })
    const create = change({ type: 'listener', name: 'TCP 80', after: { port: 80 }, reason: 'r' })
    const shown = (one: Plan): boolean => plain(one).includes('Quotas, in use after this:')
    expect(shown(plan({ changes: [update], reports: { [SHOP]: far } }))).toBe(false)
    expect(shown(plan({ changes: [create], reports: { [SHOP]: far } }))).toBe(true)
    expect(shown(plan({ changes: [update], reports: { [SHOP]: report } }))).toBe(true)
    const at = (needed: number) =>
      plan({
        reports: { [SHOP]: { ...report, quotas: [{ name: 'q', used: 0, needed, limit: 100, origin: 'account' }] } },
      })
    expect([79, 80, 100, 101].map((needed) => /^ {2}(near|over)/m.exec(plain(at(needed)))?.[1])).toEqual([
      undefined,
      'near',
      'near',
      'over',
    ])
  })

  it('does not repeat what a finding above says', () => {
    const said = finding({ code: 'LB_UNSUPPORTED_MONITOR_DOMAIN_NAME', severity: 'refuse', evidence: 'long.' })
    const text = plain(plan({ findings: [said], reports: { [SHOP]: report } }))
    expect(text).toContain('pool web (port 80): see LB_UNSUPPORTED_MONITOR_DOMAIN_NAME')
    expect(text).not.toContain('the Host header of its requests cannot be set')
  })

  it('of a fleet leaves out what is left out, and what is true of some only', () => {
    const text = plain(fleetPlan)
    expect(text).toContain('left out')
    expect(text).toMatch(/^Left out: 1 of 4 load balancers, refused; the others go on\.$/m)
    expect(text).not.toContain('the mirror has no targets now')
    expect(text).not.toContain('of this one alone')
    expect(text).not.toContain('nyah-dns-udp-0a1b2c3d')
    expect(text).toContain('LB_POOL_UNUSED of 2 more')
    expect(outlinePlan(fleetPlan)).toMatchObject({ refused: false, counts: { create: 0 } })
  })

  it('joins addresses in a row, and loses none', () => {
    expect(ranges(['10.0.0.3', '10.0.0.1', '10.0.0.2', '10.0.1.255', '10.0.2.0', '2001:db8::1', 'host'])).toEqual([
      '10.0.0.1-10.0.0.3',
      '10.0.1.255',
      '10.0.2.0',
      '2001:db8::1',
      'host',
    ])
    expect(ranges(['10.0.0.254', '10.0.0.255', '10.0.1.0'])).toEqual(['10.0.0.254-10.0.1.0'])
    expect(ranges([])).toEqual([])
  })

  it('says firewalls once for senders that may go the same ways', () => {
    const groups = groupFirewall(report.firewall)
    expect(groups).toHaveLength(1)
    expect(groups[0]?.from.map(({ cidr }) => cidr)).toEqual(['10.64.0.0/24', '10.64.1.0/24'])
    expect(groups[0]?.ways.map(({ port }) => port)).toEqual([8080, 8443, 9000])
    expect(groupFirewall(report.firewall.slice(0, 5))).toHaveLength(2)
  })
})

describe('what a change sets', () => {
  const arn = (name: string): string => `arn:aws:elasticloadbalancing:ap-northeast-1:1:targetgroup/${name}/0a1b`
  const facts = (before: JsonObject | null, after: JsonObject, names?: ReadonlyMap<string, string>) =>
    changeFacts(
      change({
        type: 'listener',
        name: 'TCP 80',
        kind: before === null ? 'create' : 'update',
        before,
        after,
        reason: '',
      }),
      names,
    ).map(({ sign, text }) => `${sign} ${text}`)

  it('names target groups and their shares', () => {
    const made = { ...token('s/target-group/80-w5/create', 'arn') }
    const names = new Map([['s/target-group/80-w5/create', 'nyah-shop-80-w5']])
    const after = {
      forward: [
        { targetGroupArn: arn('nyah-shop-80-w1'), weight: 1 },
        { targetGroupArn: made, weight: 3 },
      ],
    }
    expect(facts(null, after, names)).toEqual(['  forward nyah-shop-80-w1 25 %, nyah-shop-80-w5 75 %'])
    expect(facts(null, after)).toEqual(['  forward nyah-shop-80-w1 25 %, (made by this plan) 75 %'])
  })

  it('tells how shares move, and which group comes or goes', () => {
    const of = (...groups: readonly (readonly [string, number])[]): JsonObject => ({
      forward: groups.map(([name, weight]) => ({ targetGroupArn: arn(name), weight })),
    })
    expect(facts(of(['a', 1]), of(['a', 1], ['b', 0]))).toEqual(['+ forward b 0 %'])
    expect(facts(of(['a', 1], ['b', 0]), of(['b', 1]))).toEqual(['~ forward b 0 % → 100 %', '- forward a 100 %'])
    expect(facts(of(['a', 1], ['b', 999]), of(['a', 1], ['b', 998]))).toEqual([])
    expect(facts(of(['a', 0]), of(['a', 1]))).toEqual(['~ forward a 0 % → 100 %'])
  })

  it('hides what nyah keeps for itself, and says whose a thing becomes', () => {
    expect(facts({ tags: { 'nyah:removals': '3' } }, { tags: { 'nyah:removals': '4 1:2' } })).toEqual([])
    expect(facts({ tags: {} }, { tags: { 'nyah:weights': 'target-groups', 'nyah:held': 'X' } })).toEqual([
      '~ tag nyah:weights (none) → target-groups',
    ])
    expect(facts({ removals: '1' }, { removals: '2 5:1' })).toEqual([])
  })

  it('says TLS, switches and seconds as people do', () => {
    expect(
      facts(
        { certificates: ['arn:aws:acm:r:1:certificate/old'], attributes: { 'proxy_protocol_v2.enabled': 'false' } },
        {
          certificates: ['arn:aws:acm:r:1:certificate/new'],
          sslPolicy: 'ELBSecurityPolicy-TLS13-1-2-Res-2021-06',
          attributes: { 'proxy_protocol_v2.enabled': 'true' },
        },
      ),
    ).toEqual([
      '+ certificates certificate/new',
      '- certificates certificate/old',
      '~ ssl policy ELBSecurityPolicy-TLS13-1-2-Res-2021-06',
      '~ attributes proxy protocol v2 off → on',
    ])
    const idle = (seconds: string): JsonObject => ({ attributes: { 'tcp.idle_timeout.seconds': seconds } })
    expect(facts(idle('350'), idle('60'))).toEqual(['~ attributes tcp idle timeout 350 s → 60 s'])
  })
})

describe('since when', () => {
  it.each([
    ['2026-11-22T03:00:00Z', '2026-11-22T05:00:00Z', '2026-11-22 03:00 UTC (2 h)'],
    ['2026-11-22T03:00:00Z', '2026-11-22T03:01:29Z', '2026-11-22 03:00 UTC (89 s)'],
    ['2026-11-22T03:00:00Z', '2026-11-22T03:01:30Z', '2026-11-22 03:00 UTC (2 min)'],
    ['2026-11-20T03:00:00Z', '2026-11-22T03:00:00Z', '2026-11-20 03:00 UTC (2 days)'],
    ['yesterday\u202e', '2026-11-22T03:00:00Z', 'yesterday\\u{202e}'],
  ])('%s, seen at %s', (since, now, text) => {
    expect(sinceText(since, now)).toBe(text)
  })

  it('a hold is told with its age at the reading of the plan', () => {
    expect(plain(syncPlan)).toContain('held since 2026-11-22 19:00 UTC (2 h)')
    expect(renderPlanMarkdown(syncPlan)).toContain('held since')
  })
})

describe('a plan in a pull request', () => {
  it.each(Object.keys(PLANS))('%s', async (name) => {
    await expect(renderPlanMarkdown(PLANS[name] ?? emptyPlan)).toMatchFileSnapshot(golden(`plan-${name}.md`))
  })

  it('mentions nobody, embeds nothing, and opens no block that is not its own', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(syncPlan, fleetPlan, mirrorPlan),
        fc.array(hostile, { minLength: 1 }),
        (one, texts) => {
          let turn = 0
          const poisoned = poison(one, () => texts[turn++ % texts.length] ?? '', OURS)
          const prose = renderPlanMarkdown(poisoned)
            .replaceAll(/^(`{3,})diff\n[^]*?\n\1$/gm, '')
            .replaceAll(/(?<!`)(`+)(?!`)[^]*?(?<!`)\1(?!`)/g, '')
            .replaceAll(
              /^> \[!\w+\]$|<br>(?=$|Try: | \|)|<\/?sub>|<\/?details>|<summary>[\w ,:]+<\/summary>|(?<=\|[^|]*)<br>|^> |\*\*[\w ():]+\*\*|^\|.*---.*\|$|^#+ /gm,
              '',
            )
          expect(prose).not.toMatch(/[@<[\]`*_#]/)
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('the question', () => {
  it('asks for a y, or for the id', () => {
    expect(renderPrompt(mirrorPlan, null, plainPaint)).toBe(
      'Apply this to production? 6 to create, 0 to change, 0 to delete; 153 targets to add. [y/N] ',
    )
    expect(renderPrompt(syncPlan, SHOP, plainPaint)).toBe(
      `This cannot be taken back. 0 to create, 1 to change, 2 to delete, 1 held; 1 target to add, in production.\nType ${SHOP} to go ahead: `,
    )
    expect(renderPrompt(emptyPlan, null, plainPaint)).toBe(
      'Go on with the walk in production? Nothing is due yet; its next steps are made as they fall due. [y/N] ',
    )
  })

  it.each([
    ['y', null, true],
    [' YES ', null, true],
    ['', null, false],
    ['yep', null, false],
    [SHOP, SHOP, true],
    ['y', SHOP, false],
    ['', SHOP, false],
  ])('%j to %j is %s', (answer, id, consent) => {
    expect(isConsent(answer, id)).toBe(consent)
  })
})
