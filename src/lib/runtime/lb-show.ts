import { EXIT } from '../core/errors.ts'
import { jsonText, type JsonObject } from '../core/json.ts'
import type { Finding } from '../core/plan.ts'
import type { Shown } from '../lb/show.ts'
import { aimError, aimFindings, aimText } from '../render/aim.ts'
import { errorLines } from '../render/errors.ts'
import { findingLines, tryLines } from '../render/findings.ts'
import { choosePaint, type Paint } from '../render/paint.ts'
import { reportLines } from '../render/report.ts'
import { renderPairs, renderTable } from '../render/table.ts'
import { count, sinceText } from '../render/words.ts'
import type { Report } from './report.ts'
import type { SharedFlags } from './flags.ts'
import type { Io } from './io.ts'
import { lbPorts, lbSettings } from './open.ts'
import { reading, READ_AT_MOST_MS, resolveNames } from './lb.ts'

/** `nyah lb show` */
export const lbShow = (io: Io, flags: SharedFlags, name: string): Promise<Report> =>
  reading(
    io,
    flags,
    async (opened, signal, clock) => {
      const { showMirror } = await import('../lb/show.ts')
      const [id = ''] = await resolveNames(opened, [name], signal)
      const shown = await showMirror(await lbPorts(opened), lbSettings(opened), id, { clock, signal })
      const exitCode = shown.unread.length > 0 ? EXIT.partialAnswer : EXIT.ok
      const at = new Date(clock.now()).toISOString()
      return {
        document: { ok: exitCode === EXIT.ok, exitCode, at, ...shown },
        text: showText(io, flags, shown, at),
        exitCode,
      }
    },
    READ_AT_MOST_MS,
  )

function showText(io: Io, flags: SharedFlags, shown: Shown, at: string): string {
  const paint = choosePaint(io.colour.stdout)
  const { loadBalancer, changes, findings, report, unread } = shown
  const id = jsonText(loadBalancer['id'])
  const mirror = loadBalancer['mirror'] as JsonObject | null
  const isRefused = findings.some(({ severity, allowed }) => severity === 'refuse' && allowed === undefined)
  const said = aimFindings(findings, flags).flatMap((one) => ['', ...findingLines(one, io.width, paint, at)])
  const told =
    report === null
      ? []
      : reportLines(
          [{ scope: id, report }],
          {
            said: new Set(findings.map(({ code }) => code)),
            noun: 'load balancer',
            creates: mirror === null,
            others: 0,
          },
          { paint, width: io.width },
        )
  const verb = isRefused || mirror !== null ? 'diff' : 'mirror'
  const command = aimText(`nyah lb ${verb} ${id}`, flags)
  const tries = [
    ...((changes?.length ?? 0) === 0 ? [] : [verb === 'mirror' ? `${command} --plan` : command]),
    ...lettingGo(id, findings, flags),
  ]
  const partial = unread.flatMap(({ side, error }) => [
    '',
    paint(
      'warn',
      `${side === 'octavia' ? 'Octavia' : 'AWS'} could not be read: what it would say is missing here, not empty.`,
    ),
    ...errorLines(aimError(error, flags), io.width, paint),
  ])
  const tail = [
    ...told,
    ...said,
    ...(tries.length === 0 ? [] : ['', ...tryLines('', tries, io.width, paint)]),
    ...partial,
  ]
  const pairs = renderPairs(pairsOf(shown, isRefused, at), paint)
  const table = listenersText(loadBalancer['listeners'] as readonly JsonObject[], io, paint)
  return `${pairs}${table}${tail.length === 0 ? '' : `${tail.join('\n')}\n`}`
}

/** The command that does what guards hold, where somebody may decide that. */
function lettingGo(id: string, findings: readonly Finding[], flags: SharedFlags): readonly string[] {
  const holds = findings.filter((one) => one.severity === 'hold' && one.allowed === undefined && one.allowable)
  const codes = [...new Set(holds.map(({ code }) => code))]
  if (codes.length === 0) return []
  return [`${aimText(`nyah lb sync ${id}`, flags)} ${codes.map((code) => `--allow ${code}`).join(' ')} --reason "…"`]
}

