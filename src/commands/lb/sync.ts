import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { NyahCommand } from '../../lib/runtime/command.ts'
import { selectionOf } from '../../lib/runtime/errand.ts'
import { mutatingFlags, noWaitFlag, selectorFlags } from '../../lib/runtime/flags.ts'

export default class LbSync extends NyahCommand {
  static override summary = 'Bring mirrors up to date with their Octavia load balancers, once or for good.'
  static override description = `--tag, --name and --all choose among the load balancers that have a mirror.

With --watch it runs on: every --interval it asks Octavia what changed (one request per 1,000 load balancers) and brings up
to date what did, each mirror in a run of its own. It needs --yes. SIGTERM ends it: what is under way may finish, and the
exit code is 0 (130 for SIGINT). docs/watch.md says how to run it as a service.`
  static override examples = [
    '<%= config.bin %> lb sync shop-web --yes',
    '<%= config.bin %> lb sync --all --plan',
    '<%= config.bin %> lb sync --all --watch --interval 30s --yes --metrics-listen 127.0.0.1:9464',
  ]
  static override args = {
    'load-balancers': Args.string({
      description: 'UUIDs, names, VIPs or NLB names.',
      multiple: true,
      ignoreStdin: true,
    }),
  }
  static override flags = {
    ...selectorFlags,
    'members-only': Flags.boolean({
      description: 'Only register and deregister targets; a small IAM policy is enough for that.',
    }),
    watch: Flags.boolean({ description: 'Run on, and follow every change.', helpGroup: 'WATCH' }),
    interval: Flags.string({
      description: 'How often Octavia is asked for changes; 30s unless given.',
      helpGroup: 'WATCH',
      dependsOn: ['watch'],
    }),
    resync: Flags.string({
      description: 'How often each mirror is read whole, and the list of mirrors anew; 10m unless given.',
      helpGroup: 'WATCH',
      dependsOn: ['watch'],
    }),
    'metrics-listen': Flags.string({
      description: 'ADDRESS:PORT for Prometheus (/metrics) and a health check (/healthz).',
      helpGroup: 'WATCH',
      dependsOn: ['watch'],
    }),
    ...mutatingFlags,
    ...noWaitFlag,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LbSync)
    const selection = selectionOf(args['load-balancers'], flags, true, 'nyah lb sync')
    const membersOnly = flags['members-only']
    if (flags.watch) {
      const { interval = '30s', resync = '10m', 'metrics-listen': metricsListen } = flags
      await this.watch(flags, { ...selection, interval, resync, membersOnly, metricsListen })
      return
    }
    await this.operate(flags, {
      operation: 'lb.sync',
      ...selection,
      arguments: { wait: !flags['no-wait'], ...(membersOnly ? { membersOnly } : {}) },
    })
  }
}
