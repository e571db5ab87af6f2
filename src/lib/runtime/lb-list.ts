import { EXIT } from '../core/errors.ts'
import type { MirrorList, MirrorRow } from '../lb/list.ts'
import { aimError, aimText } from '../render/aim.ts'
import { errorLines } from '../render/errors.ts'
import { escapeLong, escapeText } from '../render/escape.ts'
import { choosePaint, type Paint } from '../render/paint.ts'
import { renderTable } from '../render/table.ts'
import { padEnd, textWidth, wrap } from '../render/width.ts'
import { age, count, sinceText } from '../render/words.ts'
import type { Report } from './report.ts'
import type { SharedFlags } from './flags.ts'
import type { Io } from './io.ts'
import { lbSettings } from './open.ts'
import { reading, READ_AT_MOST_MS } from './lb.ts'

/** `nyah lb list`. `health`: asked for however many target groups there are. */
export const lbList = (io: Io, flags: SharedFlags, health: boolean): Promise<Report> =>
  reading(
    io,
    flags,
    async (opened, signal, clock) => {
      const [{ listMirrors, HEALTH_AT_MOST }, source, mirrors] = await Promise.all([
        import('../lb/list.ts'),
        opened.source(),
        opened.mirrors(),
      ])
      const list = await listMirrors(
        { source, mirrors },
        health ? Infinity : HEALTH_AT_MOST,
        signal,
        lbSettings(opened),
      )
      const exitCode = list.unread.length > 0 ? EXIT.partialAnswer : EXIT.ok
      const at = new Date(clock.now()).toISOString()
      return {
        document: {
          ok: exitCode === EXIT.ok,
          exitCode,
          at,
          loadBalancers: list.rows,
          unread: list.unread,
          healthNotAsked: list.healthNotAsked,
        },
        text: listText(list, {
          width: io.tableWidth,
          prose: io.width,
          paint: choosePaint(io.colour.stdout),
          at,
          flags,
        }),
        exitCode,
      }
      // One request for each of many target groups may take its time.
    },
    health ? Infinity : READ_AT_MOST_MS,
  )

export interface ListView {
  /** Columns the table may take. */
  readonly width: number
  /** Columns to wrap prose at. */
  readonly prose: number
  readonly paint: Paint
  /** ISO 8601: ages count to it. */
  readonly at: string
  readonly flags: SharedFlags
}

/** From so many columns on there is room for the VIP, and for the NLB's name. */
const ROOMY = 96
const WIDE = 132

/** The table, then what needs attention, then what could not be read. */
export function listText(list: MirrorList, view: ListView): string {
  const { rows, unread } = list
  const nothing = unread.length === 0 ? 'No load balancers: neither in Octavia nor mirrored.\n' : ''
  if (rows.length === 0) return nothing + partialText(list, view)
  const roomy = view.width >= ROOMY
  const wide = view.width >= WIDE
  const table = renderTable(
    ['NAME', 'ID', ...(roomy ? ['VIP'] : []), 'OCTAVIA', 'MIRROR', 'HEALTHY', ...(wide ? ['NLB'] : [])],
    rows.map((row) => [
      row.name ?? '',
      row.id,
      ...(roomy ? [typeof row.source === 'string' ? '' : row.source.vip] : []),
      sourceCell(row),
      mirrorCell(row, view.at),
      healthCell(row, list),
      ...(wide ? [typeof row.mirror === 'string' ? '' : row.mirror.name] : []),
    ]),
    view.width,
    view.paint,
  )
  return `${table}${heldText(rows, view)}${stepsText(rows, view)}${healthText(list, view)}${partialText(list, view)}`
}

function sourceCell({ source }: MirrorRow): string {
  if (typeof source === 'string') return source
  return source.provisioning_status === 'ACTIVE' ? source.operating_status : source.provisioning_status
}

/** How the mirror stands: what needs attention first. */
function mirrorCell({ mirror, drift, held }: MirrorRow, at: string): string {
  if (typeof mirror === 'string') return mirror
  if (mirror.state !== 'active') return mirror.state
  if (drift.state === 'tags-lost') return 'tags lost'
  if (drift.state === 'newer') return 'newer nyah'
  const [first] = held.map(({ since }) => since).toSorted()
  if (first !== undefined) return `held ${ageOf(first, at)}`.trimEnd()
  if (drift.state === 'behind') return `behind ${ageOf(drift.since ?? '', at)}`.trimEnd()
  return { 'in-step': 'in step', never: 'never synced', unknown: 'active', reconfigured: 'config changed' }[drift.state]
}

