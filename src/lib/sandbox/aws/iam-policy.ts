import type { Tags } from './state.ts'

/** As much of an IAM policy as the sandbox judges. Anything else in it makes it unusable. */
export interface PolicyStatement {
  readonly Effect: 'Allow' | 'Deny'
  readonly Action: string | readonly string[]
  readonly Resource: string | readonly string[]
  /** StringEquals and StringLike. */
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>> | undefined
}

export interface Policy {
  readonly Statement: readonly PolicyStatement[]
}

/** API_EvaluationResult, EvalDecision. */
export interface Verdict {
  readonly decision: 'allowed' | 'implicitDeny' | 'explicitDeny'
  /** Context keys that a condition asked about and the request did not have. */
  readonly missing: readonly string[]
}

const list = (value: string | readonly string[]): readonly string[] => (typeof value === 'string' ? [value] : value)

/** "IAM JSON policy elements: Resource" page: `*` is any run of characters, `?` any one; actions ignore case. */
function matches(pattern: string, value: string, flags = ''): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, `s${flags}`).test(value)
}

const OPERATORS: Readonly<Record<string, (pattern: string, value: string) => boolean>> = {
  StringEquals: (pattern, value) => pattern === value,
  StringLike: (pattern, value) => matches(pattern, value),
}

/** "Policy evaluation logic" page, for one identity-based policy: a deny wins, then an allow, else nothing is allowed. */
export function judged(policy: Policy | null, action: string, resource: string, context: Tags): Verdict {
  if (policy === null) return { decision: 'allowed', missing: [] }
  const missing = new Set<string>()
  const holds = ({ Condition = {} }: PolicyStatement): boolean =>
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, patterns]) => {
        const test = OPERATORS[operator]
        if (test === undefined) throw new Error(`the sandbox does not know the condition operator ${operator}`)
        const value = context[key]
        if (value === undefined) missing.add(key)
        return value !== undefined && list(patterns).some((pattern) => test(pattern, value))
      }),
    )
  const applying = policy.Statement.filter(
    (statement) =>
      list(statement.Action).some((pattern) => matches(pattern, action, 'i')) &&
      // An action simulated for all resources needs a statement for all of them.
      list(statement.Resource).some((pattern) => (resource === '*' ? pattern === '*' : matches(pattern, resource))) &&
      holds(statement),
  )
  if (applying.some(({ Effect }) => Effect === 'Deny')) return { decision: 'explicitDeny', missing: [] }
  if (applying.length > 0) return { decision: 'allowed', missing: [] }
  return { decision: 'implicitDeny', missing: [...missing] }
}
