import { NyahCommand } from '../../lib/runtime/command.ts'

export default class LbList extends NyahCommand {
  static override summary = 'List the Octavia load balancers, each beside its mirror.'
  static override description = 'Exit 12 when one of the two clouds could not be read: what could be is still shown.'
  static override examples = ['<%= config.bin %> lb list', '<%= config.bin %> lb list --json']

  async run(): Promise<void> {
    const { flags } = await this.parse(LbList)
    await this.show(flags, async (io) => {
      const { lbList } = await import('../../lib/runtime/lb.ts')
      return lbList(io, flags)
    })
  }
}
