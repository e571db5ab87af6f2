import { NyahCommand } from '../../lib/runtime/command.ts'
import { armArguments } from '../../lib/runtime/failover-errand.ts'
import { failoverArgs, failoverArmFlags } from '../../lib/runtime/failover-flags.ts'

export default class FailoverArm extends NyahCommand {
  static override summary =
    'Prepare for the worst day: a card, so that a failover asks Route 53 for no list, and the switch in S3.'
  static override description = `The card has each name exactly as it stands, and no secrets: hand it to whoever may have to move users. A failover compares and swaps, so an old card never overwrites what is newer.
Where the configuration names a switch (failover.switch), the names are made to follow it: with it users are moved while Route 53's API is down. It is proved before any name follows it.`
  static override examples = [
    '<%= config.bin %> failover arm --all',
    '<%= config.bin %> failover arm --all --card /mnt/usb/nyah-card.json',
    '<%= config.bin %> failover arm --mirror shop-web --plan',
  ]
  static override args = failoverArgs
  static override flags = failoverArmFlags

  async run(): Promise<void> {
    const { args, flags } = await this.parse(FailoverArm)
    await this.operate(flags, {
      operation: 'failover.arm',
      names: [],
      arguments: armArguments(args.names, flags),
    })
  }
}
