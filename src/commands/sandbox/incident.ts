import * as Args from '@oclif/core/args'
import { NyahCommand } from '../../lib/runtime/command.ts'

export default class SandboxIncident extends NyahCommand {
  static override summary = 'Let something of the running sandbox stop answering, to practise on.'
  static override description = `\`octavia-down\`: the VIPs, Octavia, Keystone and Neutron. \`dx-down\`: AWS does not reach the private cloud.
\`nlb-down\`: the load balancers in AWS. \`route53-api-down\`: the API; DNS goes on. \`half-the-members-down\`: every second
member. \`errors-rise\`: alarms and metrics say that users see errors. \`monitoring-silent\`: they say nothing. \`end\`: all
is well again. Each takes the place of the one before.`
  static override examples = [
    '<%= config.bin %> sandbox incident octavia-down',
    '<%= config.bin %> sandbox incident end',
  ]
  static override args = {
    incident: Args.string({ description: 'What happens.', required: true, ignoreStdin: true }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SandboxIncident)
    await this.show(flags, async (io) => {
      const { sandboxIncident } = await import('../../lib/runtime/sandbox-incident.ts')
      return sandboxIncident(io, args.incident)
    })
  }
}
