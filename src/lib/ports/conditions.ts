/** What a rehearsal is given up on. */
export type Condition =
  /** A health check of Route 53: unhealthy is broken. */
  | { readonly kind: 'check'; readonly id: string }
  /** An alarm of CloudWatch, of the session's Region where none is named: ALARM is broken, INSUFFICIENT_DATA missing. */
  | { readonly kind: 'alarm'; readonly name: string; readonly region: string | null }
  /** A query to Prometheus: broken where the comparison holds for any sample; no sample, or one that is no number, is missing. */
  | { readonly kind: 'metric'; readonly query: string; readonly op: Comparison; readonly value: number }

export type Comparison = '<' | '<=' | '>' | '>='

export interface Verdict {
  readonly state: 'fine' | 'broken' | 'missing'
  /** One clause with the numbers in it. Holds remote text: escape it on its way to people. */
  readonly detail: string
  /** ISO 8601, UTC: when it was seen, of an alarm since when it is so; null: the remote does not say. */
  readonly at: string | null
}

/** Judges one kind of condition. Throws as `Conditions.judge` does. */
export type Judge<K extends Condition['kind']> = (
  condition: Extract<Condition, { readonly kind: K }>,
  signal: AbortSignal,
) => Promise<Verdict>

export interface Conditions {
  /** Throws a NyahError where the remote does not answer, refuses, or is not configured: the caller takes that as missing. */
  judge(condition: Condition, signal: AbortSignal): Promise<Verdict>
}
