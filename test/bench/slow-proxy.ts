import http from 'node:http'
import type { AddressInfo } from 'node:net'

/** One request as it passed. */
export interface Passed {
  /** `POST CreateListener`, `GET /load-balancer/v2/lbaas/pools` */
  readonly what: string
  /** Milliseconds, on one clock. */
  readonly began: number
  readonly ended: number
}

export interface SlowProxy {
  readonly url: string
  readonly passed: readonly Passed[]
  close(): void
}

/** Hands every request on, `delayMs` later, and remembers when it began and ended. */
export async function slowProxy(upstream: string, delayMs: number): Promise<SlowProxy> {
  const target = new URL(upstream)
  const passed: Passed[] = []
  const agent = new http.Agent({ keepAlive: true })
  const server = http.createServer((request, response) => {
    const began = performance.now()
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const action = new URLSearchParams(body.toString()).get('Action')
      const path = (request.url ?? '').split('?')[0]
      const what = `${request.method} ${action ?? path}`
      setTimeout(() => {
        const { hostname, port } = target
        // The sandbox answers to its own name only.
        const options = {
          hostname,
          port,
          path: request.url,
          method: request.method,
          headers: { ...request.headers, host: target.host },
          agent,
        }
        const onward = http.request(options, (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers)
          answer.pipe(response)
          answer.on('end', () => passed.push({ what, began, ended: performance.now() }))
        })
        onward.on('error', () => response.destroy())
        onward.end(body)
      }, delayMs)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    close: () => {
      agent.destroy()
      server.closeAllConnections()
      server.close()
    },
  }
}

/**
 * How many of these requests came one after the other at the most: no later chain can be shorter than the calls that
 * needed each other's answers.
 */
export function longestChain(passed: readonly Passed[]): number {
  let last = -Infinity
  let length = 0
  for (const { began, ended } of passed.toSorted((a, b) => a.ended - b.ended)) {
    if (began < last) continue
    length += 1
    last = ended
  }
  return length
}

/**
 * Milliseconds that calls took which came one after the other, of at most so many calls: the longest such chain. What
 * lies between them, nyah spent.
 */
export function longestChainMs(passed: readonly Passed[], calls: number): number {
  const inOrder = passed.toSorted((a, b) => a.ended - b.ended)
  // best[at][n]: the longest chain among the first `at` of these, of at most n calls.
  const best: (readonly number[])[] = [Array.from({ length: calls + 1 }, () => 0)]
  for (const [at, { began, ended }] of inOrder.entries()) {
    const before = inOrder.findLastIndex((other) => other.ended <= began)
    const without = best[at] ?? []
    const earlier = best[before + 1] ?? []
    best.push(without.map((ms, n) => (n === 0 ? 0 : Math.max(ms, (earlier[n - 1] ?? 0) + ended - began))))
  }
  return best.at(-1)?.[calls] ?? 0
}
