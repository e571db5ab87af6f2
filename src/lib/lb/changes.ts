import type { Change, ChangeKind, Risk, Token } from '../core/change.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { Role } from './names.ts'

/** How changes of this domain are written down; `apply.ts` reads them. */

/** What a change acts on; `targets` are the members registered in one target group. */
type Kind = Role | 'targets'

/** A remote's id, or the promise of one. */
export type Later = string | Token

/** Interfaces of the ports are plain data: as such they stand in a change. */
const data = (value: object): JsonObject => value as JsonObject

export const asJson = (value: unknown): Json => value as Json

/** `<octavia id>/<type>/<key>/<verb>` */
export const changeId = (scope: string, type: Kind, key: string | number, verb: string): string =>
  `${scope}/${type}/${key}/${verb}`

/** `80` of `80` and of `80-t-w5`; null: it does not begin with a port. */
const keyPort = (key: string): number | null => {
  const [, port] = /^(\d{1,5})(?:-|$)/.exec(key) ?? []
  return port === undefined ? null : Number(port)
}

/** `80-t` in `<scope>/targets/80-t/register`. */
export const keyOf = (change: Pick<Change, 'id' | 'scope'>): string =>
  change.id.slice(change.scope.length + 1).split('/')[1] ?? ''

/** The listener port in a change's id; null where a change is about no single port. */
export function portOf(change: Pick<Change, 'id' | 'scope'>): number | null {
  return keyPort(keyOf(change))
}

interface ChangeParts {
  readonly scope: string
  readonly type: Kind
  readonly key: string | number
  readonly verb: string
  readonly kind: ChangeKind
  readonly remote: string | null
  readonly name: string
  readonly before?: object | null
  readonly after?: object | null
  readonly needs?: readonly (string | null)[]
  readonly reason: string
  readonly risk?: Risk
}

export const change = (parts: ChangeParts): Change => ({
  id: changeId(parts.scope, parts.type, parts.key, parts.verb),
  scope: parts.scope,
  ref: { type: parts.type, id: parts.remote, name: parts.name },
  kind: parts.kind,
  before: parts.before == null ? null : data(parts.before),
  after: parts.after == null ? null : data(parts.after),
  needs: [...new Set((parts.needs ?? []).filter((need) => need !== null))],
  reason: parts.reason,
  risk: parts.risk ?? (parts.kind === 'delete' ? 'removes' : parts.kind === 'create' ? 'none' : 'changes'),
})
