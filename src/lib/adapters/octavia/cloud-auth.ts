import { secret, type Secret } from '../http/secret.ts'
import { invalid, type SettingsReader } from './settings.ts'

type Domain = { readonly id: string } | { readonly name: string }

/** A user or project: an id stands alone, a name needs its domain. */
export type Named = { readonly id: string } | { readonly name: string; readonly domain: Domain }

export type Scope = { readonly project: Named } | { readonly domain: Domain }

/** Who nyah is to Keystone. `scope` null: Keystone's own choice (the user's default project, or the token's). */
export type CloudAuth =
  | { readonly kind: 'password'; readonly user: Named; readonly password: Secret; readonly scope: Scope | null }
  | {
      readonly kind: 'application_credential'
      readonly credential: { readonly id: string } | { readonly name: string; readonly user: Named }
      readonly secret: Secret
    }
  | { readonly kind: 'token'; readonly token: Secret; readonly scope: Scope | null }

/** Names that the OpenStack clients know for the three ways in. */
const KINDS: Readonly<Record<string, CloudAuth['kind']>> = {
  password: 'password',
  v3password: 'password',
  token: 'token',
  v3token: 'token',
  v3applicationcredential: 'application_credential',
  application_credential: 'application_credential',
}

export function readAuth(read: SettingsReader, origin: string): CloudAuth {
  const text = (key: string): string | null => read.optional('auth', key)
  const fallback = domain(text, 'default_domain') ?? { id: 'default' }
  const user = (): Named => {
    const id = text('user_id')
    if (id !== null) return { id }
    const name = read.required('auth', 'username')
    return { name, domain: domain(text, 'user_domain') ?? domain(text, 'domain') ?? fallback }
  }

  switch (kindOf(read, origin)) {
    case 'application_credential': {
      const id = text('application_credential_id')
      return {
        kind: 'application_credential',
        secret: secret(read.required('auth', 'application_credential_secret')),
        credential: id === null ? { name: read.required('auth', 'application_credential_name'), user: user() } : { id },
      }
    }
    case 'token':
      return { kind: 'token', token: secret(read.required('auth', 'token')), scope: scope(text, fallback, origin) }
    case 'password':
      return {
        kind: 'password',
        user: user(),
        password: secret(read.required('auth', 'password')),
        scope: scope(text, fallback, origin),
      }
  }
}

/** `auth_type`; where it is not said, what the keys speak of. */
function kindOf(read: SettingsReader, origin: string): CloudAuth['kind'] {
  const named = read.optional(null, 'auth_type')
  if (named !== null) {
    const kind = KINDS[named.toLowerCase()]
    if (kind !== undefined) return kind
    throw invalid(`auth_type ${named} is not supported`, origin, [
      'use one of password, v3applicationcredential, token (v3password and v3token mean the same)',
    ])
  }
  const has = (key: string): boolean => read.optional('auth', key) !== null
  if (has('application_credential_secret')) return 'application_credential'
  return has('token') && !has('password') ? 'token' : 'password'
}

function domain(text: (key: string) => string | null, prefix: string): Domain | null {
  const id = text(`${prefix}_id`)
  if (id !== null) return { id }
  const name = text(`${prefix}_name`)
  return name === null ? null : { name }
}

function scope(text: (key: string) => string | null, fallback: Domain, origin: string): Scope | null {
  if (text('system_scope') !== null) {
    throw invalid('system_scope is not supported: load balancers belong to a project', origin, [
      'name the project: project_name and project_domain_name',
    ])
  }
  const id = text('project_id') ?? text('tenant_id')
  if (id !== null) return { project: { id } }
  const name = text('project_name') ?? text('tenant_name')
  const own = domain(text, 'domain')
  if (name !== null) return { project: { name, domain: domain(text, 'project_domain') ?? own ?? fallback } }
  return own === null ? null : { domain: own }
}
