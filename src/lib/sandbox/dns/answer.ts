import type { RecordState, ZoneState } from '../aws/route53-state.ts'
import { storedName } from '../aws/route53-state.ts'
import type { Verdict } from '../aws/route53-verdict.ts'
import { chosen } from './choose.ts'

/** What Route 53's name servers answer to one query: pure, but for the chance that it is given. */

export interface Question {
  /** With or without the trailing dot, in any case. */
  readonly name: string
  readonly type: string
}

/** What the records refer to, as it is at the time of the query. */
export interface Referred {
  /** What a health check says. */
  check(id: string): Verdict
  /** Of a load balancer's name; null: there is no such load balancer. */
  balancer(dnsName: string): { readonly verdict: Verdict; readonly addresses: readonly string[] } | null
}

/** One record set as it is answered. */
export interface Answered {
  /** As Route 53 keeps names: escaped, lower case, with the trailing dot. */
  readonly name: string
  readonly type: string
  /** Seconds. */
  readonly ttl: number
  /** As Route 53 writes them: TXT values with their quotes. */
  readonly values: readonly string[]
}

export interface DnsAnswer {
  /** RFC 1035's RCODE. REFUSED: of none of the public zones. SERVFAIL: what the sandbox does not build. */
  readonly rcode: 'NOERROR' | 'NXDOMAIN' | 'REFUSED' | 'SERVFAIL'
  readonly answers: readonly Answered[]
  /** The zone's SOA with a name or type that is not there, or the name servers that a subdomain is delegated to. */
  readonly authority: readonly Answered[]
}

/** "Values that are common for alias records" page: an alias of a load balancer answers with 60 s. */
const ALIAS_TTL = 60

/** CNAMEs and aliases in a row, within a zone. */
const ROW_MAX = 8

const WILDCARD = storedName('*').slice(0, -1)

const isWithin = (name: string, apex: string): boolean => name === apex || name.endsWith(`.${apex}`)

/** What stands above, nearest first: `b.c.`, `c.` of `a.b.c.`. */
function above(name: string): readonly string[] {
  const labels = name.split('.')
  return labels.slice(1, -1).map((_, index) => labels.slice(index + 1).join('.'))
}

const isThere = (zone: ZoneState, name: string): boolean => zone.records.some((one) => isWithin(one.name, name))

const plain = ({ type, ttl, values }: RecordState, name: string): Answered => ({ name, type, ttl: ttl ?? 0, values })

/**
 * Records that answer for a name: its own, or those of the wildcard below its closest encloser (RFC 4592; a name that only
 * has others below it exists, and no wildcard answers for it). Null: there is no such name.
 */
function recordsFor(zone: ZoneState, name: string): readonly RecordState[] | null {
  const of = (owner: string) => zone.records.filter((one) => one.name === owner)
  if (isThere(zone, name)) return of(name)
  const encloser = above(name).find((one) => isThere(zone, one))
  const wild = of(`${WILDCARD}.${encloser}`)
  return wild.length > 0 ? wild : null
}

/** RFC 2308: how long it may be remembered that something is not there. */
function soaOf(zone: ZoneState): readonly Answered[] {
  const soa = zone.records.find(({ name, type }) => name === zone.name && type === 'SOA')
  if (soa === undefined) return []
  const minimum = Number(soa.values[0]?.split(' ').at(-1))
  return [{ ...plain(soa, zone.name), ttl: Math.min(soa.ttl ?? 0, minimum) }]
}

/** NS records below the apex: the name servers of what was delegated. */
function delegation(zone: ZoneState, name: string): RecordState | undefined {
  const owners = [name, ...above(name)].filter((one) => one !== zone.name && isWithin(one, zone.name))
  return zone.records.find(({ name: owner, type }) => type === 'NS' && owners.includes(owner))
}

/** One look at a zone, for one query. */
interface Look {
  readonly zone: ZoneState
  readonly referred: Referred
  readonly random: () => number
}

