import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { NyahCommand } from '../../lib/runtime/command.ts'
import { shiftArguments } from '../../lib/runtime/dns-errand.ts'
import { mutatingFlags } from '../../lib/runtime/flags.ts'

export default class DnsShift extends NyahCommand {
  static override summary = 'Lead the users of names to another split, step by step, while both sides are healthy.'
  static override description = `One yes covers all steps; the command stays until the last one. Killed on the way, nyah run resume or the same command goes on, from any machine.
What is normal stays written down: nyah failover end returns there. To change what is normal: nyah dns weight.`
  static override examples = [
    '<%= config.bin %> dns shift shop.example.jp --to aws=50 --steps 10,30,50 --every 5m',
    '<%= config.bin %> dns shift shop.example.jp --to aws=50 --steps 10,30,50 --on-unhealthy return --yes',
  ]
  static override args = {
    names: Args.string({ description: 'Names in Route 53.', multiple: true, required: true, ignoreStdin: true }),
  }
  static override flags = {
    to: Flags.string({ description: 'Percent of users on one side in the end: aws=50.', required: true }),
    steps: Flags.string({
      description: 'Percent on that side, step by step, the last one as --to says; at once unless given.',
    }),
    every: Flags.string({ description: 'Time between two steps.', default: '5m' }),
    'on-unhealthy': Flags.string({
      description: 'When the side that gains users is not healthy: stay where they are, or go back at once.',
      options: ['hold', 'return'],
      default: 'hold',
    }),
    ...mutatingFlags,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(DnsShift)
    await this.operate(flags, { operation: 'dns.shift', names: [], arguments: shiftArguments(args.names, flags) })
  }
}
