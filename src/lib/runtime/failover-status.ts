import { EXIT, type ExitCode } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { Ready } from '../dns/readiness.ts'
import type { ShownSet } from '../dns/view.ts'
import { aimError, aimText } from '../render/aim.ts'
import { errorLines } from '../render/errors.ts'
import { escapeLong, escapeText } from '../render/escape.ts'
import { hanging } from '../render/findings.ts'
import { wrap } from '../render/width.ts'
import { sinceText } from '../render/words.ts'
import { namesOf } from './dns-errand.ts'
import { viewOf } from './dns-show.ts'
import { setText, type NamesView } from './dns-text.ts'
import { armedOf, wayLines } from './failover-armed.ts'
import { waysOf } from './failover-ways.ts'
import type { SharedFlags } from './flags.ts'
import type { Io } from './io.ts'
import { reading, READ_AT_MOST_MS } from './lb.ts'
import { HEALTH_MS, readNames } from './names-read.ts'
import type { Report } from './report.ts'

/** `nyah failover status [NAME…]`: 0 ready, 6 known to be bad, 12 unknown. */
export const failoverStatus = (io: Io, flags: SharedFlags, words: readonly string[]): Promise<Report> =>
  reading(
    io,
    flags,
    async (opened, signal, clock) => {
      const wanted = words.length === 0 ? null : namesOf(words)
      const [{ viewSets }, { readinessOf, verdictOf }, read] = await Promise.all([
        import('../dns/view.ts'),
        import('../dns/readiness.ts'),
        readNames(opened, { names: wanted, healthMs: HEALTH_MS }, { clock, signal }),
      ])
      const sets = read.names
        .flatMap(viewSets)
        .filter(({ owner }) => owner.kind === 'nyah' || owner.kind === 'unreadable')
      const whole = wanted === null && read.unread.length === 0
      const card = await armedOf(opened.card, whole ? read.names : null, clock.now())
      const ways = await waysOf(
        opened,
        read.names,
        read.names,
        { which: { by: 'all' }, isAll: whole },
        { clock, signal },
      )
      const ready = readinessOf(sets)
      const verdict = verdictOf(ready)
      const exitCode = exitOf(verdict, read.unread.length > 0)
      const at = new Date(clock.now()).toISOString()
      const view = viewOf(io, at)
      const unread = read.unread.flatMap((error) => ['', ...errorLines(aimError(error, flags), io.width, view.paint)])
      const text = [
        ...sets.map((set) => setText(set, view)),
        [
          ...readyLines(ready, view),
          ...[...provenLines(sets, at), card.text, ...wayLines(ways)].flatMap((line) => wrap(line, io.width)),
          '',
        ].join('\n'),
      ].join('\n')
      return {
        document: {
          ok: exitCode === EXIT.ok,
          exitCode,
          at,
          verdict,
          armed: card.armed,
          card: card.document,
          sets,
          ready,
          proven: sets.map(({ name, type, owner }) => ({ name, type, ...provenOf(owner, at) })),
          unread: read.unread,
        },
        text: `${aimText(text, flags)}${unread.length === 0 ? '' : `${unread.join('\n')}\n`}`,
        exitCode,
      }
    },
    READ_AT_MOST_MS,
  )

/** What is known to be bad counts more than what is not known. */
export function exitOf(verdict: Ready['verdict'], isPartial: boolean): ExitCode {
  if (verdict === 'bad') return EXIT.refused
  return verdict === 'unknown' || isPartial ? EXIT.partialAnswer : EXIT.ok
}

const TONES = { ready: 'ok', bad: 'refuse', unknown: 'warn' } as const

/** A line for each name and side: could everybody go there? */
export function readyLines(ready: readonly Ready[], { paint, width }: NamesView): readonly string[] {
  if (ready.length === 0) return ['No name is nyah’s: there is nobody it could move.']
  return ready.flatMap(({ name, type, to, verdict, why }) =>
    hanging(
      verdict.padEnd(9),
      `${escapeText(name)} ${type} to ${to}${why.length === 0 ? '' : `: ${escapeLong(why.join('; '), 400)}`}`,
      width,
    ).map((line) => paint(TONES[verdict], line)),
  )
}

const DAY_MS = 86_400_000

const provenOf = ({ proven }: ShownSet['owner'], at: string): JsonObject =>
  proven === null
    ? { proven: null, daysSince: null }
    : { proven: { ...proven }, daysSince: Math.floor((Date.parse(at) - Date.parse(proven.at)) / DAY_MS) }

/** When it was last shown that users can be moved, and how long that took: what is oldest counts. */
export function provenLines(sets: readonly ShownSet[], at: string): readonly string[] {
  const owned = sets.filter(({ owner }) => owner.kind === 'nyah')
  const never = owned.filter(({ owner }) => owner.proven === null)
  const [oldest] = owned
    .flatMap(({ name, owner }) => (owner.proven === null ? [] : [{ name, ...owner.proven }]))
    .toSorted((one, other) => (one.at < other.at ? -1 : 1))
  const others = owned.length - never.length - 1
  const some = never
    .slice(0, 3)
    .map(({ name }) => escapeText(name))
    .join(', ')
  return [
    ...(oldest === undefined
      ? []
      : [
          `Proven ${sinceText(oldest.at, at)} by a rehearsal on ${oldest.side}, in ${oldest.seconds} s until the name servers answered (${escapeText(oldest.name)}${others > 0 ? `, of ${others + 1} the longest ago` : ''}).`,
        ]),
    ...(never.length === 0
      ? []
      : [
          `Never rehearsed: ${some}${never.length > 3 ? ` and ${never.length - 3} more` : ''}. To prove that users can be moved: nyah failover drill --all --for 15m --attended`,
        ]),
  ]
}

/** Names whose promised return has passed. */
export const overdueOf = (sets: readonly ShownSet[], at: string): readonly ShownSet[] =>
  sets.filter(({ owner }) => owner.until !== null && owner.until < at)
