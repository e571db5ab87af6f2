/** As much of an IAM policy as the sandbox judges. Anything else in it makes it unusable. */
export interface PolicyStatement {
  readonly Effect: 'Allow' | 'Deny'
  readonly Action: string | readonly string[]
  readonly Resource: string | readonly string[]
  /** StringEquals and StringLike, of keys with many values after `ForAllValues:`. */
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

/** What a request says of itself. A key that a service gives many values has a list. */
export type Context = Readonly<Record<string, string | readonly string[]>>

/** "Set operators for multi-valued context keys" page: every value has to match one; so also where there is none. */
const FOR_ALL = 'ForAllValues:'

/** "Policy evaluation logic" page, for one identity-based policy: a deny wins, then an allow, else nothing is allowed. */
export function judged(policy: Policy | null, action: string, resource: string, context: Context): Verdict {
  if (policy === null) return { decision: 'allowed', missing: [] }
  const missing = new Set<string>()
  const holds = ({ Condition = {} }: PolicyStatement): boolean =>
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, patterns]) => {
        const isForAll = operator.startsWith(FOR_ALL)
        const test = OPERATORS[isForAll ? operator.slice(FOR_ALL.length) : operator]
        if (test === undefined) throw new Error(`the sandbox does not know the condition operator ${operator}`)
        const given = context[key]
        if (given === undefined) missing.add(key)
        const passes = (value: string): boolean => list(patterns).some((pattern) => test(pattern, value))
        if (isForAll) return list(given ?? []).every(passes)
        return typeof given === 'string' && passes(given)
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
