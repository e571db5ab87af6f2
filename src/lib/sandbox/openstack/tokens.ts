import { hexOf, opaqueOf } from './ids.ts'
import type { Identity, IssuedToken, OpenStackState, Project, User } from './model.ts'

/** Who calls, as a token says. */
export interface Caller {
  readonly user: User
  /** Null: an unscoped token. */
  readonly project: Project | null
  readonly roles: readonly string[]
}

export const roleId = (name: string): string => hexOf(`role ${name}`)

/** Null: unknown, revoked or expired; the three look the same from outside. */
export function callerOf(identity: Identity, token: string | undefined, now: number): Caller | null {
  const issued = token !== undefined && Object.hasOwn(identity.tokens, token) ? identity.tokens[token] : undefined
  if (issued === undefined || issued.expiresAt <= now) return null
  const user = identity.users.find((one) => one.id === issued.userId)
  if (user === undefined) return null
  const project = identity.projects.find((one) => one.id === issued.projectId) ?? null
  return { user, project, roles: project === null ? [] : (user.roles[project.name] ?? []) }
}

/** A new token, and the state that knows it. Expired ones are forgotten on the way. */
export function issue(
  state: OpenStackState,
  grant: Omit<IssuedToken, 'issuedAt' | 'expiresAt' | 'audit'> & { readonly parent: IssuedToken | null },
  now: number,
): { readonly state: OpenStackState; readonly token: string } {
  const seq = state.seq + 1
  const { parent, ...rest } = grant
  const token = `gAAAAAB${opaqueOf(`token ${seq} ${now}`, 80)}`
  const issued: IssuedToken = {
    ...rest,
    issuedAt: now,
    expiresAt: parent?.expiresAt ?? now + state.identity.tokenLifetimeSeconds * 1000,
    audit: [opaqueOf(`audit ${seq}`, 22), ...(parent?.audit.slice(-1) ?? [])],
  }
  const alive = Object.entries(state.identity.tokens).filter(([, one]) => one.expiresAt > now)
  return {
    state: {
      ...state,
      seq,
      identity: { ...state.identity, tokens: { ...Object.fromEntries(alive), [token]: issued } },
    },
    token,
  }
}
