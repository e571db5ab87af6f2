import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { loadCloud, type CloudConfig } from '../../../src/lib/adapters/octavia/clouds.ts'

/** A request as the server got it. */
interface Received {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface TestServer {
  readonly url: string
  readonly received: readonly Received[]
  /** Of one path (without the query). */
  count(path: string): number
  /** Ends idle and busy sockets alike. */
  dropConnections(): void
  close(): Promise<void>
}

export type Handler = (request: Received, response: ServerResponse) => void

/** A server on loopback that keeps what it was asked. */
export async function serve(handler: Handler, tls?: { key: string; certificate: string }): Promise<TestServer> {
  const received: Received[] = []
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const each = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') }
      received.push(each)
      handler(each, response)
    })
  }
  const server = tls ? createTlsServer({ key: tls.key, cert: tls.certificate }, listener) : createServer(listener)
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    received,
    count: (path) => received.filter(({ url }) => url.split('?')[0] === path).length,
    dropConnections: () => server.closeAllConnections(),
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}

export const json = (
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

/** Answers a request for a token: `expiresInMs` from now, Octavia at `octavia`, Neutron at each of `network`. */
export function issueToken(
  response: ServerResponse,
  token: string,
  octavia: string,
  expiresInMs = 3_600_000,
  network: readonly string[] = [],
): void {
  const now = Date.now()
  json(
    response,
    201,
    {
      token: {
        expires_at: new Date(now + expiresInMs).toISOString(),
        issued_at: new Date(now).toISOString(),
        user: { id: 'u', name: 'operator' },
        project: { id: 'p', name: 'shop' },
        roles: [{ name: 'reader' }],
        catalog: [
          { type: 'load-balancer', endpoints: [{ interface: 'public', region_id: 'RegionOne', url: octavia }] },
          {
            type: 'network',
            endpoints: network.map((url) => ({ interface: 'public', region_id: 'RegionOne', url })),
          },
        ],
      },
    },
    { 'x-subject-token': token },
  )
}

export const PASSWORD = 'hunter22-password'

export function cloudAt(url: string, over: Partial<CloudConfig> = {}): CloudConfig {
  const env = { OS_AUTH_URL: url, OS_USERNAME: 'operator', OS_PASSWORD: PASSWORD, OS_PROJECT_NAME: 'shop' }
  return { ...loadCloud({ cloud: null, env, homedir: '/', cwd: '/', readFile: () => null }), ...over }
}
