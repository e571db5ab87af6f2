import { sameJson } from '../core/hash.ts'
import type { Json } from '../core/json.ts'
import type { Check, CheckSpec } from '../ports/health-checks.ts'

/** What `dns attach` is asked to check Octavia's address with. */
export interface CheckAsked {
  readonly type: 'TCP' | 'HTTP' | 'HTTPS'
  /** Null: the type's own, or a port that the NLB listens on. */
  readonly port: number | null
  readonly path: string | null
  readonly search: string | null
  readonly intervalSeconds: number
  readonly failureThreshold: number
}

export const CHECK_TAG = { managed: 'nyah:managed', name: 'nyah:name' } as const

/** The health check of Octavia's side of a name. `ports`: those that the NLB listens on. */
export function checkSpec(asked: CheckAsked, name: string, address: string, ports: readonly number[]): CheckSpec {
  const { type, path, search, intervalSeconds, failureThreshold } = asked
  const own = type === 'HTTP' ? 80 : 443
  const [first = own] = ports.toSorted((a, b) => a - b)
  return {
    type: search === null || type === 'TCP' ? type : `${type}_STR_MATCH`,
    address,
    port: asked.port ?? (type === 'TCP' && !ports.includes(own) ? first : own),
    // A wildcard is no host that a server would know.
    host: type === 'TCP' || name.startsWith('*') ? null : name,
    path: type === 'TCP' ? null : path,
    search: type === 'TCP' ? null : search,
    intervalSeconds,
    failureThreshold,
    inverted: false,
    children: [],
    threshold: null,
    tags: { [CHECK_TAG.managed]: 'true', [CHECK_TAG.name]: name, Name: name },
  }
}

/** Made by nyah for this name? */
export const isOwnCheck = ({ tags }: Check, name: string): boolean =>
  tags[CHECK_TAG.managed] === 'true' && tags[CHECK_TAG.name] === name

/** `same`; `update` where Route 53 can change it; `replace`: type and interval stay what they are for ever. */
export function compareCheck(check: Check, spec: CheckSpec): 'same' | 'update' | 'replace' {
  if (check.type !== spec.type || check.otherType !== null || check.intervalSeconds !== spec.intervalSeconds)
    return 'replace'
  const fields = ({ address, port, host, path, search, failureThreshold, inverted }: CheckSpec): Json => ({
    address,
    port,
    host,
    path,
    search,
    failureThreshold,
    inverted,
  })
  return sameJson(fields(check), fields(spec)) && !check.disabled ? 'same' : 'update'
}
