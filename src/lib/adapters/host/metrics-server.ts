import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { EXIT, nyahError } from '../../core/errors.ts'
import { systemCode } from './files.ts'

export interface Listen {
  readonly host: string
  readonly port: number
}

/** `127.0.0.1:9464`, `[::1]:9464`, `0.0.0.0:9464`. Throws USAGE: where to listen is said whole. */
export function parseListen(text: string): Listen {
  const [, six, four, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s[\]]+)):(\d{1,5})$/.exec(text) ?? []
  const host = six ?? four
  const port = Number(digits)
  if (host === undefined || port > 65_535)
    throw nyahError({
      code: 'USAGE',
      message: `--metrics-listen must be ADDRESS:PORT, not ${text}`,
      exit: EXIT.usage,
      tries: ['--metrics-listen 127.0.0.1:9464'],
    })
  return { host, port }
}

/** Can only this machine reach it? */
export const isLoopback = ({ host }: Listen): boolean =>
  host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)

export interface Answers {
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>
  /** Null: well; else why not. */
  readonly unhealthy: () => string | null
}

export interface MetricsServer {
  /** `http://127.0.0.1:9464` */
  readonly url: string
  close(): Promise<void>
}

/** Answers `GET /metrics` and `GET /healthz`, nothing else. Throws METRICS_UNAVAILABLE (exit 3) when it cannot listen there. */
export async function serveMetrics(listen: Listen, answers: Answers): Promise<MetricsServer> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    answer(request, answers).then(
      (given) => send(response, given),
      () => send(response, plain(500, 'the metrics could not be made')),
    )
  })
  server.maxConnections = 64
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(unavailable(listen, error)))
    server.listen(listen.port, listen.host, () => resolve())
  })
  const { address, family, port } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

interface Given {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

const plain = (status: number, text: string): Given => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body: `${text}\n`,
})

async function answer({ method, url = '/' }: IncomingMessage, { metrics, unhealthy }: Answers): Promise<Given> {
  if (method !== 'GET' && method !== 'HEAD') return plain(405, 'only GET')
  const [path] = url.split('?')
  if (path === '/metrics') {
    const { contentType, text } = await metrics()
    return { status: 200, contentType, body: text }
  }
  if (path === '/healthz') {
    const why = unhealthy()
    return why === null ? plain(200, 'ok') : plain(503, why)
  }
  return plain(404, 'there are /metrics and /healthz')
}

function send(response: ServerResponse, { status, contentType, body }: Given): void {
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' }).end(body)
}

const unavailable = ({ host, port }: Listen, error: Error): Error => {
  const code = systemCode(error)
  const why =
    code === 'EADDRINUSE'
      ? 'another process listens there'
      : code === 'EADDRNOTAVAIL'
        ? 'this machine has no such address'
        : error.message
  return nyahError({
    code: 'METRICS_UNAVAILABLE',
    message: `cannot listen on ${host}:${port} for metrics: ${why}`,
    exit: EXIT.configuration,
    tries: ['name another port with --metrics-listen ADDRESS:PORT', `ss -ltnp | grep ${port}`],
  })
}
