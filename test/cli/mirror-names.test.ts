import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BIN, type Ended, plainEnv, SHOP_WEB, startWorld, type World } from '../support/cli.ts'

const NAME = 'shop.example.jp'
const SHOP_API = SHOP_WEB.replace(/1$/, '2')
/** The shop's NLBs are internal, and its zone is public. */
const PRIVATE = ['--allow', 'DNS_PRIVATE_ADDRESS', '--reason', 'rehearsal'] as const

let world: World
beforeEach(async () => {
  world = await startWorld()
})
afterEach(() => world.close())

const run = (...words: readonly string[]): Promise<Ended> => world.run([...words, '--sandbox'])
const mirror = (...words: readonly string[]): Promise<Ended> => run('lb', 'mirror', 'shop-web', ...words)

const mirrorOf = async (id: string): Promise<string> => {
  const { loadBalancers } = JSON.parse((await run('lb', 'list', '--json')).stdout)
  return loadBalancers.find((one: { id: string }) => one.id === id).mirror
}

/** Percent by side; null: it is not attached. */
const sharesOf = async (name: string): Promise<Readonly<Record<string, number>> | null> => {
  const { sets } = JSON.parse((await run('dns', 'show', name, '--json')).stdout)
  const members: readonly { id: string | null; share: number }[] = sets[0].members
  return members.length < 2 ? null : Object.fromEntries(members.map(({ id, share }) => [id, share]))
}