function pairsOf({ loadBalancer, changes, held, unread }: Shown, isRefused: boolean, at: string): [string, string][] {
  const source = loadBalancer['source'] as JsonObject | null
  const mirror = loadBalancer['mirror'] as JsonObject | null
  const blind = new Set(unread.map(({ side }) => side))
  const status = `${jsonText(source?.['provisioning_status'])}, ${jsonText(source?.['operating_status'])}`
  const twin = mirror === null ? 'none' : `${jsonText(mirror['name'])}  ${jsonText(mirror['state'])}`
  return [
    ['load balancer', `${jsonText(source?.['name'])}  ${jsonText(loadBalancer['id'])}`.trim()],
    ['octavia', blind.has('octavia') ? 'unknown' : source === null ? 'gone' : status],
    ['vip', source === null && blind.has('octavia') ? '?' : jsonText(source?.['vip'])],
    ['mirror', blind.has('aws') ? 'unknown' : twin],
    ...(mirror === null
      ? []
      : ([
          ['dns name', jsonText(mirror['dnsName'])],
          ['arn', jsonText(mirror['arn'])],
        ] satisfies [string, string][])),
    ...(blind.has('aws')
      ? []
      : ([['network', `${jsonText(loadBalancer['network'])}  ${jsonText(loadBalancer['securityGroup'])}`]] satisfies [
          string,
          string,
        ][])),
    ['in step', blind.size > 0 ? '? (one side could not be read)' : standing(mirror, changes?.length ?? 0, isRefused)],
    ...held.map(({ code, since }, index): [string, string] => [
      index === 0 ? 'held' : '',
      `${code} since ${sinceText(since, at)}`,
    ]),
  ]
}

function standing(mirror: JsonObject | null, changes: number, isRefused: boolean): string {
  if (isRefused) return 'no: it cannot be mirrored as it is (see below)'
  if (changes === 0) return 'yes'
  return mirror === null ? 'no: not mirrored yet' : `no: ${count(changes, 'change')} to make`
}

function listenersText(listeners: readonly JsonObject[], io: Io, paint: Paint): string {
  if (listeners.length === 0) return ''
  const rows = listeners.flatMap((one) => {
    const groups = one['groups'] as readonly JsonObject[]
    const head = [
      jsonText(one['port']),
      listenerName(one),
      // What is not translated was not counted.
      one['verdict'] === 'refused' ? '?' : number(one['members']),
    ]
    const whole = [...head, '', ...counts(one)]
    // Of several groups, each with its share of the traffic.
    if (groups.length < 2) return [whole]
    return [
      whole,
      ...groups.map((group) => ['', jsonText(group['name']), '', `${jsonText(group['share'])} %`, ...counts(group)]),
    ]
  })
  const headings = ['PORT', 'LISTENER', 'MEMBERS', 'SHARE', 'REGISTERED', 'HEALTHY', 'DRAINING', 'NOT HEALTHY']
  const shares = rows.some((row) => row[3] !== '')
  const kept = (row: readonly string[]): readonly string[] => (shares ? row : row.filter((_, index) => index !== 3))
  return `\n${renderTable(kept(headings), rows.map(kept), io.tableWidth, paint)}`
}

const counts = (one: JsonObject): readonly string[] => [
  number(one['registered']),
  number(one['healthy']),
  number(one['draining']),
  unhealthyText(one['unhealthy'] as readonly JsonObject[]),
]

/** What is not known is no zero. */
const number = (value: JsonObject[string] | undefined): string => (value === null ? '?' : jsonText(value))

/** `http` of `listener http (port 80)`: the port has its own column. */
const listenerName = ({ listener, port, verdict }: JsonObject): string =>
  jsonText(listener)
    .replace(/^listener /, '')
    .replace(` (port ${jsonText(port)})`, '') || (verdict === 'unknown' ? '?' : '(none in Octavia)')

const unhealthyText = (targets: readonly JsonObject[]): string =>
  targets
    .map(({ target, state, reason }) => `${jsonText(target)} ${jsonText(state)} ${jsonText(reason)}`.trim())
    .join(', ')
