import { EXIT, nyahError } from '../core/errors.ts'
import type { Zone } from '../ports/dns.ts'

/** Which zone a name stands in, where several could hold it. */
export interface ZoneChoice {
  /** `--zone`: id of the one; null: by the name. */
  readonly zone: string | null
  /** `dns.zones` of the configuration: zone name → id. */
  readonly zones: Readonly<Record<string, string>>
}

/**
 * The zone of the longest suffix, as resolvers find it. Of several with that name (a public and a private one) the
 * configured one.
 *
 * Throws DNS_ZONE_MISSING, DNS_ZONE_AMBIGUOUS (2).
 */
export function zoneOf(name: string, all: readonly Zone[], { zone: wanted, zones }: ZoneChoice): Zone {
  const holding = all.filter((zone) => name === zone.name || name.endsWith(`.${zone.name}`))
  const longest = Math.max(0, ...holding.map((zone) => zone.name.length))
  const nearest = holding.filter((zone) => zone.name.length === longest)
  const choice = wanted ?? zones[nearest[0]?.name ?? '']
  // A zone that was asked for by id may be any that holds the name.
  const found = choice === undefined ? nearest : holding.filter(({ id }) => id === choice)
  const [first, ...more] = found
  if (first === undefined)
    throw nyahError({
      code: 'DNS_ZONE_MISSING',
      message:
        choice === undefined
          ? `${name} is in none of the ${all.length} hosted zones that these credentials list`
          : `hosted zone ${choice} does not hold ${name}, or these credentials do not list it`,
      exit: EXIT.usage,
      tries: ['aws route53 list-hosted-zones', 'nyah config explain'],
    })
  if (more.length === 0) return first
  const text = found.map(({ id, private: inside }) => `${id} (${inside ? 'private' : 'public'})`).join(', ')
  throw nyahError({
    code: 'DNS_ZONE_AMBIGUOUS',
    message: `${name} could be in several hosted zones named ${first.name}: ${text}`,
    exit: EXIT.usage,
    tries: [`set dns.zones in the configuration: { ${first.name}: ${first.id} }`, `--zone ${first.id} with dns attach`],
  })
}