function ageOf(since: string, at: string): string {
  const passed = Date.parse(at) - Date.parse(since)
  return Number.isNaN(passed) ? '' : age(passed)
}

/** `3/3`: healthy of registered; `?`: it was not asked for, or could not be read. */
function healthCell({ mirror }: MirrorRow, { unread }: MirrorList): string {
  if (mirror === 'none') return ''
  if (mirror === 'unknown' || mirror.targets === null || unread.some(({ side }) => side === 'aws')) return '?'
  return `${mirror.targets.healthy}/${mirror.targets.registered}`
}

/** A line for each mirror of which something is held: what, and since when. */
function heldText(rows: readonly MirrorRow[], { paint, at, prose }: ListView): string {
  const held = rows.filter((row) => row.held.length > 0)
  if (held.length === 0) return ''
  const shown = held.slice(0, MOST_HELD)
  const names = shown.map((row) => escapeLong(row.name ?? row.id, 60))
  const widest = Math.min(36, Math.max(...names.map(textWidth)))
  const lines = shown.flatMap((row, index) => {
    const text = row.held.map(({ code, since }) => `${escapeText(code)} since ${sinceText(since, at)}`).join(', ')
    const name = padEnd(names[index] ?? '', widest)
    const [first = '', ...more] = wrap(text, Math.max(20, prose - textWidth(name) - 8))
    return [
      `${paint('hold', 'held')}  ${name}  ${first}`,
      ...more.map((line) => `${' '.repeat(textWidth(name) + 8)}${line}`),
    ]
  })
  const rest = held.length - shown.length
  return `${['', ...lines, ...(rest > 0 ? [`… and ${rest} more (all of them: --json)`] : [])].join('\n')}\n`
}

const MOST_HELD = 20

/** What a word in the table does not say: why, and the next step. */
const STEPS: Readonly<Partial<Record<MirrorRow['drift']['state'], (id: string) => string>>> = {
  'tags-lost': (id) =>
    `tags lost: an NLB has the mirror's name and not nyah's tags; if it is the mirror: nyah lb mirror ${id} --adopt`,
  newer: () => 'newer nyah: a newer nyah made it, and this one leaves it alone; use that one',
  reconfigured: (id) =>
    `config changed: the configuration says otherwise than when both were in step: nyah lb diff ${id}`,
}

function stepsText(rows: readonly MirrorRow[], { paint, prose, flags }: ListView): string {
  const told = rows.flatMap((row) => {
    const step = STEPS[row.drift.state]
    return step === undefined ? [] : [`${escapeLong(row.name ?? row.id, 60)}  ${aimText(step(row.id), flags)}`]
  })
  if (told.length === 0) return ''
  const rest = told.length - MOST_HELD
  const lines = told.slice(0, MOST_HELD).flatMap((text) => wrap(text, prose).map((line) => paint('warn', line)))
  return `${['', ...lines, ...(rest > 0 ? [`… and ${rest} more (all of them: --json)`] : [])].join('\n')}\n`
}

function healthText({ healthNotAsked }: MirrorList, { paint, prose }: ListView): string {
  if (healthNotAsked === null) return ''
  const { targetGroups, atMost } = healthNotAsked
  const text = `Health was not asked for: ${count(targetGroups, 'target group')} take one request each, and without --health it is asked for at most ${atMost}.`
  return `\n${wrap(text, prose)
    .map((line) => paint('dim', line))
    .join('\n')}\n`
}

const UNREAD: Readonly<Record<MirrorList['unread'][number]['side'], string>> = {
  octavia: 'Octavia could not be read; its columns are unknown, not empty:',
  aws: 'AWS could not be read; its columns are unknown, not empty:',
  health: 'The health of targets could not be read; it is unknown:',
}

function partialText({ unread }: MirrorList, { paint, prose, flags }: ListView): string {
  const lines = unread.flatMap(({ side, error }) => [
    '',
    paint('warn', UNREAD[side]),
    ...errorLines(aimError(error, flags), prose, paint),
  ])
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}
