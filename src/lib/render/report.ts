import type { ChangeKind } from '../core/change.ts'
import type { Plan } from '../core/plan.ts'
import type { Quota, ScopeReport } from '../core/report.ts'
import { escapeLong, escapeText } from './escape.ts'
import { fidelityCounts, fidelityLines, toldFidelity } from './fidelity.ts'
import { hanging } from './findings.ts'
import { firewallLines } from './firewall.ts'
import type { Outline, ScopeOutline } from './outline.ts'
import type { Paint } from './paint.ts'
import { count, scopeWord } from './words.ts'

/** What a plan says besides its changes: how faithful the copy is, and what has to hold around it. */

interface ReportView {
  readonly paint: Paint
  readonly width: number
}

export interface ScopedReport {
  readonly scope: string
  readonly report: ScopeReport
}

/** Something is built or rebuilt, or refused. Members that come and go change nothing that the report speaks of. */
const isNews = ({ changes, refusedBy }: ScopeOutline): boolean =>
  refusedBy.length > 0 ||
  changes.some(({ change, heldBy }) => heldBy.length === 0 && change.ref.type !== 'targets' && BUILDS.has(change.kind))

const BUILDS: ReadonlySet<ChangeKind> = new Set<ChangeKind>(['create', 'update', 'replace', 'shift'])

/** Reports of the scopes that are built or rebuilt, or refused: there it is news. Of others one line will do. */
export function reportsToTell(
  plan: Plan,
  outline: Outline,
): { readonly whole: readonly ScopedReport[]; readonly brief: readonly ScopedReport[] } {
  // Beside others that go ahead, what is left out is not about to be copied.
  const out = new Set(outline.leftOut)
  const all = outline.scopes
    .filter((scope) => !out.has(scope))
    .flatMap((scope) => {
      const report = Object.hasOwn(plan.reports, scope.id) ? plan.reports[scope.id] : undefined
      return report === undefined ? [] : [{ scope: scope.id, report, news: isNews(scope) }]
    })
  return { whole: all.filter(({ news }) => news), brief: all.filter(({ news }) => !news) }
}

/** Items shown before they are counted. */
const MOST_ITEMS = 24

/** The report below a plan; each section begins with an empty line. */
export function planReportLines(plan: Plan, outline: Outline, view: ReportView): readonly string[] {
  const { whole, brief } = reportsToTell(plan, outline)
  const creates = plan.changes.some(({ kind }) => kind === 'create')
  const said = new Set(plan.findings.map(({ code }) => code))
  const noun = scopeWord(plan.request.operation).toLowerCase()
  if (whole.length > 0) return reportLines(whole, { said, noun, creates, others: brief.length }, view)
  const items = brief.flatMap(({ report }) => report.fidelity)
  const near = nearQuotas(brief).length > 0 ? quotaLines(brief, view) : []
  return [
    ...(items.length === 0 ? [] : ['', ...headLines(fidelityCounts(items), view)]),
    ...(near.length === 0 ? [] : ['', ...near]),
  ]
}

interface Surroundings {
  /** Codes that findings above say in full. */
  readonly said: ReadonlySet<string>
  readonly noun: string
  readonly creates: boolean
  /** Scopes besides, about which nothing is news. */
  readonly others: number
}

/** All of it, for one scope or several together. */
export function reportLines(
  reports: readonly ScopedReport[],
  { said, noun, creates, others }: Surroundings,
  view: ReportView,
): readonly string[] {
  const { paint, width } = view
  const items = reports.flatMap(({ scope, report }) => report.fidelity.map((fidelity) => ({ scope, fidelity })))
  const told = toldFidelity(items, noun)
  const shown = told.slice(0, MOST_ITEMS)
  const rest = told.length - shown.length
  const of = reports.length + others > 1 ? ` in ${count(reports.length, noun)}` : ''
  const fidelity =
    items.length === 0
      ? []
      : [
          '',
          ...headLines(`${fidelityCounts(items.map((item) => item.fidelity))}${of}`, view),
          ...fidelityLines(shown, said, view),
          ...(rest > 0 ? [paint('dim', `  … and ${rest} more (all of them: --json)`)] : []),
        ]
  const firewall = firewallLines(
    reports.flatMap(({ report }) => report.firewall),
    view,
  )
  const quotas = creates || nearQuotas(reports).length > 0 ? quotaLines(reports, view) : []
  const shared = sharedByAll(reports)
  return [
    ...fidelity,
    ...(firewall.length === 0 ? [] : ['', ...firewall]),
    ...(quotas.length === 0 ? [] : ['', ...quotas]),
    ...(shared.length === 0
      ? []
      : [
          '',
          paint('bold', reports.length > 1 ? `What both sides share, each ${noun}:` : 'What both sides share:'),
          ...shared.slice(0, 6).flatMap((sentence) => hanging('  ', escapeLong(sentence, 400), width)),
        ]),
  ]
}

