import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { NyahCommand } from '../../lib/runtime/command.ts'
import { attachArguments } from '../../lib/runtime/dns-errand.ts'
import { mutatingFlags } from '../../lib/runtime/flags.ts'

export default class DnsAttach extends NyahCommand {
  static override summary = 'Split the users of a name between Octavia and its mirror, with health checks.'
  static override description = `Octavia's side is what the name answers today, or --octavia-address; the other side is an alias of the NLB. The change is one atomic batch: there is no moment without an answer.
The NLB begins with nobody and gets its share by --ramp.`
  static override examples = [
    '<%= config.bin %> dns attach shop.example.jp --mirror shop-web --plan',
    '<%= config.bin %> dns attach shop.example.jp --mirror shop-web --check https --check-path /healthz --yes',
    '<%= config.bin %> dns attach "*.example.jp" --mirror shop-web --ramp 1,5,10 --every 2m --yes',
  ]
  static override args = {
    names: Args.string({ description: 'Names in Route 53.', multiple: true, required: true, ignoreStdin: true }),
  }
  static override flags = {
    mirror: Flags.string({
      description: 'UUID, name, VIP or NLB name of the mirror that is the other side.',
      required: true,
    }),
    'octavia-address': Flags.string({
      description: "Address of Octavia's side, where it is not what the name answers.",
    }),
    check: Flags.string({
      description: "How Route 53 checks Octavia's address from the internet; none: Route 53 never notices its death.",
      options: ['tcp', 'http', 'https', 'none'],
      helpGroup: 'CHECK',
    }),
    'check-port': Flags.integer({ description: 'Port that is checked.', min: 1, max: 65_535, helpGroup: 'CHECK' }),
    'check-path': Flags.string({ description: 'Path that is asked for; / unless given.', helpGroup: 'CHECK' }),
    'check-search': Flags.string({
      description: 'Text that the answer must have in its first 5,120 bytes.',
      helpGroup: 'CHECK',
    }),
    'check-interval': Flags.integer({
      description: 'Seconds between two checks of one checker, 10 or 30.',
      helpGroup: 'CHECK',
    }),
    'check-threshold': Flags.integer({
      description: 'Failures in a row after which it is unhealthy.',
      min: 1,
      max: 10,
      helpGroup: 'CHECK',
    }),
    ramp: Flags.string({ description: 'Percent of users on AWS, step by step: 1,5,10.', exclusive: ['no-ramp'] }),
    every: Flags.string({ description: 'Time between two steps of the ramp.', default: '2m' }),
    'no-ramp': Flags.boolean({ description: 'The whole share at once.' }),
    zone: Flags.string({ description: 'Id of the hosted zone, where several fit.' }),
    adopt: Flags.boolean({ description: 'Take over weighted records that belong to nobody.' }),
    ...mutatingFlags,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(DnsAttach)
    await this.operate(flags, {
      operation: 'dns.attach',
      names: [],
      mirror: flags.mirror,
      arguments: attachArguments(args.names, flags),
    })
  }
}
