import { NyahCommand } from '../../lib/runtime/command.ts'
import { drillArguments } from '../../lib/runtime/failover-errand.ts'
import { failoverArgs, failoverDrillFlags } from '../../lib/runtime/failover-flags.ts'

export default class FailoverDrill extends NyahCommand {
  static override summary =
    'Rehearse a failover with some users for a while, bring them back, and say how long it took.'
  static override description = `Begins only on a normal day, with a side that is known to be healthy. The users come back at once when that side is no longer known to be healthy, or when a condition of --abort-on is broken or has no data (exit 11).
What went well is written down with each name: when, and how long it took until the name servers answered differently. \`nyah failover status\` shows it.`
  static override examples = [
    '<%= config.bin %> failover drill --all --percent 20 --for 15m --attended',
    '<%= config.bin %> failover drill shop.example.jp --percent 50 --for 30m --attended --abort-on alarm:shop-errors@us-east-1',
    '<%= config.bin %> failover drill shop.example.jp --attended --abort-on "metric:sum(rate(errors[1m])) > 0.05"',
  ]
  static override args = failoverArgs
  static override flags = failoverDrillFlags

  async run(): Promise<void> {
    const { args, flags } = await this.parse(FailoverDrill)
    await this.operate(flags, {
      operation: 'failover.drill',
      names: [],
      arguments: await drillArguments(args.names, flags),
    })
  }
}
