import { describe, expect, it } from 'vitest'
import { errorData, EXIT, nyahError } from '../../../src/lib/core/errors.ts'
import type { MirrorList, MirrorRow } from '../../../src/lib/lb/list.ts'
import { plainPaint } from '../../../src/lib/render/paint.ts'
import { textWidth } from '../../../src/lib/render/width.ts'
import { listText } from '../../../src/lib/runtime/lb-list.ts'
import { UNSAFE } from '../render/evil.ts'

const flags = {
  context: undefined,
  config: undefined,
  sandbox: false,
  json: false,
  output: 'text',
  timeout: '15m',
  quiet: false,
  debug: false,
  'no-color': false,
}

const show = (list: Partial<MirrorList>, width = 100): string =>
  listText(
    { rows: [], unread: [], healthNotAsked: null, ...list },
    { width, prose: Math.min(width, 100), paint: plainPaint, at: '2026-11-22T05:00:00.000Z', flags },
  )

const mirror = {
  name: 'nyah-shop-front-3fa9c2d1',
  dnsName: 'nyah.elb.example.com',
  arn: 'arn:lb',
  state: 'active' as const,
  targets: { registered: 3, healthy: 2 },
}

const row = (part: Partial<MirrorRow>): MirrorRow => ({
  id: '5f0c7c1e-6f7b-4f6a-8d3a-0e2f2b9f6f11',
  name: 'shop-front',
  source: { vip: '203.0.113.11', provisioning_status: 'ACTIVE', operating_status: 'ONLINE', updated_at: null },
  mirror,
  drift: { state: 'in-step', since: null, inStepWith: '2026-11-22T03:00:00' },
  held: [],
  ...part,
})

const held = [{ code: 'LB_REMOVAL_BUDGET', since: '2026-11-22T03:00:00Z' }]

const rows: readonly MirrorRow[] = [
  row({}),
  row({ name: 'k-ロードバランサー', drift: { state: 'behind', since: '2026-11-22T04:30:00.000Z', inStepWith: 'x' } }),
  row({ name: 'held', held }),
  row({ name: 'new', drift: { state: 'never', since: null, inStepWith: null } }),
  row({ name: 'coming', mirror: { ...mirror, state: 'provisioning', targets: null } }),
  row({ name: 'none', mirror: 'none', drift: { state: 'unknown', since: null, inStepWith: null } }),
  row({ name: null, source: 'gone', drift: { state: 'unknown', since: null, inStepWith: null } }),
]

describe('the list as text', () => {
  it.each([80, 100, 140])('fits %i columns', (width) => {
    for (const line of show({ rows }, width).split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(width)
  })

  it('says how each mirror stands', () => {
    const lines = show({ rows }, 140).split('\n')
    const cell = (line: string | undefined): string | undefined => line?.split(/ {2,}/)[4]
    expect(lines.slice(1, 8).map(cell)).toEqual([
      'in step',
      'behind 30 min',
      'held 2 h',
      'never synced',
      'provisioning',
      'none',
      expect.anything(),
    ])
    expect(lines[1]).toContain('2/3')
    expect(lines[5]).toMatch(/ \? /)
    expect(lines[7]).toContain('gone')
    expect(lines[7]).toContain('active')
    expect(show({ rows }, 140)).toContain('held  held  LB_REMOVAL_BUDGET since 2026-11-22 03:00 UTC (2 h)')
  })

  it('says what stands otherwise than it seems, and what to do', () => {
    const drift = (state: MirrorRow['drift']['state']) => row({ drift: { state, since: null, inStepWith: null } })
    const text = show({ rows: [drift('tags-lost'), drift('newer'), drift('reconfigured')] }, 140)
    const cell = (line: string | undefined): string | undefined => line?.split(/ {2,}/)[4]
    expect(text.split('\n').slice(1, 4).map(cell)).toEqual(['tags lost', 'newer nyah', 'config changed'])
    expect(text).toContain('nyah lb mirror 5f0c7c1e-6f7b-4f6a-8d3a-0e2f2b9f6f11 --adopt')
    expect(text).toContain('nyah lb diff 5f0c7c1e-6f7b-4f6a-8d3a-0e2f2b9f6f11')
  })

  it('shows the VIP where there is room, and the name of the NLB where there is more', () => {
    const head = (width: number) => show({ rows }, width).split('\n')[0]?.split(/ {2,}/)
    expect(head(80)).toEqual(['NAME', 'ID', 'OCTAVIA', 'MIRROR', 'HEALTHY'])
    expect(head(100)).toEqual(['NAME', 'ID', 'VIP', 'OCTAVIA', 'MIRROR', 'HEALTHY'])
    expect(head(Infinity)).toEqual(['NAME', 'ID', 'VIP', 'OCTAVIA', 'MIRROR', 'HEALTHY', 'NLB'])
  })

  it('says that health was not asked for, and how to ask', () => {
    const text = show({
      rows: [row({ mirror: { ...mirror, targets: null } })],
      healthNotAsked: { targetGroups: 120, atMost: 40 },
    })
    expect(text).toContain('120 target groups')
    expect(text).toContain('--health')
    expect(text.split('\n')[1]).toMatch(/\?$/)
  })

  it('says what could not be read: unknown, never none', () => {
    const error = errorData(nyahError({ code: 'AWS_UNREACHABLE', message: 'no answer', exit: EXIT.remote }))
    const unknown = row({ mirror: 'unknown', drift: { state: 'unknown', since: null, inStepWith: null } })
    const text = show({ rows: [unknown], unread: [{ side: 'aws', error }] })
    expect(text).toContain('AWS could not be read; its columns are unknown, not empty:')
    expect(text).toContain('AWS_UNREACHABLE  no answer')
    expect(text.split('\n')[1]).toMatch(/unknown +\?$/)
    expect(show({ rows: [], unread: [{ side: 'aws', error }] })).not.toContain('No load balancers')
    expect(show({})).toBe('No load balancers: neither in Octavia nor mirrored.\n')
  })

  it('passes no remote text on as it is', () => {
    const evil = 'a\u001b[2J\u202egnp'
    const text = show({ rows: [row({ name: evil, held: [{ code: evil, since: evil }] })] }, 140)
    expect(text).not.toMatch(UNSAFE)
  })
})
