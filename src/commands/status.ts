import { NyahCommand } from '../lib/runtime/command.ts'

export default class Status extends NyahCommand {
  static override summary = 'One screen: where users go, where they could go, and what is in the way.'
  static override description =
    'Works with remotes dead: what cannot be read is said. Exit 0: ready. Exit 6: known to be bad. Exit 12: unknown.'
  static override examples = ['<%= config.bin %> status', '<%= config.bin %> status --json']

  async run(): Promise<void> {
    const { flags } = await this.parse(Status)
    await this.show(flags, async (io) => {
      const { status } = await import('../lib/runtime/status.ts')
      return status(io, flags)
    })
  }
}