/**
 * A record without a health check is healthy. EvaluateTargetHealth of an alias: that of the load balancer, or whether any
 * of the records that it points to is healthy ("Values that are common for alias records" page).
 */
function isHealthy(look: Look, { healthCheckId, alias, type }: RecordState, row: number): boolean {
  if (healthCheckId !== null && look.referred.check(healthCheckId) === 'unhealthy') return false
  if (alias === null || !alias.evaluateTargetHealth) return true
  if (alias.zoneId !== look.zone.id) return look.referred.balancer(alias.dnsName)?.verdict === 'healthy'
  if (row === ROW_MAX) return false
  const targets = (recordsFor(look.zone, alias.dnsName) ?? []).filter((one) => one.type === type)
  return targets.some((one) => isHealthy(look, one, row + 1))
}

const empty = (look: Look, rcode: DnsAnswer['rcode']): DnsAnswer => ({
  rcode,
  answers: [],
  authority: rcode === 'SERVFAIL' ? [] : soaOf(look.zone),
})

/** The answer of one zone; `name` is what the answers are called, `at` where the records stand. */
function answerAt(look: Look, name: string, at: string, type: string, row: number): DnsAnswer {
  if (row > ROW_MAX) return empty(look, 'SERVFAIL')
  const delegated = type === 'DS' ? undefined : delegation(look.zone, at)
  if (delegated !== undefined) {
    return { rcode: 'NOERROR', answers: [], authority: [plain(delegated, delegated.name)] }
  }
  const records = recordsFor(look.zone, at)
  if (records === null) return empty(look, 'NXDOMAIN')
  const same = records.filter((one) => one.type === type)
  const found = same.length > 0 ? same : records.filter((one) => one.type === 'CNAME')
  if (found.some(({ routing }) => routing !== null)) return empty(look, 'SERVFAIL')
  const candidates = found.map((record) => ({ record, healthy: isHealthy(look, record, 0) }))
  const record = chosen(candidates, look.random())
  if (record === null) return empty(look, 'NOERROR')
  const { alias } = record
  if (alias !== null) {
    if (alias.zoneId === look.zone.id) {
      const target = answerAt(look, name, alias.dnsName, type, row + 1)
      // The name itself is there, whatever it points to.
      return target.rcode === 'NXDOMAIN' ? empty(look, 'NOERROR') : target
    }
    const addresses = look.referred.balancer(alias.dnsName)?.addresses.filter((one) => familyOf(one) === type) ?? []
    if (addresses.length === 0) return empty(look, 'NOERROR')
    return { rcode: 'NOERROR', answers: [{ name, type, ttl: ALIAS_TTL, values: addresses }], authority: [] }
  }
  const answered = plain(record, name)
  const target = storedName(record.values[0] ?? '')
  if (record.type === type || !isWithin(target, look.zone.name)) {
    return { rcode: 'NOERROR', answers: [answered], authority: [] }
  }
  // A CNAME to a name of the same zone is answered with what stands there.
  const further = answerAt(look, target, target, type, row + 1)
  return { ...further, answers: [answered, ...further.answers] }
}

const familyOf = (address: string): string => (address.includes(':') ? 'AAAA' : 'A')

/**
 * What the name servers of these zones answer. Private zones are not theirs; of zones within each other the one with the
 * longest name answers. Weights are drawn anew for each query, so also for each CNAME and alias on the way.
 *
 * @param random 0 ≤ … < 1, one call for each choice
 */
export function answer(
  zones: readonly ZoneState[],
  { name, type }: Question,
  referred: Referred,
  random: () => number,
): DnsAnswer {
  const asked = storedName(name)
  const [zone] = zones
    .filter((one) => !one.private && isWithin(asked, one.name))
    .toSorted((a, b) => b.name.length - a.name.length)
  if (zone === undefined) return { rcode: 'REFUSED', answers: [], authority: [] }
  return answerAt({ zone, referred, random }, asked, asked, type, 0)
}
