import type { ErrorData } from '../core/errors.ts'
import type { EventData } from '../core/events.ts'
import type { Finding, Plan } from '../core/plan.ts'

/** Where a command was sent. Its hints must go to the same place: pasted without, they would reach another cloud. */
export interface Aim {
  readonly sandbox: boolean
  readonly context: string | undefined
  readonly config: string | undefined
}

/**
 * What reads a context; its arguments are ids, since hints name load balancers by id. With the flags that hints have:
 * what follows any other might be its value.
 */
const IN_CONTEXT =
  /\bnyah (?:lb [a-z]+(?: (?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|UUID|NEW|<uuid>)){0,2}|doctor|config explain)(?![\w-])(?: --(?:all|plan|yes|strict|adopt|members-only)(?![\w-])| --allow [A-Z][A-Z0-9_]*| --reason "[^"]*")*/g

/** What knows its context already. */
const RESUMES = /\bnyah (?:run resume|plan apply) [^\s,;]+/g

/** A word as a POSIX shell reads it back. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`

/** `nyah lb diff UUID` → `nyah lb diff UUID --context staging`. What says already where it goes stays as it is. */
export function aimText(text: string, { sandbox, context, config }: Aim): string {
  if (/ --(?:context|config|sandbox)\b/.test(text)) return text
  const file = config === undefined ? '' : ` --config ${shellWord(config)}`
  const place = sandbox ? ' --sandbox' : `${context === undefined ? '' : ` --context ${shellWord(context)}`}${file}`
  return text
    .replace(IN_CONTEXT, (command) => `${command}${place}`)
    .replace(RESUMES, (command) => `${command}${sandbox ? '' : file}`)
}

export const aimError = (error: ErrorData, aim: Aim): ErrorData => ({
  ...error,
  tries: error.tries.map((each) => aimText(each, aim)),
})

export const aimFindings = (findings: readonly Finding[], aim: Aim): readonly Finding[] =>
  findings.map((finding) => ({ ...finding, remedy: aimText(finding.remedy, aim) }))

export const aimPlan = (plan: Plan, aim: Aim): Plan => ({ ...plan, findings: aimFindings(plan.findings, aim) })

/** The hints in what an event says. */
export function aimEvent<T extends keyof EventData>(data: EventData[T], aim: Aim): EventData[T] {
  return {
    ...data,
    ...('plan' in data ? { plan: aimPlan(data.plan, aim) } : {}),
    ...('findings' in data ? { findings: aimFindings(data.findings, aim) } : {}),
    ...('error' in data ? { error: aimError(data.error, aim) } : {}),
  }
}