const headLines = (counts: string, { paint, width }: ReportView): readonly string[] =>
  hanging('Fidelity: ', counts, width).map((line, row) =>
    row === 0 ? line.replace('Fidelity:', paint('bold', 'Fidelity:')) : line,
  )

/** Of several scopes, what is true of each of them. */
export const sharedByAll = (reports: readonly ScopedReport[]): readonly string[] =>
  [...new Set(reports.flatMap(({ report }) => report.shared))].filter((sentence) =>
    reports.every(({ report }) => report.shared.includes(sentence)),
  )

/** From here on a limit is near. */
const NEAR = 0.8

export type QuotaStanding = 'fine' | 'near' | 'over'

export const standingOf = ({ needed, limit }: Quota): QuotaStanding =>
  limit === null ? 'fine' : needed > limit ? 'over' : needed >= NEAR * limit ? 'near' : 'fine'

/** One per name, that which comes nearest to its limit. */
export function quotasOf(reports: readonly ScopedReport[]): readonly Quota[] {
  const worst = new Map<string, Quota>()
  for (const quota of reports.flatMap(({ report }) => report.quotas)) {
    const known = worst.get(quota.name)
    if (known === undefined || quota.needed > known.needed) worst.set(quota.name, quota)
  }
  return [...worst.values()]
}

const nearQuotas = (reports: readonly ScopedReport[]): readonly Quota[] =>
  quotasOf(reports).filter((quota) => standingOf(quota) !== 'fine')

/** `13 of 50` */
export const quotaText = ({ needed, limit }: Quota): string => `${needed} of ${limit ?? '?'}`

/** Where AWS did not tell the account's own limit, this one is its default. */
export const originText = ({ origin, limit }: Quota): string =>
  limit === null ? 'limit not known' : origin === 'documented' ? "AWS's default; the account may have more" : ''

function quotaLines(reports: readonly ScopedReport[], { paint, width }: ReportView): readonly string[] {
  const all = quotasOf(reports)
  if (all.length === 0) return []
  const tight = all.filter((quota) => standingOf(quota) !== 'fine')
  const fine = all.filter((quota) => standingOf(quota) === 'fine')
  return [
    paint('bold', 'Quotas, in use after this:'),
    ...tight.flatMap((quota) => {
      const standing = standingOf(quota)
      const origin = originText(quota)
      const percent =
        quota.limit === null || quota.limit === 0 ? '' : ` (${Math.ceil((quota.needed / quota.limit) * 100)} %)`
      return hanging(
        `  ${padded(standing)}  `,
        `${escapeText(quota.name)} ${quotaText(quota)}${percent}${origin === '' ? '' : `; ${origin}`}`,
        width,
      ).map((line, row) =>
        row === 0 ? line.replace(standing, paint(standing === 'over' ? 'refuse' : 'warn', standing)) : line,
      )
    }),
    ...fineLines(fine, tight.length, width),
  ]
}

const partOf = ({ needed, limit }: Quota): number => (limit === null || limit === 0 ? 0 : needed / limit)

/** Of those that are far away only the nearest is named. */
function fineLines(fine: readonly Quota[], besides: number, width: number): readonly string[] {
  const [nearest] = fine.toSorted((a, b) => partOf(b) - partOf(a))
  if (nearest === undefined) return []
  const amount = count(fine.length, besides > 0 ? 'more limit' : 'limit')
  return hanging(
    `  ${padded('fine')}  `,
    `${amount}, the nearest: ${escapeText(nearest.name)} ${quotaText(nearest)}`,
    width,
  )
}

const padded = (word: QuotaStanding): string => word.padEnd('fine'.length)
