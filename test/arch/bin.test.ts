import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const RUN = join(ROOT, 'bin/run.js')
const scratch = mkdtempSync(join(tmpdir(), 'nyah-bin-'))
const { version, engines }: { version: string; engines: { node: string } } = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8'),
)

afterAll(() => rmSync(scratch, { recursive: true, force: true }))

let homes = 0
/** A new, empty home. */
function freshHome(): string {
  homes += 1
  const home = join(scratch, `home-${homes}`)
  mkdirSync(home)
  return home
}

function nyah(argv: readonly string[], env: Readonly<Record<string, string>> = {}, nodeFlags: readonly string[] = []) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...nodeFlags, RUN, ...argv], {
    env: { PATH: process.env['PATH'] ?? '', HOME: freshHome(), ...env },
    input: '',
    encoding: 'utf8',
    timeout: 20_000,
  })
  return { status, stdout, stderr }
}

/** Flags that make a process believe that it is this Node. */
const pretend = (node: string): readonly string[] => [
  '--import',
  `data:text/javascript,${encodeURIComponent(`Object.defineProperty(process.versions, 'node', { value: '${node}' })`)}`,
]

describe('the version of Node', () => {
  it('is asked for as in package.json', () => {
    expect(engines.node).toBe('^22.19 || >=24.11')
  })

  it.each(['22.19.0', '22.99.1', '24.11.0', '24.21.0', '25.0.0', '26.10.0', '100.0.0'])('%s is enough', (node) => {
    expect(nyah(['--version'], {}, pretend(node))).toMatchObject({ status: 0, stderr: '' })
  })

  it.each(['18.20.0', '20.20.2', '21.7.0', '22.18.0', '23.11.1', '24.10.9'])(
    '%s is too old: one line, exit 3',
    (node) => {
      const { status, stdout, stderr } = nyah(['--version'], {}, pretend(node))
      expect({ status, stdout }).toEqual({ status: 3, stdout: '' })
      expect(stderr).toMatch(/^nyah needs Node \^22\.19 or >=24\.11; this is v[^\n]+\n$/)
    },
  )
})

describe('--version', () => {
  it('is one line', () => {
    const line = `nyah/${version} ${process.platform}-${process.arch} node-${process.version}\n`
    expect(nyah(['--version'])).toEqual({ status: 0, stdout: line, stderr: '' })
  })

  it('is what oclif would say', () => {
    expect(nyah(['--version', 'twice']).stdout).toBe(nyah(['--version']).stdout)
  })
})

describe('the compile cache', () => {
  it('is kept where only its owner can write', () => {
    const home = freshHome()
    expect(nyah(['--help'], { HOME: home }).status).toBe(0)
    const { mode } = statSync(join(home, '.cache/nyah/compile'))
    expect(mode & 0o777).toBe(0o700)
  })

  it('follows XDG_CACHE_HOME, and ignores a relative one as the standard says', () => {
    const home = freshHome()
    const cache = join(home, 'elsewhere')
    nyah(['--help'], { HOME: home, XDG_CACHE_HOME: cache })
    expect(existsSync(join(cache, 'nyah/compile'))).toBe(true)
    nyah(['--help'], { HOME: home, XDG_CACHE_HOME: 'relative' })
    expect(existsSync(join(home, '.cache/nyah/compile'))).toBe(true)
  })

  it('is not used where others could put code into it', () => {
    const home = freshHome()
    const directory = join(home, '.cache/nyah/compile')
    mkdirSync(directory, { recursive: true })
    chmodSync(directory, 0o777)
    expect(nyah(['--help'], { HOME: home }).status).toBe(0)
    expect(spawnSync('ls', ['-A', directory], { encoding: 'utf8' }).stdout).toBe('')
  })

  it.each(['/proc/nope', '/dev/null', '/nonexistent/a/b/c/d/e/f/g/h/i/j'])(
    'of HOME=%s does not stop a command',
    (home) => {
      expect(nyah(['--help'], { HOME: home })).toMatchObject({ status: 0, stderr: '' })
    },
  )
})

describe('what surrounds it', () => {
  it('a reader that goes away is no error', () => {
    const script = `'${process.execPath}' '${RUN}' --help | head -n1; echo "\${PIPESTATUS[0]}"`
    const { stdout, stderr } = spawnSync('bash', ['-c', script], {
      env: { PATH: process.env['PATH'] ?? '', HOME: freshHome() },
      encoding: 'utf8',
    })
    expect({ stdout, stderr }).toEqual({ stdout: expect.stringMatching(/^Makes a private cloud .*\n0\n$/), stderr: '' })
  })

  it('a checkout that is not built says what to run', () => {
    const copy = join(scratch, 'unbuilt')
    mkdirSync(join(copy, 'bin'), { recursive: true })
    for (const name of ['bin/run.js', 'package.json']) cpSync(join(ROOT, name), join(copy, name))
    const { status, stderr } = spawnSync(process.execPath, [join(copy, 'bin/run.js'), 'lb', 'list'], {
      encoding: 'utf8',
    })
    expect(status).toBe(3)
    expect(stderr).toMatch(/^nyah is not built: [^\n]+run: npm run build\n$/)
  })

  it('an unknown command is a usage error', () => {
    const { status, stdout, stderr } = nyah(['lb', 'lst'])
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toContain('lb lst')
  })

  it('an unknown flag is a usage error', () => {
    expect(nyah(['run', 'list', '--nope']).status).toBe(2)
  })

  it('loads no plugin of the data directory', () => {
    const home = freshHome()
    const data = join(home, '.local/share/nyah')
    mkdirSync(data, { recursive: true })
    cpSync(join(ROOT, 'package.json'), join(data, 'package.json'))
    expect(nyah(['--help'], { HOME: home })).toMatchObject({ status: 0, stderr: '' })
  })
})
