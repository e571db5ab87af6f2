import { EXIT, errorData, type ErrorData } from '../core/errors.ts'

/**
 * `wrong` is for the operator to mend (exit 3); `unreachable` may pass by itself (exit 12). `unknown`: nobody says, which is
 * neither good nor bad.
 */
export type Verdict = 'ok' | 'wrong' | 'unreachable' | 'unknown' | 'not tried'

export interface Check {
  readonly name: string
  readonly verdict: Verdict
  readonly detail: string
  readonly code: string | null
  readonly tries: readonly string[]
}

interface Unknown {
  readonly unknown: string
}

export const unknown = (why: string): Unknown => ({ unknown: why })

/** Says what it found, or why nobody knows; throws what is wrong. */
export type Look = () => Promise<string | Unknown>

export async function check(name: string, look: Look): Promise<Check> {
  try {
    const found = await look()
    return typeof found === 'string'
      ? { name, verdict: 'ok', detail: found, code: null, tries: [] }
      : { name, verdict: 'unknown', detail: found.unknown, code: null, tries: [] }
  } catch (error) {
    return failed(name, errorData(error))
  }
}

export function failed(name: string, { code, message, tries, exit }: ErrorData): Check {
  // Who answers with a denial was reached: a permission is for the operator to mend.
  const isDead = code !== 'AWS_ACCESS_DENIED' && (exit === EXIT.remote || exit === EXIT.partialAnswer)
  const verdict = isDead ? 'unreachable' : 'wrong'
  return { name, verdict, detail: message, code, tries }
}

/** One cause (no credentials, an API that is down) fails several checks: it is told once. */
export const once = (checks: readonly Check[]): readonly Check[] =>
  checks.map((each, index) => {
    const first = checks
      .slice(0, index)
      .find(
        ({ code, detail, verdict }) =>
          (code !== null || verdict === 'unknown') &&
          code === each.code &&
          detail === each.detail &&
          verdict === each.verdict,
      )
    if (first === undefined) return each
    return each.verdict === 'unknown'
      ? { ...each, detail: `see ${first.name}` }
      : { ...each, verdict: 'not tried', detail: `see ${first.name}`, code: null, tries: [] }
  })
