import type { ContextConfig } from '../config/schema.ts'
import { EXIT, nyahError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import { attachArguments, namesOf } from './dns-errand.ts'
import type { Naming } from './errand.ts'

/**
 * The arguments of the `dns.attach` that follows once these mirrors are healthy: names that were given, which are of the
 * only one, and those of the configuration. Throws USAGE, CONFIG_HOSTNAME_TWICE (3).
 */
export function attachLater(
  { hostnames, ...flags }: Naming,
  ids: readonly string[],
  configured: { readonly context: string; readonly mirrors: NonNullable<ContextConfig['mirrors']> },
): JsonObject {
  const [only = ''] = ids
  const given = hostnames.length === 0 ? [] : namesOf(hostnames)
  const all = Object.entries(configured.mirrors).flatMap(([id, { hostnames: its = [] }]) =>
    its.map((name) => ({ name, id })),
  )
  const wanted = [...given.map((name) => ({ name, id: only })), ...all.filter(({ id }) => ids.includes(id))]
  for (const { name, id } of wanted) {
    const other = all.find((one) => one.name === name && one.id !== id)
    if (other !== undefined)
      throw nyahError({
        code: 'CONFIG_HOSTNAME_TWICE',
        message: `contexts.${configured.context}.mirrors.${other.id}.hostnames has ${name}, which is to be attached to ${id}: a name has one mirror`,
        exit: EXIT.configuration,
        tries: [`take ${name} out of the hostnames of one of them`, 'nyah config explain'],
      })
  }
  const mirror = Object.fromEntries(wanted.map(({ name, id }) => [name, id]))
  const none = {
    'octavia-address': undefined,
    check: undefined,
    'check-port': undefined,
    'check-path': undefined,
    'check-search': undefined,
    'check-interval': undefined,
    'check-threshold': undefined,
    zone: undefined,
    adopt: false,
  }
  return { ...attachArguments(Object.keys(mirror), { ...none, ...flags }), mirror, keep: true }
}
