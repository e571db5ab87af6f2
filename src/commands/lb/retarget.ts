import * as Args from '@oclif/core/args'
import { NyahCommand } from '../../lib/runtime/command.ts'
import { mutatingFlags, noWaitFlag } from '../../lib/runtime/flags.ts'

export default class LbRetarget extends NyahCommand {
  static override summary = 'Let the mirror of one Octavia load balancer follow another one, which replaces it.'
  static override description = `For a load balancer that was rebuilt under a new UUID: the NLB keeps its names, addresses and healthy targets, and follows the new one from then on. New members are added before old ones go.
The old one may be gone from Octavia already: name it by its UUID, or by the name of its NLB.`
  static override examples = [
    '<%= config.bin %> lb retarget 5f0c7c1e-0000-4000-8000-000000000001 5f0c7c1e-0000-4000-8000-000000000002 --plan',
    '<%= config.bin %> lb retarget nyah-shop-web-6d20c97b shop-web --yes',
  ]
  static override args = {
    old: Args.string({ description: 'UUID, name, VIP or NLB name.', required: true, ignoreStdin: true }),
    new: Args.string({ description: 'UUID, name or VIP.', required: true, ignoreStdin: true }),
  }
  static override flags = { ...mutatingFlags, ...noWaitFlag }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LbRetarget)
    await this.operate(flags, {
      operation: 'lb.retarget',
      names: [args.new],
      former: args.old,
      arguments: { wait: !flags['no-wait'] },
    })
  }
}
