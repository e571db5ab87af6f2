import { setTimeout as sleep } from 'node:timers/promises'
import type { Arrived } from '../../src/lib/sandbox/server.ts'

/** One request as it was answered. */
export interface Passed {
  /** `POST CreateListener`, `GET /load-balancer/v2/lbaas/pools` */
  readonly what: string
  /** Milliseconds, on one clock. */
  readonly began: number
  readonly ended: number
}

export interface SlowCalls {
  /** For the sandbox: no proxy, whose own work would count as the remote's. */
  readonly arrived: (call: Arrived) => Promise<void>
  /** What passed since the last look. */
  take(): readonly Passed[]
}

/** Has every request wait `delayMs`, and remembers when it began and ended. */
export function slowCalls(delayMs: number): SlowCalls {
  let passed: Passed[] = []
  return {
    async arrived({ request, body, response }) {
      const began = performance.now()
      const path = (request.url ?? '').split('?')[0]
      const what = `${request.method} ${new URLSearchParams(body).get('Action') ?? path}`
      response.once('finish', () => passed.push({ what, began, ended: performance.now() }))
      await sleep(delayMs)
    },
    take() {
      const taken = passed
      passed = []
      return taken
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
