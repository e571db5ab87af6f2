import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { NyahCommand } from '../../lib/runtime/command.ts'
import { NO_CONSENT } from '../../lib/runtime/flags.ts'

export default class PlanApply extends NyahCommand {
  static override summary =
    'Apply a saved plan, exactly: observe and plan again, and go on only if it is still the same.'
  static override description =
    'Never asks. A plan that would now be another is stale (exit 10) and nothing is changed.'
  static override examples = ['<%= config.bin %> plan apply shop.plan.json']
  static override args = {
    file: Args.string({ description: 'Made by --plan-out.', required: true, ignoreStdin: true }),
  }
  static override flags = {
    confirm: Flags.string({ description: 'Id to confirm, where the plan cannot be taken back.' }),
    parallel: Flags.integer({
      description: 'Changes in flight at once.',
      default: 16,
      min: 1,
      max: 64,
      env: 'NYAH_PARALLEL',
    }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(PlanApply)
    const { planErrand } = await import('../../lib/runtime/plans.ts')
    await this.operate({ ...NO_CONSENT, ...flags, yes: true }, planErrand(args.file, flags.context))
  }
}
