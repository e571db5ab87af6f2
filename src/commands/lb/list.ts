import * as Flags from '@oclif/core/flags'
import { NyahCommand } from '../../lib/runtime/command.ts'

export default class LbList extends NyahCommand {
  static override summary = 'List the Octavia load balancers, each beside its mirror: drift, health, held parts.'
  static override description = `MIRROR says whether the mirror follows: in step, behind (and for how long), held, never synced, or the state of an NLB that is not active.
HEALTHY counts targets; of more than 40 target groups only with --health, since each takes a request.
Exit 12 when one of the two clouds could not be read: what could be is still shown.`
  static override examples = ['<%= config.bin %> lb list', '<%= config.bin %> lb list --health --json']
  static override flags = {
    health: Flags.boolean({ description: 'Ask for the health of all targets, however many there are.' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(LbList)
    await this.show(flags, async (io) => {
      const { lbList } = await import('../../lib/runtime/lb-list.ts')
      return lbList(io, flags, flags.health)
    })
  }
}
