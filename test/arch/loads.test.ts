import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { instrument, instrumentedCopy, loadsText, recordLoads } from './loads.ts'

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'nyah-loads-')))
const home = join(directory, 'home')

/** Nobody listens there: commands end where their first answer would be read. */
const CONFIG = `
currentContext: nobody
contexts:
  nobody:
    aws: { region: eu-central-1, endpointUrl: http://127.0.0.1:9 }
    networks:
      internal: { vpcId: vpc-0a1b2c3d, scheme: internal, subnets: [subnet-0a1b2c3d] }
`

const env = {
  HOME: home,
  NO_COLOR: '1',
  CI: 'true',
  OS_AUTH_URL: 'http://127.0.0.1:9/v3',
  OS_USERNAME: 'nobody',
  OS_PASSWORD: 'nobody',
  OS_PROJECT_NAME: 'nobody',
  OS_USER_DOMAIN_ID: 'default',
  OS_PROJECT_DOMAIN_ID: 'default',
  AWS_ACCESS_KEY_ID: 'nobody',
  AWS_SECRET_ACCESS_KEY: 'nobody',
}

beforeAll(async () => {
  await instrumentedCopy(directory)
  mkdirSync(home)
  writeFileSync(join(directory, 'nyah.config.yaml'), CONFIG)
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

const UUID = '5f0c7c1e-0000-4000-8000-000000000001'

/** Every command, up to the first answer of a remote. `vitest run --project arch -u` after a change that is meant. */
const COMMANDS: readonly (readonly [name: string, argv: readonly string[]])[] = [
  ['version', ['--version']],
  ['help', ['--help']],
  ['lb-mirror-help', ['lb', 'mirror', '--help']],
  ['run-list', ['run', 'list']],
  ['config-explain', ['config', 'explain']],
  ['lb-list', ['lb', 'list', '--timeout', '2s']],
  ['lb-mirror', ['lb', 'mirror', UUID, '--plan', '--timeout', '2s']],
  ['failover-to-aws', ['failover', 'to-aws', 'shop.example.jp', '--plan', '--timeout', '2s']],
  ['doctor', ['doctor', '--timeout', '2s']],
]

describe('what a command loads', () => {
  it.each(COMMANDS)('%s', async (name, argv) => {
    await expect(loadsText(recordLoads(directory, argv, env))).toMatchFileSnapshot(`loads/${name}.txt`)
  })

  it('the bundle, in steps of 16 KiB', async () => {
    const { size } = statSync(new URL('../../dist/cli.cjs', import.meta.url))
    await expect(`${Math.ceil(size / 16_384) * 16} KiB\n`).toMatchFileSnapshot('loads/cli.cjs.txt')
  })

  it('--version loads nothing of dist/', () => {
    expect(recordLoads(directory, ['--version'], env)).toEqual({
      exitCode: 0,
      modules: [],
      packages: [],
      chunks: [],
      builtins: [],
    })
  })

  it.each([['help'], ['run-list']])('%s loads no SDK', (name) => {
    const text = readFileSync(new URL(`loads/${name}.txt`, import.meta.url), 'utf8')
    expect(text).not.toMatch(/aws-|http-got|tui-ink|src\/lib\/(adapters\/(aws|octavia)|sandbox|tui)/)
  })

  it('the recorder notices when esbuild writes its modules in another way', () => {
    expect(() => instrument('var nothing = 1')).toThrow(/mend the arch lane/)
  })
})
