import http from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request on its way through a proxy. */
export interface Passing {
  readonly method: string
  /** Path and query. */
  readonly path: string
  /** AWS: the API's name, `CreateListener`; else empty. */
  readonly action: string
  /** AWS: the form fields. */
  readonly fields: URLSearchParams
}

/** An answer on its way back. */
export interface Returning {
  readonly status: number
  readonly body: string
}

/**
 * What happens to a request. Whatever it awaits has happened before the request goes on. `cut`: nobody hears of it;
 * `cut-after`: it takes effect, its answer is lost; a function changes the answer; nothing: it passes.
 */
export type Meddle = (passing: Passing) => Promise<Meddling> | Meddling
type Meddling = 'cut' | 'cut-after' | ((answer: Returning) => Returning) | undefined | void

export interface MovingProxy {
  readonly url: string
  close(): Promise<void>
}

/** A proxy in front of any service, in the same process: the world moves while a request is under way. */
export async function movingProxy(
  upstream: string,
  meddle: Meddle,
  /** Told of every request, and when its answer is on its way (or will never be). */
  watched: { began(): void; ended(): void } = { began: () => undefined, ended: () => undefined },
): Promise<MovingProxy> {
  const target = new URL(upstream)
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    watched.began()
    response.once('close', watched.ended)
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => void pass(request, response, Buffer.concat(chunks)))
  })

  async function pass(request: http.IncomingMessage, response: http.ServerResponse, body: Buffer): Promise<void> {
    const { method = 'GET', url = '/' } = request
    const fields = new URLSearchParams(method === 'POST' ? body.toString() : '')
    const meddling = await meddle({ method, path: url, action: fields.get('Action') ?? '', fields })
    if (meddling === 'cut') return void request.socket.destroy()
    const onward = http.request(
      {
        host: target.hostname,
        port: target.port,
        method,
        path: target.pathname.replace(/\/$/, '') + url,
        headers: { ...request.headers, host: target.host },
        agent: false,
      },
      (answer) => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        answer.on('end', () => {
          if (meddling === 'cut-after') return void request.socket.destroy()
          const plain = { status: answer.statusCode ?? 502, body: Buffer.concat(parts).toString() }
          const { status, body: text } = typeof meddling === 'function' ? meddling(plain) : plain
          const { 'content-length': _length, 'transfer-encoding': _encoding, ...headers } = answer.headers
          response.writeHead(status, headers).end(text)
        })
      },
    )
    onward.on('error', () => request.socket.destroy())
    onward.end(body)
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