describe('lb mirror --hostname', () => {
  it.each([
    ['DNS_PRIVATE_ADDRESS', NAME, 6],
    ['DNS_CNAME', 'www.example.jp', 6],
    ['DNS_NOT_OWNED', 'k8s.example.jp', 6],
    ['DNS_PROTECTED', 'locked.example.jp', 6],
    ['DNS_ROUTING', 'primary.example.jp', 6],
    ['DNS_ZONE_MISSING', 'shop.example.org', 2],
  ])('is refused with %s before the mirror is made', async (code, name, exit) => {
    const ended = await mirror('--hostname', name, '--yes')
    expect(ended.code).toBe(exit)
    expect(ended.stdout + ended.stderr).toContain(code)
    expect(await mirrorOf(SHOP_WEB)).toBe('none')
  })

  it.each([
    ['two load balancers', ['lb', 'mirror', 'shop-web', 'shop-api', '--hostname', NAME]],
    ['all of them', ['lb', 'mirror', '--all', '--hostname', NAME]],
    ['--no-wait', ['lb', 'mirror', 'shop-web', '--no-wait', '--hostname', NAME]],
    ['no name', ['lb', 'mirror', 'shop-web', '--hostname', 'b@d']],
    ['a ramp downwards', ['lb', 'mirror', 'shop-web', '--hostname', NAME, '--ramp', '10,5']],
  ])('means nothing with %s', async (_, words) => {
    const ended = await run(...words, '--yes')
    expect(ended).toMatchObject({ code: 2, stdout: '' })
    expect(ended.stderr).toContain('USAGE')
  })

  it('shows both, asks once, makes the mirror and attaches the name; the same again has nothing to do', async () => {
    const planned = await mirror('--hostname', NAME, ...PRIVATE, '--plan', '--detailed-exitcode')
    expect(planned.code).toBe(4)
    expect(planned.stdout).toMatch(/create {2}load-balancer[\s\S]*DNS_ATTACH_NEXT {2}shop\.example\.jp/)
    expect(planned.stdout.replaceAll(/\s+/g, ' ')).toContain(
      'it answers A 203.0.113.11, TTL 300 s today (public zone example.jp); attached once the mirror is healthy: first all on octavia, then a step every 2m: 1 %, 5 %, 10 % on aws',
    )
    expect(await mirror('--hostname', NAME, ...PRIVATE)).toMatchObject({ code: 5 })
    expect([await mirrorOf(SHOP_WEB), await sharesOf(NAME)]).toEqual(['none', null])

    const ended = await mirror('--hostname', NAME, ...PRIVATE, '--ramp', '5', '--every', '1s', '--yes')
    expect(ended.code).toBe(0)
    expect(ended.stdout).toMatch(/shop-web {2}nyah-shop-web-[\s\S]*shop\.example\.jp A {2}octavia 90 %, aws 10 %\n$/)
    expect(ended.stderr).toContain('step 2 of 2')
    expect(await sharesOf(NAME)).toEqual({ octavia: 90, aws: 10 })
    const { runs } = JSON.parse((await run('run', 'list', '--json')).stdout)
    expect(runs.map((one: { operation: string; standing: string }) => [one.operation, one.standing])).toEqual([
      ['dns.attach', 'applied'],
      ['lb.mirror', 'applied'],
    ])

    // What somebody asked for besides stays.
    expect(await run('dns', 'weight', NAME, 'octavia=80', 'aws=20', '--yes')).toMatchObject({ code: 0 })
    const again = await mirror('--hostname', NAME, '--json')
    expect(again.code).toBe(0)
    expect(JSON.parse(again.stdout)).toMatchObject({ outcome: 'nothing-to-do', names: { outcome: 'nothing-to-do' } })
    expect(await sharesOf(NAME)).toEqual({ octavia: 80, aws: 20 })
  }, 60_000)

  it('is one document: the mirror’s, with the names’ in it', async () => {
    const { stdout, code } = await mirror('--hostname', NAME, ...PRIVATE, '--no-ramp', '--yes', '--json')
    expect(code).toBe(0)
    const { ok, outcome, exitCode, run: id, plan, result, names } = JSON.parse(stdout)
    expect({ ok, outcome, exitCode, names }).toMatchObject({
      ok: true,
      outcome: 'applied',
      exitCode: 0,
      names: { ok: true, outcome: 'applied', plan: { request: { operation: 'dns.attach' } } },
    })
    expect(plan.request.operation).toBe('lb.mirror')
    expect(result.mirrors[0].id).toBe(SHOP_WEB)
    expect(names.result.names[0].sets[0].shares).toEqual({ octavia: 90, aws: 10 })
    expect(names.run).not.toBe(id)
  })

  it('is two runs in a stream, the second after the first has finished', async () => {
    const { stdout } = await mirror('--hostname', NAME, ...PRIVATE, '--no-ramp', '--yes', '--output', 'ndjson')
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line): { type: string; run: string; seq: number } => JSON.parse(line))
    const starts = events.filter(({ type }) => type === 'run.started')
    expect(starts.map(({ seq }) => seq)).toEqual([1, 1])
    const [first = '', second = ''] = starts.map((one) => one.run)
    const end = events.findIndex(({ type }) => type === 'run.finished')
    expect(new Set(events.slice(0, end + 1).map((one) => one.run))).toEqual(new Set([first]))
    expect(new Set(events.slice(end + 1).map((one) => one.run))).toEqual(new Set([second]))
    expect(events.at(-1)?.type).toBe('run.finished')
  })

  it('killed on the way of the ramp, the same command goes on', async () => {
    const words = ['lb', 'mirror', 'shop-web', '--hostname', NAME, ...PRIVATE, '--ramp', '5', '--yes', '--sandbox']
    await new Promise<void>((resolve, reject) => {
      const child = spawn(process.execPath, [BIN, ...words, '--every', '2s'], {
        cwd: world.home,
        env: plainEnv(world.home),
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      let said = ''
      child.stderr.on('data', (chunk) => {
        said += String(chunk)
        if (said.includes('created weighted-set')) child.kill('SIGKILL')
      })
      child.on('error', reject)
      child.on('close', () => resolve())
    })
    expect(await sharesOf(NAME)).toEqual({ octavia: 100, aws: 0 })
    const ended = await run(...words.slice(0, -1))
    expect(ended.code).toBe(0)
    expect(ended.stdout.replaceAll(/\s+/g, ' ')).toContain(
      'it is attached; its walk to octavia 90 %, aws 10 % goes on, step 1 of 2',
    )
    expect(await sharesOf(NAME)).toEqual({ octavia: 90, aws: 10 })
  }, 60_000)

  it('a plan that was saved has both in it', async () => {
    const file = join(world.home, 'shop.plan.json')
    expect(await mirror('--hostname', NAME, ...PRIVATE, '--no-ramp', '--plan-out', file)).toMatchObject({ code: 0 })
    expect(await world.run(['plan', 'apply', file])).toMatchObject({ code: 0 })
    expect(await sharesOf(NAME)).toEqual({ octavia: 90, aws: 10 })
  })

  it('where the mirror is there already, the yes is still asked for: of the names', async () => {
    expect(await mirror('--yes')).toMatchObject({ code: 0 })
    const words = ['--hostname', NAME, ...PRIVATE, '--no-ramp']
    const shown = await mirror(...words, '--plan', '--detailed-exitcode')
    expect(shown.code).toBe(4)
    expect(shown.stdout).toMatch(/Nothing to do[\s\S]*create {2}weighted-set shop\.example\.jp/)
    const unanswered = await mirror(...words)
    expect(unanswered.code).toBe(5)
    expect(unanswered.stderr).toContain('CONFIRMATION_NEEDED')
    expect(await sharesOf(NAME)).toBeNull()
    expect(await mirror(...words, '--yes')).toMatchObject({ code: 0 })
    expect(await sharesOf(NAME)).toEqual({ octavia: 90, aws: 10 })
  })
})

