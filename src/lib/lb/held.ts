import { fingerprint } from '../core/hash.ts'
import type { Tags } from '../ports/mirrors.ts'
import type { SourceLoadBalancer } from '../ports/source.ts'
import { TAG, type Placement } from './model.ts'

/** What a mirror's load balancer remembers of its last run: what was held and since when, and when both sides were in step. */

export interface Held {
  /** `LB_MINIMUM_HEALTHY` */
  readonly code: string
  /** ISO 8601, UTC, to the second. */
  readonly since: string
}

const ENTRY = /^([A-Z][A-Z0-9_]*)\/(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z)$/

/** The tag `nyah:held`, oldest first; what in it is no entry of nyah's is left out. Empty: nothing is held. */
export const heldOf = (tags: Tags): readonly Held[] =>
  (tags[TAG.held] ?? '').split(' ').flatMap((entry): readonly Held[] => {
    const [, code, since] = ENTRY.exec(entry) ?? []
    return code === undefined || since === undefined ? [] : [{ code, since }]
  })

/** What AWS takes in one tag. */
const MOST = 256

/** Oldest first; what does not fit is left out: the longest held matter most. Empty: nothing. */
export function heldText(held: readonly Held[]): string {
  const oldest = held.toSorted((a, b) => compare(a.since, b.since) || compare(a.code, b.code))
  let text = ''
  for (const { code, since } of oldest) {
    const longer = `${text}${text === '' ? '' : ' '}${code}/${since}`
    if (longer.length > MOST) break
    text = longer
  }
  return text
}

const compare = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1)

/** `2026-11-22T03:00:00Z` */
export const second = (atMs: number): string => new Date(atMs).toISOString().replace(/\.\d{3}Z$/, 'Z')

/** The revision of the source with which the mirror was last in step (`revisionOf`); null: never, as far as it remembers. */
export const inStepOf = (tags: Tags): string | null => {
  const revision = tags[TAG.inStep]
  return revision === undefined || revision === '' ? null : revision
}

/**
 * 8 hex digits of what the configuration says of a mirror, but for addresses: those also come by a flag, and can be seen on
 * the NLB itself. Certificates are the whole context's: another one for another load balancer counts too.
 */
export const settingsOf = ({ vpcId, scheme, subnets, routableCidrs, certificates, weights }: Placement): string =>
  fingerprint({
    vpcId,
    scheme,
    subnets: subnets.toSorted(),
    routableCidrs: routableCidrs === null ? null : routableCidrs.toSorted(),
    certificates,
    weights: weights ?? null,
  }).slice(0, 8)

/** What Octavia bumps at each change below a load balancer; one that was never changed has only its creation. */
export const revisionOf = ({ updated_at, created_at }: Pick<SourceLoadBalancer, 'updated_at' | 'created_at'>): string =>
  updated_at ?? created_at
