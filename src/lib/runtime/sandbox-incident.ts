import { EXIT, nyahError } from '../core/errors.ts'
import { escapeText } from '../render/escape.ts'
import type { Io } from './io.ts'
import type { Report } from './report.ts'
import { runningSandbox } from './sandbox.ts'

/** `nyah sandbox incident`: tells the running sandbox. Throws USAGE, SANDBOX_NOT_RUNNING and SANDBOX_UNREACHABLE. */
export async function sandboxIncident(io: Io, incident: string): Promise<Report> {
  const { INCIDENTS } = await import('../sandbox/incident.ts')
  if (!INCIDENTS.some((each) => each === incident)) {
    throw nyahError({
      code: 'USAGE',
      message: `there is no incident '${incident}': there are ${INCIDENTS.join(', ')}`,
      exit: EXIT.usage,
      tries: ['nyah sandbox incident --help'],
    })
  }
  const url = runningSandbox(io)
  if (url === null) {
    throw nyahError({
      code: 'SANDBOX_NOT_RUNNING',
      message: 'no sandbox of yours is running',
      exit: EXIT.usage,
      tries: ['nyah sandbox start   (in another terminal)'],
    })
  }
  const { tell } = await import('../sandbox/tell.ts')
  const answer = await tell(`${url}/sandbox/incident`, { incident })
  const { hosts, outages, alarms, metrics } = JSON.parse(answer) as {
    hosts: string[]
    outages: { service: string; path?: string }[]
    alarms: Record<string, string>
    metrics: Record<string, string>
  }
  const lines = [
    incident === 'end' ? 'all is well again' : incident,
    ...(hosts.length === 0 ? [] : [`${hosts.length} addresses do not answer`]),
    ...outages.map(({ service, path = '' }) => `${service}${path} refuses`),
    ...(WATCHED.has(incident) ? watchedLines(alarms, metrics) : []),
  ]
  return {
    document: { incident, hosts, outages, alarms, metrics },
    text: `${lines.map(escapeText).join('\n')}\n`,
    exitCode: EXIT.ok,
  }
}

/** Incidents of what watches the users. */
const WATCHED: ReadonlySet<string> = new Set(['errors-rise', 'monitoring-silent'])

const watchedLines = (
  alarms: Readonly<Record<string, string>>,
  metrics: Readonly<Record<string, string>>,
): string[] => [
  ...Object.entries(alarms).map(([name, state]) => `alarm ${name}: ${state}`),
  ...(Object.keys(metrics).length === 0 ? ['Prometheus has no samples'] : []),
  ...Object.entries(metrics).map(([series, value]) => `${series} ${value}`),
]