describe('a mirror that does not become healthy', () => {
  it('gets no names, and says so', async () => {
    const slow = await startWorld(1)
    try {
      const words = ['lb', 'mirror', 'shop-web', '--hostname', NAME, ...PRIVATE, '--yes', '--sandbox']
      const { code, stderr } = await slow.run([...words, '--timeout', '3s'])
      expect(code).toBe(9)
      expect(stderr).toContain(`Not attached: ${NAME}.`)
      const { runs } = JSON.parse((await slow.run(['run', 'list', '--json'])).stdout)
      expect(runs).toHaveLength(1)
    } finally {
      await slow.close()
    }
  })
})

describe('hostnames of the configuration', () => {
  const configure = (mirrors: Readonly<Record<string, readonly string[]>>): void => {
    const table = Object.entries(mirrors).map(([id, hostnames]) => [id, { hostnames }])
    const rehearsal = { sandbox: true, mirrors: Object.fromEntries(table) }
    const text = JSON.stringify({ currentContext: 'rehearsal', contexts: { rehearsal } })
    writeFileSync(join(world.home, 'nyah.config.json'), text)
  }

  it('are attached to the mirror of each; lb sync leaves names alone', async () => {
    configure({ [SHOP_WEB]: [NAME], [SHOP_API]: ['api.example.jp'] })
    const words = ['lb', 'mirror', 'shop-web', 'shop-api']
    const ended = await world.run([...words, '--yes', '--no-ramp', ...PRIVATE])
    expect(ended.code).toBe(0)
    expect([await sharesOf(NAME), await sharesOf('api.example.jp')]).toEqual([
      { octavia: 90, aws: 10 },
      { octavia: 90, aws: 10 },
    ])
    const { sets } = JSON.parse((await run('dns', 'show', 'api.example.jp', '--json')).stdout)
    expect(JSON.stringify(sets[0].members)).toContain('nyah-shop-api-')

    expect(await run('dns', 'detach', NAME, '--yes')).toMatchObject({ code: 0 })
    expect(await world.run(['lb', 'sync', 'shop-web', '--yes'])).toMatchObject({ code: 0 })
    expect(await sharesOf(NAME)).toBeNull()
  }, 60_000)

  it('are not attached without the wait for healthy targets, and that is said', async () => {
    configure({ [SHOP_WEB]: [NAME] })
    const { code, stderr } = await world.run(['lb', 'mirror', 'shop-web', '--yes', '--no-wait', ...PRIVATE])
    expect(code).toBe(0)
    expect(stderr).toContain(`Not attached: ${NAME}.`)
    expect(await sharesOf(NAME)).toBeNull()
  })

  it('name each name once', async () => {
    configure({ [SHOP_WEB]: [NAME], [SHOP_API]: [NAME] })
    const { code, stderr } = await world.run(['lb', 'mirror', 'shop-web', '--yes'])
    expect(code).toBe(3)
    expect(stderr).toContain('CONFIG_HOSTNAME_TWICE')
    expect(await mirrorOf(SHOP_WEB)).toBe('none')
  })
})
