import type { MeasuredShare } from '../dns/measured.ts'
import type { Death, ShownMember, ShownSet } from '../dns/view.ts'
import type { Measured } from './dns-measure.ts'
import { escapeLong, escapeText } from '../render/escape.ts'
import type { Paint } from '../render/paint.ts'
import { renderPairs, renderTable } from '../render/table.ts'
import { wrap } from '../render/width.ts'
import { age, count, sinceText } from '../render/words.ts'

/** What names look like to people. */
export interface NamesView {
  readonly paint: Paint
  readonly tableWidth: number
  readonly width: number
  /** ISO 8601: ages count to it. */
  readonly at: string
}

/** A line for each set. Ends with a newline. */
export function setsTable(sets: readonly ShownSet[], view: NamesView): string {
  const rows = sets.map((set) => [
    set.name,
    set.type,
    set.members.map((one) => `${escapeText(one.id ?? 'simple')} ${percent(one.share)}`).join(', '),
    set.members.map((one) => healthWord(one)).join(', '),
    stateWord(set),
    set.owner.by === null ? ownerWord(set) : `${set.owner.by}, ${agoOf(set.owner.at, view.at)}`,
  ])
  return renderTable(['NAME', 'TYPE', 'SHARE', 'HEALTH', 'STATE', 'LAST MOVED BY'], rows, view.tableWidth, view.paint)
}

/** All of one set. Ends with a newline. */
export function setText(set: ShownSet, view: NamesView): string {
  const { name, type, zone, routing } = set
  const pairs = renderPairs(
    [
      ['name', `${name}  ${type}`],
      ['zone', `${zone.name}  ${zone.id}  ${zone.private ? 'private' : 'public'}`],
      ['routing', routing === 'other' ? 'one that nyah shows and never writes' : routing],
      ['owner', ownerWord(set)],
      ['state', stateWord(set)],
      ...movedPairs(set, view),
      [
        'read',
        set.from === 'card' ? `from a card, as it was ${sinceText(set.at, view.at)}` : sinceText(set.at, view.at),
      ],
    ],
    view.paint,
  )
  const rows = set.members.map((one) => [
    one.id ?? 'simple',
    one.entrance ?? one.pointsTo.join(' '),
    one.weight === null ? '' : String(one.weight),
    percent(one.share),
    percent(one.now),
    one.ttl === null ? '60 (alias)' : String(one.ttl),
    healthCell(one, view.at),
  ])
  const table = renderTable(
    ['SIDE', 'POINTS TO', 'WEIGHT', 'SHARE', 'NOW', 'TTL', 'HEALTH'],
    rows,
    view.tableWidth,
    view.paint,
  )
  const deaths = set.deaths.flatMap((death) => wrap(deathText(death, set.members), view.width))
  const unread = set.unread.flatMap((what) => wrap(`not read: ${escapeLong(what, 300)}`, view.width))
  const told = [
    ...(deaths.length === 0 ? [] : ['', ...deaths]),
    ...(unread.length === 0 ? [] : ['', ...unread.map((line) => view.paint('warn', line))]),
  ]
  return `${pairs}\n${table}${told.length === 0 ? '' : `${told.join('\n')}\n`}`
}

/** `aws  9.5 % (95 %: 7 % to 12.8 %); as it should be: 10 %` */
export function shareText({ id, share, low, high, intended, fits }: MeasuredShare): string {
  const who = id === null ? 'none of these records' : escapeText(id)
  const should = intended === null ? '' : `; ${fits ? 'as it should be' : 'NOT as it should be'}: ${percent(intended)}`
  return `${who}  ${percent(share)} (95 %: ${percent(low)} to ${percent(high)})${should}`
}

/** What name servers really answered; empty: they were not asked. Ends with a newline. */
export function measuredText(measured: Measured | undefined, { paint, width }: NamesView): string {
  if (measured === undefined) return ''
  const { asked, answered, servers, shares, why } = measured
  const lines = shares.map((one) => paint(one.fits ? 'ok' : 'warn', `  ${shareText(one)}`))
  return [
    '',
    ...wrap(
      `Measured: ${answered} of ${count(asked, 'query', 'queries')} answered by ${count(servers.length, 'name server')}`,
      width,
    ),
    ...(answered === 0 ? [] : lines),
    ...(why === null ? [] : wrap(`not answered: ${escapeLong(why, 300)}`, width).map((line) => paint('warn', line))),
    '',
  ].join('\n')
}

