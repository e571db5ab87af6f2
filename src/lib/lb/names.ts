import { createHash } from 'node:crypto'
import type { Tags } from '../ports/mirrors.ts'
import { SCHEMA, TAG, type LbWorld } from './model.ts'

/**
 * Names and tags of everything a mirror is made of. AWS allows ≤ 32 of `A-Za-z0-9-`, not at the edges, and they can
 * never be changed: the hash of the Octavia id is what finds them again, the slug is for people.
 */

/** First 8 hex digits of SHA-256 of the Octavia id: in every name of one mirror. */
export const hashOf = (octaviaId: string): string => createHash('sha256').update(octaviaId).digest('hex').slice(0, 8)

/** What of a name AWS can take, lower case; empty when nothing is left (a Japanese name). */
export const slug = (name: string, max: number): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, max)
    .replace(/-$/, '')

const joined = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join('-')

/** `nyah-<slug ≤ 18>-<hash>` */
export const loadBalancerName = (octaviaId: string, name: string): string =>
  joined('nyah', slug(name, 18), hashOf(octaviaId))

/** `nyah-<hash>` */
export const securityGroupName = (octaviaId: string): string => joined('nyah', hashOf(octaviaId))

/** `nyah-<slug ≤ 12>-<hash>-<port>` */
export const targetGroupName = (octaviaId: string, name: string, port: number): string =>
  joined('nyah', slug(name, 12), hashOf(octaviaId), String(port))

/** Is this a name nyah would give to a load balancer with this hash, whatever the slug was when it was made? */
export const isOurName = (name: string, hash: string): boolean =>
  name === `nyah-${hash}` || (name.startsWith('nyah-') && name.endsWith(`-${hash}`))

/** The same for a target group: `nyah-…-<hash>-<port>`. */
export const isOurTargetGroupName = (name: string, hash: string): boolean =>
  /-\d{1,5}$/.test(name) && isOurName(name.replace(/-\d{1,5}$/, ''), hash)

export type Role = 'load-balancer' | 'listener' | 'target-group' | 'security-group'

/** AWS tag values: ≤ 256 letters, digits, spaces and `_.:/=+-@`. */
function tagValue(text: string): string {
  const valid = text.replace(/[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu, '_')
  let value = ''
  for (const character of valid) {
    if (value.length + character.length > 256) break
    value += character
  }
  return value.trim()
}

export function tagsFor(octaviaId: string, role: Role, sourceName: string, port?: number): Tags {
  const name = tagValue(sourceName)
  return {
    [TAG.managed]: 'true',
    [TAG.octaviaId]: octaviaId,
    [TAG.role]: role,
    ...(port === undefined ? {} : { [TAG.port]: String(port) }),
    [TAG.schema]: SCHEMA,
    ...(name === '' ? {} : { [TAG.source]: name }),
  }
}

/** What people call each scope: Octavia's name; of a load balancer that is gone, the one its mirror remembers. */
export const namesOf = ({ scopes }: LbWorld): Readonly<Record<string, string>> =>
  Object.fromEntries(
    scopes.flatMap(({ id, source, mirror }) => {
      const name = source?.loadbalancer.name ?? mirror.loadBalancer?.tags[TAG.source] ?? ''
      return name === '' ? [] : [[id, name] as const]
    }),
  )
