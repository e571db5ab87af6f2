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

/** `nyah-<slug ≤ 18>-<hash>`. Hashes are the mirror's (`MirrorTree.hash`): after a retarget not that of its Octavia id. */
export const loadBalancerName = (hash: string, name: string): string => joined('nyah', slug(name, 18), hash)

/** `nyah-<hash>` */
export const securityGroupName = (hash: string): string => joined('nyah', hash)

const MAX_NAME = 32
const MAX_TARGET_GROUP_SLUG = 12

/** `nyah-<slug ≤ 12>-<hash>-<key>`; a long key leaves less of the slug. */
export function targetGroupName(hash: string, name: string, key: string): string {
  const rest = joined('nyah', hash, key)
  return joined('nyah', slug(name, Math.min(MAX_TARGET_GROUP_SLUG, MAX_NAME - rest.length - 1)), hash, key)
}

/** What AWS cannot change about a target group, so what its name has to say. */
export interface Variant {
  /** The NLB speaks TLS to the targets. */
  readonly tls: boolean
  readonly ipv6: boolean
  /** The members' weight, where weights are kept; else null. */
  readonly weight: number | null
}

/** `80`; `80-t` (TLS), `80-6` (IPv6 targets), `80-w5` (members of weight 5), or together: `80-t-6-w5`. */
export const groupKey = (port: number, { tls, ipv6, weight }: Variant): string =>
  joined(String(port), tls ? 't' : '', ipv6 ? '6' : '', weight === null ? '' : `w${weight}`)

const KEY = /^(\d{1,5})(-t)?(-6)?(-w\d{1,3})?$/

/** The listener port that a key begins with; null: it is no key. */
export function portOfKey(key: string): number | null {
  const [, port] = KEY.exec(key) ?? []
  return port === undefined ? null : Number(port)
}

/** Is this a name nyah would give to a load balancer with this hash, whatever the slug was when it was made? */
export const isOurName = (name: string, hash: string): boolean =>
  name === `nyah-${hash}` || (name.startsWith('nyah-') && name.endsWith(`-${hash}`))

/** The key at the end of a target group's name, `nyah-…-<hash>-<key>`; null: nyah would not name one so. */
export function keyOfTargetGroup(name: string, hash: string): string | null {
  const at = name.lastIndexOf(`-${hash}-`)
  const key = at < 0 ? '' : name.slice(at + hash.length + 2)
  return KEY.test(key) && isOurName(name.slice(0, at + hash.length + 1), hash) ? key : null
}

export const isOurTargetGroupName = (name: string, hash: string): boolean => keyOfTargetGroup(name, hash) !== null

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