function movedPairs({ owner }: ShownSet, { at }: NamesView): readonly (readonly [string, string])[] {
  if (owner.at === null) return []
  const { octavia, aws } = owner.steady ?? { octavia: 0, aws: 0 }
  const until = owner.until === null ? [] : [['promised back', sinceOrUntil(owner.until, at)] as const]
  const walk =
    owner.walk === null
      ? []
      : [
          [
            'walk',
            `step ${owner.walk.done} of ${owner.walk.steps.length}, every ${age(owner.walk.everySeconds * 1000)}`,
          ] as const,
        ]
  return [
    [
      'steady',
      `octavia ${percent((100 * octavia) / (octavia + aws || 1))}, aws ${percent((100 * aws) / (octavia + aws || 1))}`,
    ],
    ['moved', `${sinceText(owner.at, at)} by ${owner.by ?? '?'}`],
    ['why', owner.why ?? ''],
    ['run', `${owner.run ?? '?'}, change ${owner.epoch ?? '?'} of this name`],
    ...walk,
    ...until,
  ]
}

const sinceOrUntil = (until: string, at: string): string =>
  until < at ? `${sinceText(until, at)}: OVERDUE` : `by ${sinceText(until, undefined)}`

/** Whose it is. */
export function ownerWord({ owner }: Pick<ShownSet, 'owner'>): string {
  if (owner.kind === 'nyah') return 'nyah'
  if (owner.kind === 'external-dns') return `ExternalDNS (${owner.detail ?? '?'})`
  return owner.kind === 'unreadable' ? `not readable: ${owner.detail ?? ''}` : 'nobody'
}

/** How it stands: what needs attention first. */
export function stateWord({ owner, away, routing }: Pick<ShownSet, 'owner' | 'away' | 'routing'>): string {
  if (owner.kind !== 'nyah') return routing
  if (owner.drill) return 'drill'
  if (owner.walk !== null) return 'on its way'
  return away === true ? 'away from steady' : away === null ? '?' : 'steady'
}

const healthWord = ({ health }: ShownMember): string =>
  health.watched ? health.health : `${health.health} (unwatched)`

const healthCell = (one: ShownMember, at: string): string => {
  const seen = one.health.at === null ? '' : `, ${agoOf(one.health.at, at)}`
  return `${healthWord(one)}: ${one.health.detail}${seen}`
}

/** `12 s ago` */
export function agoOf(since: string | null, at: string): string {
  const passed = since === null ? NaN : Date.parse(at) - Date.parse(since)
  return Number.isNaN(passed) ? 'no time' : `${age(passed)} ago`
}

/** `If aws dies now: …`: a sentence. */
function deathText(death: Death, members: readonly ShownMember[]): string {
  const who = `If ${escapeText(death.id)} dies now: `
  const own = members.find((one) => (one.id ?? one.pointsTo.join(', ')) === death.id)
  if (!death.noticed) {
    const lost = own === undefined ? 0 : own.now
    return `${who}Route 53 does not notice, and goes on sending ${percent(lost)} there; nothing but a failover helps.`
  }
  const to = Object.entries(death.shares)
    .filter(([, share]) => share > 0)
    .map(([id, share]) => `${percent(share)} to ${escapeText(id)}`)
    .join(', ')
  const soon = death.outInSeconds === null ? '' : ` within ${count(death.outInSeconds, 'second')}`
  if (death.allUnhealthy)
    return `${who}nothing healthy is left; Route 53 then treats all as healthy: ${to}. ${percent(death.lost)} of users get no answer that works.`
  const lost = death.lost > 0 ? `; ${percent(death.lost)} of them to what is dead` : ''
  return `${who}Route 53 sends ${to}${soon}${lost}.`
}

/** A little is not nothing, and nearly all is not all. */
export function percent(share: number): string {
  if (share > 0 && share < 0.05) return '<0.1 %'
  if (share > 99.95 && share < 100) return '>99.9 %'
  return `${Math.round(share * 10) / 10} %`
}
