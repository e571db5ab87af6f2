import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { NyahCommand } from '../../lib/runtime/command.ts'
import { mutatingFlags } from '../../lib/runtime/flags.ts'

export default class LbUnmirror extends NyahCommand {
  static override summary = 'Remove a mirror from AWS: only what nyah made for this load balancer.'
  static override description =
    'This cannot be taken back: the NLB loses its name and addresses. The UUID must be typed, or given with --confirm.'
  static override examples = [
    '<%= config.bin %> lb unmirror shop-web',
    '<%= config.bin %> lb unmirror shop-web --confirm 5f0c7c1e-0000-4000-8000-000000000001',
  ]
  static override args = {
    'load-balancer': Args.string({ description: 'UUID, name, VIP or NLB name.', required: true, ignoreStdin: true }),
  }
  static override flags = {
    ...mutatingFlags,
    confirm: Flags.string({ description: 'UUID of the load balancer whose mirror goes.', helpGroup: 'PLAN' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LbUnmirror)
    await this.operate(flags, { operation: 'lb.unmirror', names: [args['load-balancer']], arguments: {} })
  }
}
