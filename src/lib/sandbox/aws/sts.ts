import type { Actions } from './action.ts'
import { constraint, fault, invalid } from './fault.ts'
import { hex } from './ids.ts'
import { integer, required, text } from './query.ts'
import type { AwsState, Session } from './state.ts'
import { counted, own } from './state.ts'

const ROLE = /^arn:aws:iam::(\d{12}):role\/((?:[!-~]+\/)?[A-Za-z0-9+=,.@_-]{1,64})$/

/** Who the request's key belongs to: a role's session, or the one user of the sandbox. */
export function callerOf(state: AwsState, accessKeyId: string): { readonly arn: string; readonly userId: string } {
  const session = own(state.sessions, accessKeyId)
  if (session !== undefined) return session
  return {
    arn: `arn:aws:iam::${state.accountId}:user/sandbox`,
    userId: `AIDA${hex(`user/${state.accountId}`, 17).toUpperCase()}`,
  }
}

/** "Common errors" page: ExpiredToken; a key that is unknown is the sandbox's user, whatever it is. */
export function checkSession(state: AwsState, accessKeyId: string, now: number): void {
  const session = own(state.sessions, accessKeyId)
  if (session !== undefined && session.expiresAt <= now) {
    throw fault('ExpiredToken', 'The security token included in the request is expired', 403)
  }
}

export const stsActions: Actions = {
  // API_GetCallerIdentity: needs no permission.
  GetCallerIdentity({ state, credential }) {
    const { arn, userId } = callerOf(state, credential.accessKeyId)
    return { state, result: { UserId: userId, Account: state.accountId, Arn: arn } }
  },

  // API_AssumeRole: RoleSessionName [\w+=,.@-]{2,64}, ExternalId [\w+=,.@:\/-]{2,1224}, DurationSeconds 900-43200, default 3600.
  AssumeRole({ state: before, params, now, credential }) {
    const roleArn = required(params, 'RoleArn')
    const name = required(params, 'RoleSessionName')
    const seconds = integer(params, 'DurationSeconds', 900, 43_200) ?? 3600
    const externalId = text(params, 'ExternalId')
    if (!/^[\w+=,.@-]{2,64}$/.test(name)) {
      throw constraint('roleSessionName', name, 'satisfy regular expression pattern: [\\w+=,.@-]{2,64}')
    }
    if (externalId !== undefined && !/^[\w+=,.@:/-]{2,1224}$/.test(externalId)) {
      throw constraint('externalId', externalId, 'satisfy regular expression pattern: [\\w+=,.@:\\/-]{2,1224}')
    }
    const [, account, role] = ROLE.exec(roleArn) ?? []
    if (account === undefined || role === undefined) throw invalid(`${roleArn} is invalid`)
    if (account !== before.accountId) {
      const { arn } = callerOf(before, credential.accessKeyId)
      throw fault(
        'AccessDenied',
        `User: ${arn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
        403,
      )
    }
    const { state, ordinal } = counted(before)
    const seed = `${state.accountId}/session/${ordinal}`
    const accessKeyId = `ASIA${hex(`${seed}/key`, 16).toUpperCase()}`
    const roleName = role.split('/').at(-1) ?? role
    const session: Session = {
      roleArn,
      arn: `arn:aws:sts::${state.accountId}:assumed-role/${roleName}/${name}`,
      userId: `AROA${hex(`role/${roleArn}`, 17).toUpperCase()}:${name}`,
      expiresAt: now + seconds * 1000,
    }
    return {
      state: { ...state, sessions: { ...state.sessions, [accessKeyId]: session } },
      result: {
        Credentials: {
          AccessKeyId: accessKeyId,
          SecretAccessKey: hex(`${seed}/secret`, 40),
          SessionToken: hex(`${seed}/token`, 64),
          Expiration: new Date(session.expiresAt).toISOString(),
        },
        AssumedRoleUser: { AssumedRoleId: session.userId, Arn: session.arn },
      },
    }
  },
}
