import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { NyahCommand } from '../../lib/runtime/command.ts'
import { addressesOf, namingOf, selectionOf, translationOf } from '../../lib/runtime/errand.ts'
import { mutatingFlags, noWaitFlag, selectorFlags, translationFlags } from '../../lib/runtime/flags.ts'

export default class LbMirror extends NyahCommand {
  static override summary = 'Build the AWS NLB that does the job of an Octavia load balancer, and keep it true.'
  static override description = `Reads the load balancer, shows the plan, asks, applies it, and waits until the NLB is active and its targets are healthy.
Targets are the private cloud's members, reached over Direct Connect. Run it again at any time: it does what is left.
With --hostname, and with hostnames of the configuration, names are attached once it is healthy, as nyah dns attach does, under the same yes.
Of several load balancers, one that is refused or fails does not stop the others.`
  static override examples = [
    '<%= config.bin %> lb mirror 5f0c7c1e-0000-4000-8000-000000000001 --plan',
    '<%= config.bin %> lb mirror shop-web --yes',
    '<%= config.bin %> lb mirror --tag production --name "shop-*" --plan',
    '<%= config.bin %> lb mirror shop-web --address subnet-0a=eipalloc-1 --address subnet-0c=eipalloc-2',
    '<%= config.bin %> lb mirror shop-web --hostname shop.example.jp --every 5m',
  ]
  static override args = {
    'load-balancers': Args.string({ description: 'UUIDs, names or VIPs.', multiple: true, ignoreStdin: true }),
  }
  static override flags = {
    ...selectorFlags,
    ...translationFlags,
    address: Flags.string({
      description: 'SUBNET=ADDRESS: an Elastic IP (allocation id), or a private IPv4 address, for the NLB there.',
      multiple: true,
      multipleNonGreedy: true,
    }),
    hostname: Flags.string({
      description: 'Name in Route 53 to attach once it is healthy; given again: that one too.',
      multiple: true,
      multipleNonGreedy: true,
      helpGroup: 'NAMES',
    }),
    ramp: Flags.string({
      description: 'Percent of users on AWS, step by step: 1,5,10.',
      exclusive: ['no-ramp'],
      helpGroup: 'NAMES',
    }),
    every: Flags.string({ description: 'Time between two steps of the ramp.', default: '2m', helpGroup: 'NAMES' }),
    'no-ramp': Flags.boolean({ description: 'The whole share at once.', helpGroup: 'NAMES' }),
    ...mutatingFlags,
    ...noWaitFlag,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LbMirror)
    const selection = selectionOf(args['load-balancers'], flags, false, 'nyah lb mirror')
    await this.operate(flags, {
      operation: 'lb.mirror',
      ...selection,
      naming: namingOf(flags, selection),
      arguments: { wait: !flags['no-wait'], ...translationOf(flags), ...addressesOf(flags.address, selection) },
    })
  }
}
