import { dueChanges, heldChanges, refusalsOf, refusedScopes, stops } from '../core/allow.ts'
import { EXIT, type ErrorData, type ExitCode, errorData, nyahError } from '../core/errors.ts'
import type { EventData, Outcome } from '../core/events.ts'
import type { Finding, Plan } from '../core/plan.ts'
import type { Operation } from './operation.ts'
import type { RunOptions } from './terms.ts'
import { staleness } from './saved.ts'

/** What is to be done with a plan. */
export type Decision =
  | { readonly do: 'end'; readonly outcome: Outcome; readonly exitCode: ExitCode; readonly error: ErrorData | null }
  /** Nothing is left to change, but it may still have to become healthy. */
  | { readonly do: 'verify' }
  | { readonly do: 'ask' }
  | { readonly do: 'apply'; readonly by: EventData['plan.confirmed']['by'] }

type Facts = Pick<Operation<never>, 'mutates' | 'confirmId' | 'tolerates'> & {
  readonly waits: boolean
  /** A walk is on its way: it is gone on with, though nothing may be due just now. */
  readonly walks: boolean
}

/** What a plan leads to under these options. Pure: a table, tested as one. */
export function decide(plan: Plan, operation: Facts, options: RunOptions): Decision {
  const empty = plan.changes.length === 0
  const onlyLooks = options.mode === 'plan' || !operation.mutates
  // A refusal stops its own scope; where something else is to be done, that goes on.
  if (refusedScopes(plan).size > 0 && (onlyLooks || (dueChanges(plan).length === 0 && !operation.walks))) {
    return ending('refused', refusal(plan, options, operation.mutates))
  }
  if (onlyLooks) {
    if (empty) return end('nothing-to-do', EXIT.ok)
    return end('planned', options.detailedExitcode || !operation.mutates ? EXIT.notEmpty : EXIT.ok)
  }
  if (options.saved !== null) {
    const stale = staleness(options.saved, plan, operation.tolerates)
    if (stale !== null) return ending('stale', errorData(stale))
  }
  const holds = plan.findings.some((finding) => finding.severity === 'hold' && stops(finding))
  const allHeld = heldChanges(plan.changes, plan.findings).size === plan.changes.length
  if (holds && allHeld && !operation.walks) return end('held', EXIT.held)
  if (empty && !operation.walks) return operation.waits ? { do: 'verify' } : end('nothing-to-do', EXIT.ok)
  return consent(operation.confirmId, options)
}

/** Who answers for the plan, or that nobody does. */
function consent(confirmId: string | null, options: RunOptions): Decision {
  if (confirmId !== null && options.confirmed === confirmId) return { do: 'apply', by: 'confirm-flag' }
  if (confirmId === null && options.saved !== null) return { do: 'apply', by: 'saved-plan' }
  if (confirmId === null && options.consent === 'yes') return { do: 'apply', by: 'yes-flag' }
  // What --yes does not answer is asked all the same, where somebody is there to be asked.
  const somebody = options.consent === 'ask' || options.terminal === true
  if (somebody && options.saved === null) return { do: 'ask' }
  return ending('declined', errorData(confirmationNeeded(confirmId, options)))
}

const confirmationNeeded = (confirmId: string | null, { command, confirmed }: RunOptions) => {
  if (confirmId === null) {
    return nyahError({
      code: 'CONFIRMATION_NEEDED',
      message: 'the plan needs a yes, and there is no terminal to ask on',
      exit: EXIT.confirmationNeeded,
      tries: [command === undefined ? 'run the command again with --yes' : `${command} --yes`],
    })
  }
  const given =
    confirmed === null ? 'it needs --confirm (--yes does not answer this)' : `--confirm names "${confirmed}" instead`
  return nyahError({
    code: 'CONFIRMATION_NEEDED',
    message: `this cannot be taken back, so its id ${confirmId} must be given: ${given}`,
    exit: EXIT.confirmationNeeded,
    // A command that already carries a wrong id would only grow a second one.
    tries: [
      command === undefined || confirmed !== null
        ? `run the command again with --confirm ${confirmId}`
        : `${command} --confirm ${confirmId}`,
    ],
  })
}

/** Why a plan, or some scopes of it, are refused, and how each refusal can be met. */
export function refusal(plan: Plan, options: Pick<RunOptions, 'command' | 'saved'>, mutates = true): ErrorData {
  const { command, saved } = options
  const refused = refusalsOf(plan.findings)
  // Of a scope that one refusal stops for good, the others need no answer.
  const barred = new Set(refused.filter(({ allowable }) => !allowable).map(({ scope }) => scope))
  const codes = [...new Set(refused.filter(({ scope }) => !barred.has(scope)).map(({ code }) => code))]
  const flags = codes.map((code) => `--allow ${code}`).join(' ')
  // Applying a saved plan takes no allowances of its own: they belong to the plan.
  const again = saved === null ? 'run the command again with' : 'make the plan again with'
  const overrule = `${saved === null && command !== undefined ? command : again} ${flags} --reason "…"`
  return errorData(
    nyahError({
      code: 'PLAN_REFUSED',
      message: `${extentOf(plan)}: ${refused.map((one) => `${whose(one, plan)}${one.code} ${one.subject}: ${one.evidence}`).join('; ')}`,
      exit: EXIT.refused,
      tries: [...new Set(refused.map(({ remedy }) => remedy)), ...(mutates && codes.length > 0 ? [overrule] : [])],
    }),
  )
}

/** How much of a plan its refusals stop. */
function extentOf(plan: Plan): string {
  const refused = refusedScopes(plan).size
  return dueChanges(plan).length === 0
    ? 'nothing was changed'
    : `${refused} of ${plan.scopes.length} refused, and left as ${refused === 1 ? 'it is' : 'they are'}`
}

/** Where there are several, whose refusal it is. */
const whose = ({ scope }: Finding, { scopes, names }: Plan): string =>
  scopes.length < 2 ? '' : `${names[scope] === undefined ? scope : `${names[scope]} (${scope})`} `

const end = (outcome: Outcome, exitCode: ExitCode): Decision => ({ do: 'end', outcome, exitCode, error: null })

const ending = (outcome: Outcome, error: ErrorData): Decision => ({ do: 'end', outcome, exitCode: error.exit, error })
