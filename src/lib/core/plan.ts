import type { Change } from './change.ts'
import type { JsonObject } from './json.ts'
import type { ScopeReport } from './report.ts'

/** How much a finding matters. `hold` stops a part of its scope, `refuse` all of it. */
export type Severity = 'info' | 'warn' | 'hold' | 'refuse'

/** What a planner or guard has to say about a plan. Text is for people; `code` is the contract. */
export interface Finding {
  /** Stable, upper case: `LB_LISTENER_PROTOCOL_UNSUPPORTED`. */
  readonly code: string
  readonly severity: Severity
  readonly scope: string
  /** What it is about: `listener tcp-80 (port 80)`. */
  readonly subject: string
  /** What was seen, with its numbers. */
  readonly evidence: string
  /** What the operator can do; a whole command where there is one. */
  readonly remedy: string
  /** Can `--allow CODE` overrule it? */
  readonly allowable: boolean
  /** ISO 8601, UTC: since when it has been held, where the thing remembers it. */
  readonly since?: string
  /** Ids of the changes that a `hold` keeps back (and with them whatever needs them). */
  readonly holds?: readonly string[]
  /** True, of a `hold`: time lifts it. A run that walks waits for that; whoever only looks sees it as held. Absent: it does not. */
  readonly passes?: true
  /** Set once an allowance overruled it: it then stops nothing, and is still shown. */
  readonly allowed?: { readonly reason: string }
}

/** `--allow CODE --reason …` */
export interface Allowance {
  readonly code: string
  readonly reason: string
}

/** What was asked for: enough to observe and plan again, on another day or machine. Never a secret. */
export interface Request {
  /** Name in the table of operations: `lb.mirror`. */
  readonly operation: string
  readonly arguments: JsonObject
  readonly allowances: readonly Allowance[]
  /** Name of the configuration's context. */
  readonly context: string
}

/** A plan is a value: computed once, shown, saved, compared, refused, applied exactly as computed. */
export interface Plan {
  readonly v: 1
  readonly request: Request
  /** Every scope that was looked at, also those without a change. */
  readonly scopes: readonly string[]
  /** What people call each scope, where they call it something. Remote text: escape before a terminal sees it. */
  readonly names: Readonly<Record<string, string>>
  /** ISO 8601, UTC. */
  readonly observedAt: string
  /** Per scope: fingerprint of the observed fields that decide changes (never health, never timestamps). */
  readonly basis: Readonly<Record<string, string>>
  readonly changes: readonly Change[]
  readonly findings: readonly Finding[]
  /** Per scope, where its domain has something to say; outside the hash. */
  readonly reports: Readonly<Record<string, ScopeReport>>
  /** SHA-256 of what it would do; ids of runs and times are left out. */
  readonly hash: string
}

/** What a domain's pure planner returns; the engine makes a Plan of it. */
export interface Draft {
  readonly scopes: readonly string[]
  readonly names: Readonly<Record<string, string>>
  readonly basis: Readonly<Record<string, string>>
  readonly changes: readonly Change[]
  readonly findings: readonly Finding[]
  /** Absent: none. */
  readonly reports?: Readonly<Record<string, ScopeReport>>
}
