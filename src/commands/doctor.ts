import { NyahCommand } from '../lib/runtime/command.ts'

export default class Doctor extends NyahCommand {
  static override summary = 'Check configuration, credentials and each remote, and say what to do about what is wrong.'
  static override description =
    'Only reads. Exit 3: something is misconfigured. Exit 12: a remote could not be reached.'
  static override examples = ['<%= config.bin %> doctor', '<%= config.bin %> doctor --sandbox']

  async run(): Promise<void> {
    const { flags } = await this.parse(Doctor)
    await this.show(flags, async (io) => {
      const { doctor } = await import('../lib/runtime/doctor.ts')
      return doctor(io, flags)
    })
  }
}
