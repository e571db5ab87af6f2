import { EXIT, type ErrorData } from '../core/errors.ts'
import { jsonText, type JsonObject } from '../core/json.ts'
import type { MirrorList, MirrorRow } from '../lb/list.ts'
import type { Shown } from '../lb/show.ts'
import { errorLines } from '../render/errors.ts'
import { aimError, aimFindings, aimText } from '../render/aim.ts'
import { findingLines, tryLines } from '../render/findings.ts'
import { choosePaint } from '../render/paint.ts'
import { renderPairs, renderTable } from '../render/table.ts'
import { count } from '../render/words.ts'
import type { Report } from './report.ts'
import type { SharedFlags } from './flags.ts'
import type { Io } from './io.ts'
import { lbPorts, lbSettings, openContext, type Opened } from './open.ts'
import { readingTools } from './reading.ts'
import { interruptible } from './signals.ts'

/** UUIDs of load balancers named by UUID, name, VIP, NLB name or DNS name. Lists are read only when they are needed. */
export async function resolveNames(
  opened: Opened,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { isUuid, resolveName } = await import('../lb/resolve.ts')
  if (names.every(isUuid)) return names.map((name) => name.trim().toLowerCase())
  const [source, mirrors] = await Promise.all([opened.source(), opened.mirrors()])
  // A name that one cloud knows is good enough while the other cannot be read: the run itself reads both.
  const [sources, owned] = await Promise.allSettled([source.list(signal), mirrors.list(signal)])
  if (sources.status === 'rejected' && owned.status === 'rejected') throw sources.reason
  const known = sources.status === 'fulfilled' ? sources.value : []
  const twins = owned.status === 'fulfilled' ? owned.value : []
  return names.map((name) => (isUuid(name) ? name.trim().toLowerCase() : resolveName(known, twins, name)))
}

/** Runs a reading command against an opened context. */
async function reading<T>(
  io: Io,
  flags: SharedFlags,
  read: (opened: Opened, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal, release } = interruptible()
  try {
    const opened = await openContext(io, flags, readingTools(io, flags, signal))
    try {
      const answer = await read(opened, signal)
      // What was read in part because somebody pressed Ctrl-C is no partial answer.
      signal.throwIfAborted()
      return answer
    } finally {
      await opened.close()
    }
  } finally {
    release()
  }
}

/** `nyah lb list` */
export const lbList = (io: Io, flags: SharedFlags): Promise<Report> =>
  reading(io, flags, async (opened, signal) => {
    const [{ listMirrors }, source, mirrors] = await Promise.all([
      import('../lb/list.ts'),
      opened.source(),
      opened.mirrors(),
    ])
    const list = await listMirrors({ source, mirrors }, signal)
    const exitCode = list.unread.length > 0 ? EXIT.partialAnswer : EXIT.ok
    return {
      document: { ok: exitCode === EXIT.ok, exitCode, loadBalancers: list.rows, unread: list.unread },
      text: listText(io, flags, list),
      exitCode,
    }
  })

/** Wide enough for the NLB's name beside everything else. */
const WIDE = 132

function listText(io: Io, flags: SharedFlags, { rows, unread }: MirrorList): string {
  const paint = choosePaint(io.colour.stdout)
  const wide = io.tableWidth >= WIDE
  const nothing = unread.length === 0 ? 'No load balancers: neither in Octavia nor mirrored.\n' : ''
  const table =
    rows.length === 0
      ? nothing
      : renderTable(
          ['NAME', 'ID', 'VIP', 'OCTAVIA', 'MIRROR', ...(wide ? ['NLB'] : [])],
          rows.map((row) => [row.name ?? '', row.id, ...sourceCells(row), ...mirrorCells(row, wide)]),
          io.tableWidth,
          paint,
        )
  const partial = unread.flatMap(({ side, error }: { side: string; error: ErrorData }) => [
    '',
    paint('warn', `${side === 'octavia' ? 'Octavia' : 'AWS'} could not be read; its columns are unknown, not empty:`),
    ...errorLines(aimError(error, flags), io.width, paint),
  ])
  return partial.length === 0 ? table : `${table}${partial.join('\n')}\n`
}

function sourceCells({ source }: MirrorRow): readonly [string, string] {
  if (source === 'gone' || source === 'unknown') return ['', source]
  const { vip, provisioning_status, operating_status } = source
  return [vip, provisioning_status === 'ACTIVE' ? operating_status : provisioning_status]
}

