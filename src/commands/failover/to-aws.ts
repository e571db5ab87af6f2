import { NyahCommand } from '../../lib/runtime/command.ts'
import { toArguments } from '../../lib/runtime/failover-errand.ts'
import { failoverArgs, failoverToFlags } from '../../lib/runtime/failover-flags.ts'

export default class FailoverToAws extends NyahCommand {
  static override summary = 'Send the users of names to AWS, now.'
  static override description = `Only Route 53 has to answer, or the switch in S3 where names follow one: no Octavia, no Keystone, no Kubernetes. What each name returns to is kept with it.
Health is looked at for 2.5 s, beside the preparation: a side known to be unhealthy is refused, one that nobody can judge is said and gone to.
Where no API can be reached, the command and the change batch to send by hand are printed and saved.`
  static override examples = [
    '<%= config.bin %> failover to-aws shop.example.jp --reason "INC-4711 fire in hall 2"',
    '<%= config.bin %> failover to-aws --all --yes --reason INC-4711',
    '<%= config.bin %> failover to-aws --mirror shop-web --percent 50 --plan',
  ]
  static override args = failoverArgs
  static override flags = failoverToFlags

  async run(): Promise<void> {
    const { args, flags } = await this.parse(FailoverToAws)
    await this.operate(flags, {
      operation: 'failover.to',
      names: [],
      arguments: toArguments('aws', args.names, flags),
    })
  }
}
