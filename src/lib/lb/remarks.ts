import type { Finding, Severity } from '../core/plan.ts'

/** A finding before its scope is known. `allowable` is false unless said; `info` and `warn` stop nothing anyway. */
export interface Remark {
  readonly code: string
  readonly severity: Severity
  readonly subject: string
  readonly evidence: string
  readonly remedy: string
  readonly allowable?: boolean
  readonly holds?: readonly string[]
  /** Overruled before, and remembered: stops nothing. */
  readonly allowed?: { readonly reason: string }
}

export const finding = (scope: string, remark: Remark): Finding => ({
  ...remark,
  scope,
  allowable: remark.allowable ?? false,
})

/** Refusals of one thing that nobody can overrule. */
export const refusing =
  (subject: string) =>
  (code: string, evidence: string, remedy: string): Remark => ({ code, severity: 'refuse', subject, evidence, remedy })

/** `a, b, c and 147 more`: a line stays a line with 150 members. */
export const some = (items: readonly string[], most = 5): string =>
  items.length <= most ? items.join(', ') : `${items.slice(0, most).join(', ')} and ${items.length - most} more`

/** `1 member`, `3 members` */
export const count = (amount: number, noun: string): string => `${amount} ${noun}${amount === 1 ? '' : 's'}`

/** What people call it; its id's head when it has no name. */
export const label = (thing: { readonly name: string; readonly id: string }): string =>
  thing.name === '' ? thing.id.slice(0, 8) : thing.name