function mirrorCells({ mirror }: MirrorRow, wide: boolean): readonly string[] {
  if (mirror === 'none' || mirror === 'unknown') return wide ? [mirror, ''] : [mirror]
  return wide ? [mirror.state, mirror.name] : [mirror.state]
}

/** `nyah lb show` */
export const lbShow = (io: Io, flags: SharedFlags, name: string): Promise<Report> =>
  reading(io, flags, async (opened, signal) => {
    const { showMirror } = await import('../lb/show.ts')
    const [id = ''] = await resolveNames(opened, [name], signal)
    const shown = await showMirror(await lbPorts(opened), lbSettings(opened), id, signal)
    return {
      document: { ok: true, exitCode: EXIT.ok, ...shown },
      text: showText(io, flags, shown),
      exitCode: EXIT.ok,
    }
  })

function showText(io: Io, flags: SharedFlags, { loadBalancer, changes, findings }: Shown): string {
  const paint = choosePaint(io.colour.stdout)
  const source = loadBalancer['source'] as JsonObject | null
  const mirror = loadBalancer['mirror'] as JsonObject | null
  const listeners = loadBalancer['listeners'] as readonly JsonObject[]
  const isRefused = findings.some(({ severity }) => severity === 'refuse')
  const pairs = renderPairs(
    [
      ['load balancer', `${jsonText(source?.['name'])}  ${jsonText(loadBalancer['id'])}`],
      [
        'octavia',
        source === null
          ? 'gone'
          : `${jsonText(source['provisioning_status'])}, ${jsonText(source['operating_status'])}`,
      ],
      ['vip', jsonText(source?.['vip'])],
      ['mirror', mirror === null ? 'none' : `${jsonText(mirror['name'])}  ${jsonText(mirror['state'])}`],
      ...(mirror === null
        ? []
        : [['dns name', jsonText(mirror['dnsName'])] as const, ['arn', jsonText(mirror['arn'])] as const]),
      ['network', `${jsonText(loadBalancer['network'])}  ${jsonText(loadBalancer['securityGroup'])}`],
      ['in step', standing(mirror, changes.length, isRefused)],
    ],
    paint,
  )
  const table =
    listeners.length === 0
      ? ''
      : `\n${renderTable(
          ['PORT', 'LISTENER', 'MEMBERS', 'REGISTERED', 'HEALTHY', 'DRAINING', 'NOT HEALTHY'],
          listeners.map((one) => [
            jsonText(one['port']),
            listenerName(one),
            // What is not translated was not counted.
            one['verdict'] === 'refused' ? '?' : jsonText(one['members']),
            jsonText(one['registered']),
            jsonText(one['healthy']),
            jsonText(one['draining']),
            unhealthyText(one['unhealthy'] as readonly JsonObject[]),
          ]),
          io.tableWidth,
          paint,
        )}`
  const said = aimFindings(findings, flags).flatMap((finding) => ['', ...findingLines(finding, io.width, paint)])
  const verb = isRefused || mirror !== null ? 'diff' : 'mirror'
  const command = aimText(`nyah lb ${verb} ${jsonText(loadBalancer['id'])}`, flags)
  const next =
    changes.length === 0
      ? []
      : ['', ...tryLines('', [verb === 'mirror' ? `${command} --plan` : command], io.width, paint)]
  const tail = [...said, ...next]
  return `${pairs}${table}${tail.length === 0 ? '' : `${tail.join('\n')}\n`}`
}

function standing(mirror: JsonObject | null, changes: number, isRefused: boolean): string {
  if (isRefused) return 'no: it cannot be mirrored as it is (see below)'
  if (changes === 0) return 'yes'
  return mirror === null ? 'no: not mirrored yet' : `no: ${count(changes, 'change')} to make`
}

/** `http` of `listener http (port 80)`: the port has its own column. */
const listenerName = ({ listener, port }: JsonObject): string =>
  jsonText(listener)
    .replace(/^listener /, '')
    .replace(` (port ${jsonText(port)})`, '') || '(none in Octavia)'

const unhealthyText = (targets: readonly JsonObject[]): string =>
  targets
    .map(({ target, state, reason }) => `${jsonText(target)} ${jsonText(state)} ${jsonText(reason)}`.trim())
    .join(', ')
