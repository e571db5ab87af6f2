import type { Fidelity } from '../core/report.ts'
import type { Remark } from './remarks.ts'

/** Verdicts on fields, and the findings that go with some of them. */

export type SourceKind = 'LOAD_BALANCER' | 'LISTENER' | 'POOL' | 'MEMBER' | 'MONITOR'

export interface Item {
  readonly fidelity: Fidelity
  /** Of what is refused, and of what is dropped and may hurt users; else null. */
  readonly remark: Remark | null
}

/** Fields that several kinds have: their codes say whose. */
const OF_MANY = new Set([
  'admin_state_up',
  'alpn_protocols',
  'description',
  'protocol',
  'tags',
  'tls_ciphers',
  'tls_versions',
])

/** After `LB_FIDELITY_` and `LB_NOT_EXACT_`. */
export const nameOfField = (kind: SourceKind, field: string): string =>
  `${kind === 'MONITOR' || OF_MANY.has(field) ? `${kind}_` : ''}${field.toUpperCase()}`

interface Refusal {
  /** `LB_UNSUPPORTED_…`: what `--allow` takes. */
  readonly code: string
  readonly why: string
  readonly remedy: string
  /** True where a TCP path that works is left without the field. */
  readonly allowable: boolean
  /** What is there once it is allowed; null: nothing. */
  readonly copy?: string
}

export interface Verdicts {
  exact(field: string, source: string, copy: string): Item
  approximate(field: string, source: string, copy: string, why: string, remedy?: string): Item
  /** Exact where both values are the same, else approximate. */
  same(field: string, source: string, copy: string, why: string, remedy?: string): Item
  dropped(field: string, source: string, why: string, remedy?: string): Item
  /** Dropped, and a warning with this code (`LB_DROPPED_…`). */
  lost(code: string, field: string, source: string, why: string, remedy: string): Item
  refused(field: string, source: string, refusal: Refusal): Item
}

/** `subject`: `listener web (port 80)`. Values with their units. */
export function verdictsOn(kind: SourceKind, subject: string): Verdicts {
  const item = (
    field: string,
    verdict: Fidelity['verdict'],
    source: string,
    copy: string | null,
    why: string,
    remedy: string,
  ): Item => {
    const name = nameOfField(kind, field)
    return {
      fidelity: { code: `LB_FIDELITY_${name}`, subject, field, verdict, source, copy, why, remedy },
      remark: null,
    }
  }
  const verdicts: Verdicts = {
    exact: (field, source, copy) => item(field, 'exact', source, copy, '', ''),
    approximate: (field, source, copy, why, remedy = '') => item(field, 'approximate', source, copy, why, remedy),
    same: (field, source, copy, why, remedy) =>
      source === copy ? verdicts.exact(field, source, copy) : verdicts.approximate(field, source, copy, why, remedy),
    dropped: (field, source, why, remedy = '') => item(field, 'dropped', source, null, why, remedy),
    lost: (code, field, source, why, remedy) => ({
      ...item(field, 'dropped', source, null, why, remedy),
      remark: { code, severity: 'warn', subject, evidence: `${field} is ${source}: ${why}`, remedy },
    }),
    refused: (field, source, { code, why, remedy, allowable, copy }) => ({
      fidelity: { code, subject, field, verdict: 'refused', source, copy: copy ?? null, why, remedy },
      remark: { code, severity: 'refuse', subject, evidence: `${field} is ${source}: ${why}`, remedy, allowable },
    }),
  }
  return verdicts
}

export const remarksOf = (items: readonly Item[]): readonly Remark[] =>
  items.flatMap(({ remark }) => (remark === null ? [] : [remark]))

export const fidelityOf = (items: readonly Item[]): readonly Fidelity[] => items.map(({ fidelity }) => fidelity)

/** Is something refused that nothing can overrule? */
export const isFatal = (remarks: readonly Remark[]): boolean =>
  remarks.some(({ severity, allowable }) => severity === 'refuse' && allowable !== true)

/** `--strict`: whatever is not exact refuses, and is allowed by name only. */
export const notExact = (fidelity: readonly Fidelity[]): readonly Remark[] =>
  fidelity
    .filter(({ verdict }) => verdict === 'approximate' || verdict === 'dropped')
    .map(({ code, subject, field, source, copy, why }) => {
      const name = code.replace(/^LB_FIDELITY_/, '')
      return {
        code: `LB_NOT_EXACT_${name}`,
        severity: 'refuse',
        subject,
        evidence: `${field} is ${source} in Octavia and ${copy ?? 'nothing'} in the mirror: ${why}`,
        remedy: 'Allow this difference, or leave out --strict',
        allowable: true,
      }
    })
