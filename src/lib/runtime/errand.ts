import type { JsonObject } from '../core/json.ts'
import type { Allowance, Plan } from '../core/plan.ts'

/** What a command wants done. */
export interface Errand {
  readonly operation: string
  /** Load balancers by whatever the operator has; they become `arguments.ids`. Empty: `arguments` has them already. */
  readonly names: readonly string[]
  readonly arguments: JsonObject
  /** Of a saved plan or an earlier run; it wins over --context. */
  readonly context?: string
  readonly allowances?: readonly Allowance[]
  readonly saved?: Plan
  /** Id of the run that this one finishes. */
  readonly resumes?: string
}
