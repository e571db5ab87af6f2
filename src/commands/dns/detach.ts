import * as Args from '@oclif/core/args'
import { NyahCommand } from '../../lib/runtime/command.ts'
import { namesOf } from '../../lib/runtime/dns-errand.ts'
import { mutatingFlags } from '../../lib/runtime/flags.ts'

export default class DnsDetach extends NyahCommand {
  static override summary = 'Restore what names answered before they were attached.'
  static override description =
    'One atomic batch per name; the health check goes once nothing refers to it. The mirror stays.'
  static override examples = ['<%= config.bin %> dns detach shop.example.jp --plan']
  static override args = {
    names: Args.string({ description: 'Names in Route 53.', multiple: true, required: true, ignoreStdin: true }),
  }
  static override flags = mutatingFlags

  async run(): Promise<void> {
    const { args, flags } = await this.parse(DnsDetach)
    await this.operate(flags, { operation: 'dns.detach', names: [], arguments: { names: namesOf(args.names) } })
  }
}
