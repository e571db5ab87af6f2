import type { Json, JsonObject } from './json.ts'

/**
 * What a change does to the world: `wait` only looks, `shift` moves users between sides that both stay.
 * `replace` is delete + create where the remote cannot change in place.
 */
export type ChangeKind = 'create' | 'update' | 'replace' | 'delete' | 'shift' | 'wait'

/** What a change acts on, in the field's words: `{type: 'target-group', id: 'arn:…', name: 'nyah-shop-…'}`. */
export interface Ref {
  readonly type: string
  /** The remote's id; null as long as the thing does not exist. */
  readonly id: string | null
  /** What people call it. Remote text: escape before a terminal sees it. */
  readonly name: string
}

/** `removes` is anything that takes capacity or an object away; guards and the second reading look at it. */
export type Risk = 'none' | 'changes' | 'removes'

/**
 * One step of a plan. Everything `apply` needs stands in `after` (or, for a delete, in `before`), as data:
 * a change can be saved, shown, compared and applied by another process.
 */
export interface Change {
  /** Unique in its plan and the same each time the same thing is planned: `<scope>/<type>/<key>/<verb>`. */
  readonly id: string
  /** What fails together: one load balancer, one name, one Prod. */
  readonly scope: string
  readonly ref: Ref
  readonly kind: ChangeKind
  readonly before: JsonObject | null
  /** May hold tokens (`token(changeId, output)`) for values known only after another change was applied. */
  readonly after: JsonObject | null
  /** Ids of changes of the same scope that must have succeeded first. */
  readonly needs: readonly string[]
  /** Why, for people: `"member 10.20.0.14:8080 was added in Octavia"`. */
  readonly reason: string
  readonly risk: Risk
}

/** What applying a change gave that later changes may need: `{arn: 'arn:…'}`. */
export type Outputs = Readonly<Record<string, Json>>

/** A value known only after `change` was applied; the executor puts `outputs[output]` in its place. */
export interface Token {
  readonly $token: { readonly change: string; readonly output: string }
}

export const token = (change: string, output: string): Token => ({ $token: { change, output } })

export const isToken = (value: unknown): value is Token =>
  typeof value === 'object' && value !== null && '$token' in value
