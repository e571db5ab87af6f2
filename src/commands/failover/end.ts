import { NyahCommand } from '../../lib/runtime/command.ts'
import { endArguments } from '../../lib/runtime/failover-errand.ts'
import { failoverArgs, failoverEndFlags } from '../../lib/runtime/failover-flags.ts'

export default class FailoverEnd extends NyahCommand {
  static override summary = 'Return names to their own steady weights, once the side they return to is healthy.'
  static override description =
    'Each name has its own, written down with it. A side that is not proven healthy is refused: nobody is brought back there.'
  static override examples = [
    '<%= config.bin %> failover end --all --plan',
    '<%= config.bin %> failover end shop.example.jp --steps 10,50,100 --every 2m --yes',
  ]
  static override args = failoverArgs
  static override flags = failoverEndFlags

  async run(): Promise<void> {
    const { args, flags } = await this.parse(FailoverEnd)
    await this.operate(flags, {
      operation: 'failover.end',
      names: [],
      arguments: endArguments(args.names, flags),
    })
  }
}
