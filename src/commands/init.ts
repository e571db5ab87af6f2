import * as Flags from '@oclif/core/flags'
import { NyahCommand } from '../lib/runtime/command.ts'

export default class Init extends NyahCommand {
  static override summary = 'Write a first nyah.config.yaml; asks for what the flags do not say.'
  static override examples = [
    '<%= config.bin %> init',
    '<%= config.bin %> init --cloud nyah --region ap-northeast-1 --vpc vpc-0a1b --subnet subnet-0a --subnet subnet-0c',
    '<%= config.bin %> init --sandbox',
  ]
  static override flags = {
    name: Flags.string({ description: 'Name of the context.', default: 'production' }),
    cloud: Flags.string({ description: 'Entry of clouds.yaml; without it the OS_* variables count.' }),
    region: Flags.string({ description: 'AWS Region.' }),
    profile: Flags.string({ description: 'AWS profile.' }),
    vpc: Flags.string({ description: 'VPC that mirrors live in.' }),
    subnet: Flags.string({
      description: 'A subnet of it; one per Availability Zone.',
      multiple: true,
      multipleNonGreedy: true,
    }),
    scheme: Flags.string({ options: ['internal', 'internet-facing'], default: 'internal' }),
    routable: Flags.string({
      description: 'CIDR of the private cloud that the VPC reaches over Direct Connect.',
      multiple: true,
      multipleNonGreedy: true,
    }),
    file: Flags.string({ description: 'File to write.', default: 'nyah.config.yaml' }),
    force: Flags.boolean({ description: 'Write over an existing file.' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(Init)
    await this.show(flags, async (io) => {
      const { init } = await import('../lib/runtime/init.ts')
      return init(io, flags)
    })
  }
}
