import * as Flags from '@oclif/core/flags'
import { NyahCommand } from '../../lib/runtime/command.ts'

export default class SandboxStart extends NyahCommand {
  static override summary =
    'Run the sandbox in the foreground: Keystone, Octavia and AWS on loopback, with a seeded world.'
  static override description = 'Every command with --sandbox then uses it. Ctrl-C ends it.'
  static override examples = [
    '<%= config.bin %> sandbox start',
    '<%= config.bin %> sandbox start --state sandbox.json --speed 30',
    '<%= config.bin %> sandbox start --world fields',
  ]
  static override flags = {
    port: Flags.integer({ description: 'Port on 127.0.0.1; 0 takes a free one.', default: 0, min: 0, max: 65535 }),
    state: Flags.string({ description: 'Keep its state in this file.' }),
    world: Flags.string({
      description: 'World to begin with: a JSON file, or the name of a built-in one (default, fields).',
    }),
    speed: Flags.integer({ description: 'Its clock runs so many times faster.', default: 10, min: 1, max: 1000 }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(SandboxStart)
    const { sandboxStart } = await import('../../lib/runtime/sandbox.ts')
    process.exitCode = await sandboxStart(this.io(flags), flags)
  }
}
