import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { decodeConfig } from '../config/decode.ts'
import type { ConfigFile, ContextConfig } from '../config/schema.ts'
import { stringify } from '../config/yaml.sdk.ts'
import { EXIT, nyahError } from '../core/errors.ts'
import { escapeText } from '../render/escape.ts'
import { askLine } from './ask.ts'
import type { Report } from './report.ts'
import type { Io } from './io.ts'
import { interruptible } from './signals.ts'

export interface InitFlags {
  readonly name: string
  readonly cloud: string | undefined
  readonly region: string | undefined
  readonly profile: string | undefined
  readonly vpc: string | undefined
  readonly subnet: readonly string[] | undefined
  readonly scheme: string
  readonly routable: readonly string[] | undefined
  readonly file: string
  readonly force: boolean
  readonly sandbox: boolean
}

/** What must be known; each is asked for on a terminal when its flag is missing. */
const NEEDED = [
  { flag: 'region', question: 'AWS Region (e.g. ap-northeast-1)' },
  { flag: 'vpc', question: 'VPC that mirrors live in (e.g. vpc-0a1b2c3d)' },
  { flag: 'subnet', question: 'Its subnets, one per Availability Zone, separated by commas' },
] as const

/** `nyah init`: writes a first configuration; never over an existing one without --force. */
export async function init(io: Io, flags: InitFlags): Promise<Report> {
  const context = flags.sandbox ? { sandbox: true } : contextOf(flags, await complete(io, flags))
  const name = flags.sandbox && flags.name === 'production' ? 'sandbox' : flags.name
  const config = { currentContext: name, contexts: { [name]: context } }
  const file = resolve(io.cwd, flags.file)
  decodeConfig('the answers', config)
  write(file, content(config), flags.force)
  const next = ['nyah doctor', 'nyah lb list', 'nyah lb mirror <uuid> --plan']
  const told = [
    `wrote ${escapeText(file)} (context ${escapeText(name)})`,
    '',
    'Next:',
    ...next.map((each) => `  ${each}`),
  ]
  return { document: { file, context: name, next }, text: `${told.join('\n')}\n`, exitCode: EXIT.ok }
}

interface Answers {
  readonly region: string
  readonly vpc: string
  readonly subnet: readonly string[]
}

async function complete(io: Io, flags: InitFlags): Promise<Answers> {
  const known: Record<string, string> = {
    region: flags.region ?? '',
    vpc: flags.vpc ?? '',
    subnet: (flags.subnet ?? []).join(','),
  }
  const missing = NEEDED.filter(({ flag }) => known[flag] === '')
  if (missing.length > 0 && !io.interactive)
    throw nyahError({
      code: 'USAGE',
      message: `without a terminal, init needs ${missing.map(({ flag }) => `--${flag}`).join(', ')}`,
      exit: EXIT.usage,
      tries: [
        'nyah init --region ap-northeast-1 --vpc vpc-0a1b2c3d --subnet subnet-0a1b2c3d --subnet subnet-0e4f5a6b',
        'nyah init --sandbox',
      ],
    })
  const { signal, release } = interruptible()
  try {
    for (const { flag, question } of missing) {
      const answer = await askLine(`${question}: `, signal)
      if (answer === null || answer.trim() === '')
        throw nyahError({ code: 'DECLINED', message: 'nothing was written', exit: EXIT.refused })
      known[flag] = answer.trim()
    }
  } finally {
    release()
  }
  const subnet = (known['subnet'] ?? '').split(/[\s,]+/).filter((each) => each !== '')
  return { region: known['region'] ?? '', vpc: known['vpc'] ?? '', subnet }
}

function contextOf(flags: InitFlags, { region, vpc, subnet }: Answers): ContextConfig {
  const scheme = flags.scheme === 'internet-facing' ? 'internet-facing' : 'internal'
  const routable = flags.routable === undefined ? {} : { routableCidrs: [...flags.routable] }
  return {
    ...(flags.cloud === undefined ? {} : { octavia: { cloud: flags.cloud } }),
    aws: { region, ...(flags.profile === undefined ? {} : { profile: flags.profile }) },
    networks: {
      [scheme === 'internal' ? 'internal' : 'public']: { vpcId: vpc, scheme, subnets: [...subnet], ...routable },
    },
    dns: { steadyWeights: { octavia: 90, aws: 10 } },
  }
}

const content = (config: ConfigFile): string =>
  [
    '# nyah: which clouds, and where mirrors live. Credentials stay where each ecosystem keeps them: clouds.yaml or',
    '# OS_* variables, the AWS default chain. `nyah config explain` shows what is in force, `nyah doctor` tries it.',
    stringify(config),
  ].join('\n')

function write(file: string, text: string, force: boolean): void {
  try {
    writeFileSync(file, text, { flag: force ? 'w' : 'wx' })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw nyahError({
      code: code === 'EEXIST' ? 'CONFIG_EXISTS' : 'CONFIG_UNWRITABLE',
      message: code === 'EEXIST' ? `${file} exists already` : `${file} cannot be written (${code})`,
      exit: EXIT.configuration,
      tries: code === 'EEXIST' ? ['nyah config explain', 'add --force to write over it'] : ['--file with another path'],
    })
  }
}
