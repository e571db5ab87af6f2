import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { NyahCommand } from '../../lib/runtime/command.ts'

export default class DnsShow extends NyahCommand {
  static override summary = 'Show names as people think of them: shares, health, who moved them, what a death would do.'
  static override description = `Without a name: every name nyah owns, or whose records are weighted. With one: all of it, whoever owns it.
SHARE is what the weights mean; NOW is what Route 53 answers, health considered.
Exit 12 when something could not be read: what could be is still shown.`
  static override examples = [
    '<%= config.bin %> dns show',
    '<%= config.bin %> dns show shop.example.jp',
    '<%= config.bin %> dns show shop.example.jp --measure 400',
  ]
  static override args = {
    name: Args.string({ description: 'A name in Route 53.', ignoreStdin: true }),
  }

  static override flags = {
    measure: Flags.integer({
      description: "Ask the zone's own name servers so often, and show the split that users get, with its confidence.",
      min: 1,
      max: 10_000,
    }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(DnsShow)
    await this.show(flags, async (io) => {
      const { dnsShow } = await import('../../lib/runtime/dns-show.ts')
      return dnsShow(io, flags, args.name, flags.measure)
    })
  }
}
