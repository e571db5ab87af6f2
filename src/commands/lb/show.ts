import * as Args from '@oclif/core/args'
import { NyahCommand } from '../../lib/runtime/command.ts'

export default class LbShow extends NyahCommand {
  static override summary =
    'Show one load balancer and its mirror: targets, health, drift, fidelity, firewalls, quotas.'
  static override description =
    'Exit 12 when one of the two clouds could not be read: what the other says is still shown.'
  static override examples = ['<%= config.bin %> lb show shop-web']
  static override args = {
    'load-balancer': Args.string({ description: 'UUID, name, VIP or NLB name.', required: true, ignoreStdin: true }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LbShow)
    await this.show(flags, async (io) => {
      const { lbShow } = await import('../../lib/runtime/lb-show.ts')
      return lbShow(io, flags, args['load-balancer'])
    })
  }
}
