import * as Args from '@oclif/core/args'
import { NyahCommand } from '../../lib/runtime/command.ts'

export default class DnsShow extends NyahCommand {
  static override summary = 'Show names as people think of them: shares, health, who moved them, what a death would do.'
  static override description = `Without a name: every name nyah owns, or whose records are weighted. With one: all of it, whoever owns it.
SHARE is what the weights mean; NOW is what Route 53 answers, health considered.
Exit 12 when something could not be read: what could be is still shown.`
  static override examples = ['<%= config.bin %> dns show', '<%= config.bin %> dns show shop.example.jp']
  static override args = {
    name: Args.string({ description: 'A name in Route 53.', ignoreStdin: true }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(DnsShow)
    await this.show(flags, async (io) => {
      const { dnsShow } = await import('../../lib/runtime/dns-show.ts')
      return dnsShow(io, flags, args.name)
    })
  }
}
