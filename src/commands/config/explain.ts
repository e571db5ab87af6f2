import { NyahCommand } from '../../lib/runtime/command.ts'

export default class ConfigExplain extends NyahCommand {
  static override summary = 'Show each setting in force and where it comes from. Never shows a secret.'
  static override examples = ['<%= config.bin %> config explain']

  async run(): Promise<void> {
    const { flags } = await this.parse(ConfigExplain)
    await this.show(flags, async (io) => {
      const { configExplain } = await import('../../lib/runtime/explain.ts')
      return configExplain(io, flags)
    })
  }
}
