import { EXIT, nyahError, type NyahError } from '../../core/errors.ts'

/** One cloud as it was written down: the shape of a clouds.yaml entry, whichever source it came from. */
export interface Settings {
  /** Entry of clouds.yaml; null: OS_* variables. */
  readonly name: string | null
  /** `clouds.yaml entry "nyah" (/etc/openstack/clouds.yaml)` */
  readonly origin: string
  readonly values: Readonly<Record<string, unknown>>
  readonly regions: readonly string[]
  readonly notes: readonly { readonly code: string; readonly message: string }[]
  /** What people call a key: `auth.password`, or `OS_PASSWORD`. */
  label(section: 'auth' | null, key: string): string
}

export interface SettingsReader {
  label(section: 'auth' | null, key: string): string
  /** Null: absent or empty. */
  optional(section: 'auth' | null, key: string): string | null
  required(section: 'auth' | null, key: string): string
  /** `verify`, true unless it says false. */
  verify(): boolean
}

export const invalid = (message: string, origin: string, tries: readonly string[] = []): NyahError =>
  nyahError({ code: 'CONFIG_CLOUD_INVALID', message: `${origin}: ${message}`, exit: EXIT.configuration, tries })

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Reads settings by type. Errors name the key, never the value: it may be a password. */
export function settingsReader(settings: Settings): SettingsReader {
  const label = (section: 'auth' | null, key: string): string => `${settings.origin}: ${settings.label(section, key)}`
  const auth = settings.values['auth'] ?? {}
  if (!isRecord(auth)) throw invalid('auth is not a mapping', settings.origin)

  const optional = (section: 'auth' | null, key: string): string | null => {
    // The OpenStack clients accept what belongs to `auth` outside of it too.
    const value = (section === 'auth' ? auth[key] : undefined) ?? settings.values[key]
    if (value === undefined || value === null || value === '') return null
    if (typeof value === 'string') return value
    const kind = Array.isArray(value) ? 'list' : typeof value
    throw invalid(`is a ${kind} and must be text`, label(section, key), ['put the value in quotes'])
  }

  return {
    label,
    optional,
    required(section, key) {
      const value = optional(section, key)
      if (value !== null) return value
      throw nyahError({
        code: 'CONFIG_CLOUD_INCOMPLETE',
        message: `${label(section, key)} is missing`,
        exit: EXIT.configuration,
        tries: [`add ${settings.label(section, key)}`],
      })
    },
    verify() {
      const value = settings.values['verify'] ?? true
      if (typeof value === 'boolean') return value
      throw invalid('is neither true nor false', label(null, 'verify'))
    },
  }
}
