import { isNyahError } from '../core/errors.ts'
import type { Scene } from '../engine/operation.ts'

/** What `ask` finds; throws an Error in words once `atMostMs` are over, and gives the question up. */
export async function within<T>(
  { clock, signal }: Pick<Scene, 'clock' | 'signal'>,
  atMostMs: number,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const enough = new AbortController()
  const both = AbortSignal.any([signal, enough.signal])
  const asked = ask(both)
  const late = clock.sleep(atMostMs, both).then(() => {
    throw new Error(`no answer within ${atMostMs / 1000} s`)
  })
  try {
    return await Promise.race([asked, late])
  } finally {
    late.catch(() => undefined)
    asked.catch(() => undefined)
    enough.abort()
  }
}

/** Why `within` gave nothing, in words. */
export const whyNot = (error: unknown): string =>
  isNyahError(error) ? `${error.code} ${error.message}` : error instanceof Error ? error.message : JSON.stringify(error)
