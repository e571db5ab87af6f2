import type { Check } from '../ports/health-checks.ts'
import { TTL, type ObservedName } from './model.ts'
import type { ShownSet } from './view.ts'

/** What is wrong with a name, before it matters. */
export interface Remark {
  /** Stable, upper case: `DNS_AUDIT_TTL`. */
  readonly code: string
  readonly name: string
  /** `warn`: works, and not as people think; `bad`: users are or will be without an answer. */
  readonly severity: 'warn' | 'bad'
  readonly evidence: string
  readonly remedy: string
}

/** All that can be said of these sets; `names` are the same, as they were observed. Pure. */
export const auditSets = (sets: readonly ShownSet[]): readonly Remark[] => sets.flatMap(auditSet)

function auditSet(set: ShownSet): readonly Remark[] {
  const { name, type, members, routing, owner } = set
  const remark = (code: string, severity: Remark['severity'], evidence: string, remedy: string): Remark => ({
    code,
    name,
    severity,
    evidence: `${type} ${evidence}`,
    remedy,
  })
  const ours = owner.kind === 'nyah'
  const remarks: Remark[] = []
  if (set.isProtected === true)
    remarks.push(
      remark(
        'DNS_AUDIT_PROTECTED',
        'bad',
        'is protected: Route 53 refuses every change of it, a failover too',
        'delete the record set protection in Route 53',
      ),
    )
  for (const member of members) {
    const id = member.id ?? 'the record'
    if (member.health.health === 'unhealthy' && member.share > 0)
      remarks.push(
        remark(
          'DNS_AUDIT_UNHEALTHY',
          'bad',
          `${id} has ${percent(member.share)} and is unhealthy: ${member.health.detail}`,
          `nyah dns show ${name}`,
        ),
      )
    if (member.health.detail === GONE)
      remarks.push(
        remark(
          'DNS_AUDIT_TARGET_GONE',
          'bad',
          `${id} points to ${member.pointsTo.join(', ')}, which is no load balancer of this account and Region`,
          ours ? `nyah dns detach ${name}` : 'point it at a load balancer that exists, or delete it',
        ),
      )
  }
  if (routing !== 'weighted') return remarks
  const weightless = members.every(({ weight }) => weight === 0)
  if (weightless)
    remarks.push(
      remark(
        'DNS_AUDIT_TOTAL_ZERO',
        'bad',
        'has only weights of zero: Route 53 then answers with all of them alike',
        `nyah dns weight ${name} octavia=90 aws=10`,
      ),
    )
  const ttls = [...new Set(members.map(({ ttl }) => ttl ?? TTL))]
  if (ttls.length > 1)
    remarks.push(
      remark(
        'DNS_AUDIT_TTL',
        'warn',
        `has records of different TTLs (${ttls.join(', ')} s): what is cached longer gets more users than its weight says`,
        `set the TTL of all of them to ${TTL} s; an alias of a load balancer always answers with ${TTL}`,
      ),
    )
  for (const { id, health } of members)
    if (!health.watched)
      remarks.push(
        remark(
          'DNS_AUDIT_NO_CHECK',
          'warn',
          `${id ?? 'the record'} has no health check: when it dies, Route 53 goes on answering with it`,
          `nyah dns attach ${name} --check tcp`,
        ),
      )
  if (members.length === 1)
    remarks.push(
      remark(
        'DNS_AUDIT_ALONE',
        'warn',
        'has one weighted record only: its weight decides nothing',
        `nyah dns show ${name}`,
      ),
    )
  return remarks
}

/** What an observer says of an alias whose load balancer is not there. */
export const GONE = 'gone'

/** State records of nyah whose name has no records any more. */
export function orphanRecords(names: readonly ObservedName[]): readonly Remark[] {
  return names.flatMap(({ name, records }): readonly Remark[] => {
    const hasAddress = records.some((one) => one.name === name && one.type !== 'TXT')
    const state = records.find(
      (one) => one.type === 'TXT' && one.values.some((value) => value.includes('external-dns/owner=nyah')),
    )
    return hasAddress || state === undefined
      ? []
      : [
          {
            code: 'DNS_AUDIT_ORPHAN_STATE',
            name,
            severity: 'warn',
            evidence: `TXT ${state.name} says that nyah owns the name, and there are no records at it`,
            remedy: `nyah dns detach ${name}`,
          },
        ]
  })
}

/** Health checks with nyah's tags that no record refers to. */
export function orphanChecks(checks: readonly Check[], names: readonly ObservedName[]): readonly Remark[] {
  const used = new Set([
    ...names.flatMap(({ records }) => records.flatMap(({ healthCheckId }) => healthCheckId ?? [])),
    ...checks.flatMap(({ children }) => children),
  ])
  return checks
    .filter(({ id, tags }) => tags['nyah:managed'] === 'true' && !used.has(id))
    .map(({ id, tags }) => ({
      code: 'DNS_AUDIT_ORPHAN_CHECK',
      name: tags['nyah:name'] ?? id,
      severity: 'warn',
      evidence: `health check ${id} was made by nyah, and no record that can be read refers to it; it costs money each month`,
      remedy: `delete health check ${id} once you are sure that nothing else refers to it`,
    }))
}

/** A little is not nothing. */
const percent = (share: number): string => `${share > 0 && share < 1 ? '<1' : Math.round(share)} %`
