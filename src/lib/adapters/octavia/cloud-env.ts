import type { Settings } from './settings.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Variables whose name is not simply OS_ and the key in capitals. The first that is set counts. */
const AUTH: Readonly<Record<string, readonly string[]>> = {
  auth_url: ['OS_AUTH_URL'],
  username: ['OS_USERNAME'],
  user_id: ['OS_USER_ID'],
  password: ['OS_PASSWORD'],
  user_domain_id: ['OS_USER_DOMAIN_ID'],
  user_domain_name: ['OS_USER_DOMAIN_NAME'],
  project_id: ['OS_PROJECT_ID', 'OS_TENANT_ID'],
  project_name: ['OS_PROJECT_NAME', 'OS_TENANT_NAME'],
  project_domain_id: ['OS_PROJECT_DOMAIN_ID'],
  project_domain_name: ['OS_PROJECT_DOMAIN_NAME'],
  domain_id: ['OS_DOMAIN_ID'],
  domain_name: ['OS_DOMAIN_NAME'],
  default_domain_id: ['OS_DEFAULT_DOMAIN_ID'],
  default_domain_name: ['OS_DEFAULT_DOMAIN_NAME', 'OS_DEFAULT_DOMAIN'],
  system_scope: ['OS_SYSTEM_SCOPE'],
  token: ['OS_TOKEN', 'OS_AUTH_TOKEN'],
  application_credential_id: ['OS_APPLICATION_CREDENTIAL_ID'],
  application_credential_name: ['OS_APPLICATION_CREDENTIAL_NAME'],
  application_credential_secret: ['OS_APPLICATION_CREDENTIAL_SECRET'],
}

const PLAIN: Readonly<Record<string, readonly string[]>> = {
  auth_type: ['OS_AUTH_TYPE'],
  region_name: ['OS_REGION_NAME'],
  interface: ['OS_INTERFACE', 'OS_ENDPOINT_TYPE'],
  cacert: ['OS_CACERT'],
  identity_api_version: ['OS_IDENTITY_API_VERSION'],
  load_balancer_endpoint_override: ['OS_LOAD_BALANCER_ENDPOINT_OVERRIDE'],
  load_balancer_interface: ['OS_LOAD_BALANCER_INTERFACE'],
}

/** OS_* variables in the shape of a clouds.yaml entry. */
export function cloudFromEnvironment(env: Environment): Settings {
  const pick = (table: Readonly<Record<string, readonly string[]>>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(table).flatMap(([key, names]) => {
        const name = names.find((each) => env[each])
        return name === undefined ? [] : [[key, env[name] ?? '']]
      }),
    )
  // An environment is inherited unseen; switching certificates off must be written down where it is reviewed.
  const notes =
    env['OS_INSECURE'] || env['OS_VERIFY']
      ? [
          {
            code: 'CONFIG_CLOUD_INSECURE_IGNORED',
            message:
              'OS_INSECURE and OS_VERIFY are not followed: name the authority (OS_CACERT), or write `verify: false` into clouds.yaml',
          },
        ]
      : []
  return {
    name: null,
    origin: 'OS_* variables',
    values: { auth: pick(AUTH), ...pick(PLAIN) },
    regions: [],
    notes,
    label: (section, key) => (section === 'auth' ? AUTH : PLAIN)[key]?.[0] ?? `OS_${key.toUpperCase()}`,
  }
}
