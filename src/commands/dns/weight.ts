import * as Args from '@oclif/core/args'
import { NyahCommand } from '../../lib/runtime/command.ts'
import { weightArguments } from '../../lib/runtime/dns-errand.ts'
import { mutatingFlags } from '../../lib/runtime/flags.ts'

export default class DnsWeight extends NyahCommand {
  static override summary = 'Set the split of names on a normal day, at once.'
  static override description = `Weights are percent; raw:octavia=230 raw:aws=25 are Route 53's own, from 0 to 255. Nothing is rounded to 0 but 0.
For an incident there is failover, which remembers what to return to.`
  static override examples = [
    '<%= config.bin %> dns weight shop.example.jp octavia=90 aws=10',
    '<%= config.bin %> dns weight shop.example.jp raw:octavia=230 raw:aws=25 --yes',
  ]
  static override args = {
    words: Args.string({
      description: 'Names, then weights: octavia=90 aws=10.',
      multiple: true,
      required: true,
      ignoreStdin: true,
    }),
  }
  static override flags = mutatingFlags

  async run(): Promise<void> {
    const { args, flags } = await this.parse(DnsWeight)
    await this.operate(flags, {
      operation: 'dns.weight',
      names: [],
      arguments: await weightArguments(args.words),
    })
  }
}
