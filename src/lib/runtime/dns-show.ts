import { EXIT, nyahError } from '../core/errors.ts'
import { errorLines } from '../render/errors.ts'
import { aimError, aimText } from '../render/aim.ts'
import { choosePaint } from '../render/paint.ts'
import { namesOf } from './dns-errand.ts'
import { measuredText, setsTable, setText, type NamesView } from './dns-text.ts'
import type { SharedFlags } from './flags.ts'
import type { Io } from './io.ts'
import { reading, READ_AT_MOST_MS } from './lb.ts'
import { HEALTH_MS, readNames } from './names-read.ts'
import type { Report } from './report.ts'

/** `nyah dns show [NAME]` */
export const dnsShow = (
  io: Io,
  flags: SharedFlags,
  word: string | undefined,
  times: number | undefined,
): Promise<Report> =>
  reading(
    io,
    flags,
    async (opened, signal, clock) => {
      if (times !== undefined && word === undefined)
        throw nyahError({
          code: 'USAGE',
          message: '--measure asks for one name: give it',
          exit: EXIT.usage,
          tries: ['nyah dns show shop.example.jp --measure 200'],
        })
      const wanted = word === undefined ? null : namesOf([word])
      const [{ viewSets }, read] = await Promise.all([
        import('../dns/view.ts'),
        readNames(opened, { names: wanted, healthMs: HEALTH_MS }, { clock, signal }),
      ])
      const every = read.names.flatMap(viewSets)
      const sets =
        wanted === null ? every.filter((one) => one.owner.kind === 'nyah' || one.routing === 'weighted') : every
      if (wanted !== null && sets.length === 0 && read.unread.length === 0) throw nothingAt(wanted[0] ?? '')
      const measured =
        times === undefined
          ? []
          : await Promise.all(
              sets.map(async (set) => (await import('./dns-measure.ts')).measure(set, times, opened, signal)),
            )
      const isPartial =
        read.unread.length > 0 ||
        sets.some(({ unread }) => unread.length > 0) ||
        measured.some(({ why }) => why !== null)
      const exitCode = isPartial ? EXIT.partialAnswer : EXIT.ok
      const at = new Date(clock.now()).toISOString()
      const view = viewOf(io, at)
      const text =
        wanted === null
          ? setsText(sets, view)
          : sets.map((set, at) => `${setText(set, view)}${measuredText(measured[at], view)}`).join('\n')
      const unread = read.unread.flatMap((error) => ['', ...errorLines(aimError(error, flags), io.width, view.paint)])
      return {
        document: {
          ok: exitCode === EXIT.ok,
          exitCode,
          at,
          sets,
          ...(times !== undefined && { measured }),
          unread: read.unread,
        },
        text: `${aimText(text, flags)}${unread.length === 0 ? '' : `${unread.join('\n')}\n`}`,
        exitCode,
      }
    },
    READ_AT_MOST_MS,
  )

export const viewOf = (io: Io, at: string): NamesView => ({
  paint: choosePaint(io.colour.stdout),
  tableWidth: io.tableWidth,
  width: io.width,
  at,
})

const setsText = (sets: Parameters<typeof setsTable>[0], view: NamesView): string =>
  sets.length === 0
    ? 'No names: none is nyah’s, and none is weighted.\nTry: nyah dns attach NAME --mirror X --plan\n'
    : setsTable(sets, view)

const nothingAt = (name: string): Error =>
  nyahError({
    code: 'DNS_NAME_NOT_FOUND',
    message: `${name} has no address records in the zones that these credentials can list`,
    exit: EXIT.usage,
    tries: ['nyah dns show', 'nyah doctor'],
  })
