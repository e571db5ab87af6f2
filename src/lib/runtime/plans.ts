import { readPlan } from '../adapters/host/plans.ts'
import { EXIT, type ExitCode, nyahError } from '../core/errors.ts'
import { renderPlanMarkdown } from '../render/markdown.ts'
import { choosePaint } from '../render/paint.ts'
import { renderPlanText } from '../render/text.ts'
import type { SharedFlags } from './flags.ts'
import type { Io } from './io.ts'
import type { Errand } from './errand.ts'

/** `nyah plan show FILE` */
export function planShow(io: Io, flags: SharedFlags, file: string): ExitCode {
  const plan = readPlan(file)
  if (flags.json) io.out(`${JSON.stringify(plan, null, 2)}\n`)
  else if (flags.output === 'markdown') io.out(renderPlanMarkdown(plan))
  else io.out(renderPlanText(plan, { paint: choosePaint(io.colour.stdout), width: io.width, quiet: flags.quiet }))
  return EXIT.ok
}

/** The errand of `nyah plan apply FILE`: the plan's own request, held to the plan's own changes. */
export function planErrand(file: string, context: string | undefined): Errand {
  const plan = readPlan(file)
  const { operation, arguments: args, allowances } = plan.request
  if (context !== undefined && context !== plan.request.context)
    throw nyahError({
      code: 'PLAN_OTHER_CONTEXT',
      message: `${file} was made for context ${plan.request.context}, not ${context}`,
      exit: EXIT.usage,
      tries: [`nyah plan apply ${file}`],
    })
  return { operation, names: [], arguments: args, context: plan.request.context, allowances, saved: plan }
}
