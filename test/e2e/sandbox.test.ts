import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'vitest'
import { newHome, nyah, SHOP_WEB } from '../support/cli.ts'
import { openStack, plainHttp } from '../support/openstack.ts'
import { type Live, startNyah } from './process.ts'

interface Started {
  readonly home: string
  readonly beacon: string
  start(...flags: readonly string[]): Promise<Live>
}

/** A home in which sandboxes are started; whatever still runs at the end is ended. */
async function inHome(work: (started: Started) => Promise<void>): Promise<void> {
  const home = newHome()
  const all: Live[] = []
  try {
    await work({
      home,
      beacon: join(home, 'state', 'sandbox.json'),
      start: async (...flags) => {
        const live = startNyah(home, ['sandbox', 'start', '--speed', '1000', ...flags])
        all.push(live)
        await live.until(/^sandbox: http|^\{"url"/m)
        return live
      },
    })
  } finally {
    for (const { child } of all) child.kill('SIGKILL')
    await Promise.all(all.map(({ ended }) => ended))
    rmSync(home, { recursive: true, force: true })
  }
}

const stop = async (live: Live, signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM') => {
  live.child.kill(signal)
  return live.ended
}

const mirrorState = async (home: string): Promise<unknown> => {
  const { stdout } = await nyah(home, ['lb', 'list', '--sandbox', '--json'])
  return JSON.parse(stdout).loadBalancers.find(({ id }: { id: string }) => id === SHOP_WEB).mirror
}

describe.concurrent('sandbox start', () => {
  it('prints an environment that other tools can use', ({ expect }) =>
    inHome(async ({ start }) => {
      const live = await start()
      await live.until(/Ctrl-C ends it/)
      const env = Object.fromEntries(
        [...live.stdout().matchAll(/^ {2}export (\w+)=(.*)$/gm)].map(([, key, value]) => [key ?? '', value ?? '']),
      )
      expect(Object.keys(env)).toEqual(expect.arrayContaining(['OS_AUTH_URL', 'OS_PASSWORD', 'AWS_ENDPOINT_URL']))
      const octavia = await openStack({
        authUrl: env['OS_AUTH_URL'] ?? '',
        username: env['OS_USERNAME'] ?? '',
        password: env['OS_PASSWORD'] ?? '',
        project: env['OS_PROJECT_NAME'] ?? '',
      })
      expect((await octavia.must('GET', '/loadbalancers')).loadbalancers.length).toBeGreaterThan(5)
      const aws = await plainHttp('GET', `${env['AWS_ENDPOINT_URL']}/`, { host: 'evil.example' })
      expect(aws.status).toBe(421)
    }))

  it('is found by other commands; what one changes the next one sees; its signals end it and its beacon', ({
    expect,
  }) =>
    inHome(async ({ home, beacon, start }) => {
      const live = await start('--json')
      const told = JSON.parse(live.stdout())
      expect(told).toMatchObject({ pid: live.child.pid })
      expect(JSON.parse(readFileSync(beacon, 'utf8'))).toEqual(told)
      // It holds the sandbox's password.
      expect(statSync(beacon).mode & 0o777).toBe(0o600)
      const mirrored = await nyah(home, ['lb', 'mirror', 'shop-web', '--sandbox', '--yes'])
      expect(mirrored.code).toBe(0)
      expect(mirrored.stderr).not.toContain('inside this process')
      expect(await mirrorState(home)).toMatchObject({ state: 'active' })
      expect(await stop(live)).toMatchObject({ code: 0, signal: null, stderr: '' })
      expect(existsSync(beacon)).toBe(false)
      const alone = await nyah(home, ['lb', 'list', '--sandbox'])
      expect(alone).toMatchObject({ code: 0, stderr: expect.stringContaining('inside this process') })
    }))

  it('a second one is refused: exit 10', ({ expect }) =>
    inHome(async ({ home, beacon, start }) => {
      const live = await start()
      const kept = readFileSync(beacon, 'utf8')
      const second = await nyah(home, ['sandbox', 'start'])
      expect(second).toMatchObject({ code: 10, stdout: '', stderr: expect.stringContaining('SANDBOX_RUNNING') })
      expect(readFileSync(beacon, 'utf8')).toBe(kept)
      expect(await stop(live, 'SIGINT')).toMatchObject({ code: 0, signal: null })
    }))

  it('--state keeps the world, also when it is killed', ({ expect }) =>
    inHome(async ({ home, beacon, start }) => {
      const file = join(home, 'world.json')
      const first = await start('--state', file)
      expect((await nyah(home, ['lb', 'mirror', 'shop-web', '--sandbox', '--yes'])).code).toBe(0)
      const before = await nyah(home, ['lb', 'show', 'shop-web', '--sandbox', '--json'])
      expect(statSync(file).mode & 0o777).toBe(0o600)
      first.child.kill('SIGKILL')
      await first.ended
      // Its beacon is still there, and believed by nobody.
      expect(existsSync(beacon)).toBe(true)
      expect((await nyah(home, ['lb', 'list', '--sandbox'])).stderr).toContain('inside this process')
      await start('--state', file)
      const after = await nyah(home, ['lb', 'show', 'shop-web', '--sandbox', '--json'])
      expect(after.code).toBe(0)
      // Each says when it looked.
      const { at: _before, ...was } = JSON.parse(before.stdout)
      const { at: _after, ...is } = JSON.parse(after.stdout)
      expect(is).toEqual(was)
      expect((await nyah(home, ['lb', 'diff', 'shop-web', '--sandbox'])).code).toBe(0)
    }))

  it.for([
    ['no JSON', '{'],
    ['of another process with that number', null],
    ['elsewhere than loopback', '{"url":"http://10.0.0.1:80","pid":1,"env":{},"networks":{}}'],
  ] as const)('a beacon that is %s is not believed', ([_what, content], { expect }) =>
    inHome(async ({ home, beacon, start }) => {
      const live = await start('--json')
      await stop(live)
      // The number lives on (this test's own process), the sandbox does not.
      const told = JSON.parse(live.stdout())
      const { pid } = process
      const stale = JSON.stringify({ ...told, pid, process: { ...told.process, pid } })
      writeFileSync(beacon, content ?? stale)
      const { code, stderr, stdout } = await nyah(home, ['lb', 'list', '--sandbox', '--timeout', '5s'])
      expect({ code, stdout: stdout.split(' ')[0], stderr }).toEqual({
        code: 0,
        stdout: 'NAME',
        stderr: expect.stringContaining('inside this process'),
      })
      await start()
    }),
  )

  it.for([
    ['a world that is none', ['--world', 'nope.json'], 'SANDBOX_WORLD'],
    ['a state that cannot be kept', ['--state', '/proc/nope/state.json'], 'SANDBOX_STATE_UNWRITABLE'],
  ] as const)('%s: exit 3, no beacon', ([_what, flags, needle], { expect }) =>
    inHome(async ({ home, beacon }) => {
      const { code, stderr } = await nyah(home, ['sandbox', 'start', ...flags])
      expect(code).toBe(3)
      expect(stderr).toContain(needle)
      expect(existsSync(beacon)).toBe(false)
    }),
  )

  it('a port that is taken: exit 3', ({ expect }) =>
    inHome(async ({ start }) => {
      const live = await start('--json')
      const { port } = new URL(JSON.parse(live.stdout()).url)
      const other = newHome()
      const { code, stderr } = await nyah(other, ['sandbox', 'start', '--port', port])
      rmSync(other, { recursive: true })
      expect(code).toBe(3)
      expect(stderr).toContain('SANDBOX_PORT')
    }))
})
