import type { Secret } from '../http/secret.ts'
import type { CloudAuth, Named, Scope } from './cloud-auth.ts'

/** The body of `POST /v3/auth/tokens`. An application credential carries its own project: a scope would be refused. */
export function tokenRequest(auth: CloudAuth): unknown {
  switch (auth.kind) {
    case 'password':
      return {
        auth: {
          identity: {
            methods: ['password'],
            password: { user: { ...auth.user, password: auth.password.reveal() } },
          },
          ...scoped(auth.scope),
        },
      }
    case 'token':
      return {
        auth: { identity: { methods: ['token'], token: { id: auth.token.reveal() } }, ...scoped(auth.scope) },
      }
    case 'application_credential':
      return {
        auth: {
          identity: {
            methods: ['application_credential'],
            application_credential: { ...auth.credential, secret: auth.secret.reveal() },
          },
        },
      }
  }
}

const scoped = (scope: Scope | null): { scope?: Scope } => (scope === null ? {} : { scope })

/** What must not come back in an error. */
export function credentialOf(auth: CloudAuth): Secret {
  switch (auth.kind) {
    case 'password':
      return auth.password
    case 'token':
      return auth.token
    case 'application_credential':
      return auth.secret
  }
}

/** `operator`, for messages. */
export function describeAuth(auth: CloudAuth): string {
  const named = (who: Named): string => ('name' in who ? `user ${who.name}` : `user id ${who.id}`)
  switch (auth.kind) {
    case 'password':
      return named(auth.user)
    case 'token':
      return 'the given token'
    case 'application_credential':
      return 'name' in auth.credential
        ? `application credential ${auth.credential.name} of ${named(auth.credential.user)}`
        : `application credential ${auth.credential.id}`
  }
}
