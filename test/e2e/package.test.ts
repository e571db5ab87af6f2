import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { BIN, type Ended, newHome, plainEnv, ROOT } from '../support/cli.ts'
import { watch } from './process.ts'
import { afterFrames, demandScript, frames, startPty } from './pty.ts'

describe.concurrent('the package as npm packs it, without any node_modules', () => {
  let folder: string
  let home: string
  let bin: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'nyah-package-'))
    home = newHome()
    const told = execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...plainEnv(home), npm_config_update_notifier: 'false' },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const packed = JSON.parse(told)
    const [{ filename }] = Array.isArray(packed) ? packed : Object.values<any>(packed)
    execFileSync('tar', ['-xzf', join(folder, filename), '-C', folder])
    bin = join(folder, 'package', 'bin', 'run.js')
  })
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
    rmSync(home, { recursive: true, force: true })
  })

  const run = (...args: readonly string[]): Promise<Ended> =>
    watch(
      spawn(process.execPath, [bin, ...args], {
        cwd: home,
        env: plainEnv(home),
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    ).ended

  it('has what it needs, and neither sources nor tests', ({ expect }) => {
    const root = readdirSync(join(folder, 'package')).toSorted()
    expect(root.filter((name) => !/^(LICENSE|README)/.test(name))).toEqual([
      'bin',
      'dist',
      'docs',
      'fixtures',
      'oclif.manifest.json',
      'package.json',
    ])
    expect(readdirSync(join(folder, 'package', 'fixtures'))).toEqual(['worlds'])
    expect(existsSync(join(folder, 'package', 'node_modules'))).toBe(false)
  })

  it('--version', async ({ expect }) => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    expect(await run('--version')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(`^nyah/${version} `),
      stderr: '',
    })
  })

  it.for([
    [['--help'], 0, 'COMMANDS'],
    [['lb', 'mirror', '--help'], 0, '--plan-out'],
    [['lb', 'list', '--sandbox'], 0, 'shop-web'],
    [['lb', 'list', '--sandbox', '--json'], 0, '"name": "shop-web"'],
    [['lb', 'mirror', 'shop-web', '--sandbox', '--plan', '--output', 'markdown'], 0, 'shop-web'],
    [['doctor', '--sandbox'], 0, 'ELBv2'],
    [['run', 'list'], 0, ''],
    [['autocomplete', 'bash'], 0, ''],
    [['init', '--sandbox', '--file', 'made.yaml'], 0, 'made.yaml'],
  ] as const)('%j', async ([args, code, needle], { expect }) => {
    const ended = await run(...args)
    expect(ended).toMatchObject({ code, stdout: expect.stringContaining(needle) })
    expect(ended.stderr).not.toMatch(/Cannot find (module|package)/)
  })

  it('an unknown command', async ({ expect }) => {
    const { code, stderr } = await run('lb', 'lst')
    expect(code).toBe(2)
    expect(stderr).toMatch(/^COMMAND_UNKNOWN {2}lb lst [^\n]+\nTry: nyah lb list\n/)
  })

  it('the live view', async ({ expect }) => {
    demandScript()
    const terminal = startPty(home, ['lb', 'mirror', 'shop-web', '--sandbox', '--yes'], {}, '', bin)
    const { stdout, code } = await terminal.ended
    expect(code).toBe(0)
    expect(frames(stdout).length).toBeGreaterThan(2)
    expect(afterFrames(stdout)).toMatch(/^Applied, and healthy/)
  })
})

/** A Node of this machine that is too old, outside of node_modules. */
function oldNode(): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'))
  for (const folder of [...folders, '/usr/local/bin', '/usr/bin']) {
    const node = join(folder, 'node')
    if (!existsSync(node)) continue
    const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' })
    if (/^v(1[89]|2[01])\./.test(stdout)) return node
  }
  return null
}

describe('a Node that is too old', () => {
  const FAKE = `data:text/javascript,${encodeURIComponent(
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })",
  )}`

  it.for(['lb list --sandbox', '--version', '--help'])('%s: one clear line, exit 3', (line, { expect }) => {
    const node = oldNode()
    const [program, ...before] = node === null ? [process.execPath, '--import', FAKE] : [node]
    const { status, stdout, stderr } = spawnSync(program ?? '', [...before, BIN, ...line.split(' ')], {
      encoding: 'utf8',
    })
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' })
    expect(stderr).toMatch(/^nyah needs Node \^22\.19 or >=24\.11; this is v[\d.]+ \([^\n]+\)\n$/)
  })
})
