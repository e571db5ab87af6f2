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
  const { hosts, outages } = JSON.parse(answer) as { hosts: string[]; outages: { service: string; path?: string }[] }
  const lines = [
    incident === 'end' ? 'all is well again' : incident,
    ...(hosts.length === 0 ? [] : [`${hosts.length} addresses do not answer`]),
    ...outages.map(({ service, path = '' }) => `${service}${path} refuses`),
  ]
  return {
    document: { incident, hosts, outages },
    text: `${lines.map(escapeText).join('\n')}\n`,
    exitCode: EXIT.ok,
  }
}
