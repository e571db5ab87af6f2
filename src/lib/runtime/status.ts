import { EXIT, errorData, type ErrorData } from '../core/errors.ts'
import type { MirrorList } from '../lb/list.ts'
import { aimError, aimText } from '../render/aim.ts'
import { errorLines } from '../render/errors.ts'
import { escapeText } from '../render/escape.ts'
import { count, sinceText } from '../render/words.ts'
import { viewOf } from './dns-show.ts'
import { setsTable } from './dns-text.ts'
import { exitOf, overdueOf, readyLines } from './failover-status.ts'
import { wayLines } from './failover-armed.ts'
import { configuredSwitch, waysOf } from './failover-ways.ts'
import type { SharedFlags } from './flags.ts'
import type { Io } from './io.ts'
import { reading } from './lb.ts'
import { HEALTH_MS, readNames } from './names-read.ts'
import type { Opened } from './open.ts'
import type { Report } from './report.ts'

/** What does not answer by then is not read: one screen, now. */
const STATUS_AT_MOST_MS = 10_000

/** `nyah status`: 0 ready, 6 known to be bad, 12 unknown. */
export const status = (io: Io, flags: SharedFlags): Promise<Report> =>
  reading(
    io,
    flags,
    async (opened, signal, clock) => {
      const [{ viewSets }, { readinessOf, verdictOf }, read, mirrors] = await Promise.all([
        import('../dns/view.ts'),
        import('../dns/readiness.ts'),
        readNames(opened, { names: null, healthMs: HEALTH_MS }, { clock, signal }),
        entrancesOf(opened, signal),
      ])
      const sets = read.names
        .flatMap(viewSets)
        .filter(({ owner }) => owner.kind === 'nyah' || owner.kind === 'unreadable')
      const ready = readinessOf(sets)
      const verdict = verdictOf(ready)
      const at = new Date(clock.now()).toISOString()
      const errors = [...read.unread, ...mirrors.unread]
      const exitCode = exitOf(verdict, errors.length > 0)
      const view = viewOf(io, at)
      const overdue = overdueOf(sets, at)
      const ways = await waysOf(
        opened,
        read.names,
        read.names,
        { which: { by: 'all' }, isAll: true },
        { clock, signal },
      )
      const lines = [
        view.paint('bold', headline(verdict)),
        '',
        ...(sets.length === 0 ? [] : [setsTable(sets, view)]),
        ...readyLines(
          ready.filter(({ verdict: one }) => one !== 'ready' || ready.length <= SHOWN),
          view,
        ),
        ...overdue.map(({ name, owner }) =>
          view.paint(
            'refuse',
            `overdue  ${escapeText(name)} was to be back ${sinceText(owner.until ?? '', at)}: nyah failover end ${name}`,
          ),
        ),
        ...wayLines(ways, configuredSwitch(opened)),
        '',
        ...entranceLines(mirrors, at),
        `Read ${new Date(clock.now()).toISOString().slice(11, 19)} UTC.`,
        ...errors.flatMap((error) => ['', ...errorLines(aimError(error, flags), io.width, view.paint)]),
        '',
      ]
      return {
        document: {
          ok: exitCode === EXIT.ok,
          exitCode,
          at,
          verdict,
          sets,
          ready,
          overdue: overdue.map(({ name, type, owner }) => ({ name, type, until: owner.until })),
          ways,
          mirrors: mirrors.rows,
          unread: errors,
        },
        text: aimText(lines.join('\n'), flags),
        exitCode,
      }
    },
    STATUS_AT_MOST_MS,
  )

const SHOWN = 12

const headline = (verdict: 'ready' | 'bad' | 'unknown'): string =>
  ({
    ready: 'Ready: users can be sent to either side.',
    bad: 'Not ready: something known stands in the way.',
    unknown: 'Unknown: not all of it could be judged.',
  })[verdict]

interface Entrances {
  readonly rows: MirrorList['rows']
  readonly unread: readonly ErrorData[]
}

/** Mirrors, however much of both clouds answers. */
async function entrancesOf(opened: Opened, signal: AbortSignal): Promise<Entrances> {
  try {
    const [{ listMirrors, HEALTH_AT_MOST }, source, mirrors] = await Promise.all([
      import('../lb/list.ts'),
      opened.source(),
      opened.mirrors(),
    ])
    const { rows, unread } = await listMirrors({ source, mirrors }, HEALTH_AT_MOST, signal)
    return { rows, unread: unread.map(({ error }) => error) }
  } catch (error) {
    return { rows: [], unread: [errorData(error)] }
  }
}

function entranceLines({ rows }: Entrances, at: string): readonly string[] {
  const twins = rows.filter(({ mirror }) => typeof mirror !== 'string')
  const behind = twins.filter(({ drift }) => drift.state === 'behind').length
  const held = twins.filter((row) => row.held.length > 0)
  const first = `Mirrors: ${count(twins.length, 'mirror')}, ${behind} behind, ${held.length} with something held.`
  return [
    first,
    ...held
      .slice(0, SHOWN)
      .map(
        (row) =>
          `held     ${escapeText(row.name ?? row.id)}: ${row.held.map((one) => `${escapeText(one.code)} since ${sinceText(one.since, at)}`).join(', ')}`,
      ),
    '',
  ]
}
