import type { Remark } from '../dns/audit.ts'
import { EXIT } from '../core/errors.ts'
import { aimError, aimText } from '../render/aim.ts'
import { errorLines } from '../render/errors.ts'
import { escapeLong, escapeText } from '../render/escape.ts'
import { hanging } from '../render/findings.ts'
import type { NamesView } from './dns-text.ts'
import { viewOf } from './dns-show.ts'
import { count } from '../render/words.ts'
import type { SharedFlags } from './flags.ts'
import type { Io } from './io.ts'
import { reading, READ_AT_MOST_MS } from './lb.ts'
import { HEALTH_MS, readNames } from './names-read.ts'
import type { Report } from './report.ts'

/** `nyah dns audit` */
export const dnsAudit = (io: Io, flags: SharedFlags): Promise<Report> =>
  reading(
    io,
    flags,
    async (opened, signal, clock) => {
      const [{ viewSets }, audit, read] = await Promise.all([
        import('../dns/view.ts'),
        import('../dns/audit.ts'),
        readNames(opened, { names: null, healthMs: HEALTH_MS, allChecks: true }, { clock, signal }),
      ])
      const sets = read.names.flatMap(viewSets)
      const watched = sets.filter((one) => one.owner.kind === 'nyah' || one.routing === 'weighted')
      const remarks = [
        ...audit.auditSets(watched),
        ...audit.orphanRecords(read.names),
        ...audit.orphanChecks(read.checks, read.names),
      ]
      const bad = remarks.some(({ severity }) => severity === 'bad')
      const isPartial = read.unread.length > 0 || watched.some(({ unread }) => unread.length > 0)
      const exitCode = bad ? EXIT.refused : isPartial ? EXIT.partialAnswer : EXIT.ok
      const at = new Date(clock.now()).toISOString()
      const view = viewOf(io, at)
      const unread = read.unread.flatMap((error) => ['', ...errorLines(aimError(error, flags), io.width, view.paint)])
      return {
        document: { ok: exitCode === EXIT.ok, exitCode, at, sets: watched.length, remarks, unread: read.unread },
        text: `${aimText(remarksText(remarks, watched.length, view), flags)}${unread.length === 0 ? '' : `${unread.join('\n')}\n`}`,
        exitCode,
      }
    },
    READ_AT_MOST_MS,
  )

function remarksText(remarks: readonly Remark[], sets: number, { paint, width }: NamesView): string {
  const lines = remarks.flatMap(({ code, name, severity, evidence, remedy }) => [
    ...hanging(
      `${severity === 'bad' ? 'Bad' : 'Warning'}  `,
      `${escapeText(code)}  ${escapeText(name)}: ${escapeLong(evidence, 400)}`,
      width,
    ).map((line) => paint(severity === 'bad' ? 'refuse' : 'warn', line)),
    ...hanging('  Try: ', escapeLong(remedy, 300), width),
  ])
  const told = remarks.length === 0 ? 'nothing to say' : count(remarks.length, 'remark')
  return [...lines, `${count(sets, 'set')}: ${told}.`, ''].join('\n')
}
