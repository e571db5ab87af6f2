import * as Args from '@oclif/core/args'
import { NyahCommand } from '../../lib/runtime/command.ts'

export default class PlanShow extends NyahCommand {
  static override summary = 'Show a saved plan.'
  static override examples = [
    '<%= config.bin %> plan show shop.plan.json',
    '<%= config.bin %> plan show shop.plan.json --output markdown',
  ]
  static override args = {
    file: Args.string({ description: 'Made by --plan-out.', required: true, ignoreStdin: true }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(PlanShow)
    const { planShow } = await import('../../lib/runtime/plans.ts')
    process.exitCode = planShow(this.io(flags), flags, args.file)
  }
}
