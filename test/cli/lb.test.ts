import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest'
import { newHome, ROOT, SHOP_WEB, startWorld, steady, type World } from '../support/cli.ts'

const golden = (name: string): string => `${ROOT}fixtures/golden/cli/${name}.txt`

describe('what the shop’s world says', () => {
  let world: World
  beforeAll(async () => {
    world = await startWorld()
  })
  afterAll(() => world.close())

  it('lb list', async () => {
    const { stdout, code } = await world.run(['lb', 'list', '--sandbox'])
    expect(code).toBe(0)
    await expect(stdout).toMatchFileSnapshot(golden('lb-list'))
  })

  it('lb list --json', async () => {
    const { stdout, code } = await world.run(['lb', 'list', '--sandbox', '--json'])
    expect(code).toBe(0)
    const document = JSON.parse(stdout)
    expect(document).toMatchObject({ ok: true, exitCode: 0, unread: [] })
    expect(document.loadBalancers).toContainEqual({
      id: SHOP_WEB,
      name: 'shop-web',
      source: {
        vip: '203.0.113.11',
        provisioning_status: 'ACTIVE',
        operating_status: 'ONLINE',
        updated_at: '2026-03-02T01:00:01',
      },
      mirror: 'none',
      // What has no mirror is in step with nothing.
      drift: { state: 'unknown', inStepWith: null, since: null },
      held: [],
    })
  })

  it('a plan, as text', async () => {
    const { stdout, code } = await world.run(['lb', 'mirror', 'shop-web', '--sandbox', '--plan'])
    expect(code).toBe(0)
    await expect(steady(stdout)).toMatchFileSnapshot(golden('lb-mirror-plan'))
  })

  it('a plan, as markdown', async () => {
    const { stdout } = await world.run(['lb', 'mirror', 'shop-web', '--sandbox', '--plan', '--output', 'markdown'])
    await expect(steady(stdout)).toMatchFileSnapshot(golden('lb-mirror-plan.md'))
  })

  it('--detailed-exitcode tells that there is something to do', async () => {
    const { code } = await world.run(['lb', 'mirror', SHOP_WEB, '--sandbox', '--plan', '--detailed-exitcode'])
    expect(code).toBe(4)
  })

  it.each([
    ['shop-l7', 'L7'],
    ['dns-udp', 'UDP'],
  ])('%s is refused by name: %s', async (name, needle) => {
    const { stdout, code } = await world.run(['lb', 'mirror', name, '--sandbox', '--plan'])
    expect(code).toBe(6)
    expect(stdout).toContain(needle)
    await expect(steady(stdout)).toMatchFileSnapshot(golden(`lb-mirror-${name}`))
  })

  it('one in ERROR is refused at first', async () => {
    const { stdout, code } = await world.run(['lb', 'mirror', 'broken', '--sandbox', '--plan'])
    expect(code).toBe(6)
    expect(stdout).toContain('LB_SOURCE_ERROR')
  })

  it('without a terminal and without --yes nothing is changed: exit 5, and the command to paste', async () => {
    const { stderr, code } = await world.run(['lb', 'mirror', 'shop-web', '--sandbox'])
    expect(code).toBe(5)
    expect(stderr).toContain('CONFIRMATION_NEEDED')
    expect(stderr).toMatch(/Try: .*--yes/)
    const { stdout } = await world.run(['lb', 'list', '--sandbox', '--json'])
    expect(JSON.parse(stdout).loadBalancers.every((row: { mirror: string }) => row.mirror === 'none')).toBe(true)
  })

  it.each([
    ['an unknown name', ['lb', 'mirror', 'shop', '--sandbox'], 2, 'LB_NOT_FOUND'],
    [
      'an unknown UUID',
      ['lb', 'mirror', '00000000-0000-4000-8000-00000000dead', '--sandbox', '--plan'],
      2,
      'LB_NOT_FOUND',
    ],
    ['a sync without a mirror', ['lb', 'sync', 'shop-web', '--sandbox', '--yes'], 2, 'LB_NOT_MIRRORED'],
    ['no argument', ['lb', 'mirror', '--sandbox'], 2, 'USAGE'],
    ['an unknown flag', ['lb', 'mirror', 'shop-web', '--force'], 2, 'USAGE'],
    ['--allow without --reason', ['lb', 'mirror', 'dns-udp', '--sandbox', '--allow', 'X'], 2, '--reason'],
    ['a time without a unit', ['lb', 'mirror', 'shop-web', '--sandbox', '--timeout', '15'], 2, '--timeout'],
    ['a configuration that is not there', ['lb', 'list', '--config', 'nope.yaml'], 3, 'CONFIG_NOT_FOUND'],
    ['a run that is not there', ['run', 'show', 'zzz'], 2, 'RUN_NOT_FOUND'],
    ['a plan that is not there', ['plan', 'show', 'nope.json'], 2, 'PLAN_'],
  ])('%s', async (_what, args, exit, needle) => {
    const { stderr, stdout, code } = await world.run(args)
    expect({ code, stdout }).toEqual({ code: exit, stdout: '' })
    expect(stderr).toContain(needle)
    expect(stderr).not.toMatch(/\n\s+at .*:\d+:\d+/)
  })

  it('an error as JSON is one document on stdout', async () => {
    const { stdout, stderr, code } = await world.run(['lb', 'list', '--json'], { cwd: join(world.home, 'state') })
    expect(code).toBe(3)
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, exitCode: 3, error: { code: 'CONFIG_NOT_FOUND' } })
    expect(stderr).toBe('')
  })

  it('doctor', async () => {
    const { stdout, code } = await world.run(['doctor', '--sandbox'])
    expect(code).toBe(0)
    await expect(steady(stdout).replaceAll(world.home, '<home>')).toMatchFileSnapshot(golden('doctor'))
  })

  it('doctor where nothing answers: exit 12, each remote named', async () => {
    writeFileSync(
      join(world.home, 'dead.yaml'),
      'contexts: { dead: { networks: { internal: { vpcId: vpc-1, scheme: internal, subnets: [subnet-1] } } } }',
    )
    const env = {
      OS_AUTH_URL: 'http://127.0.0.1:9/v3',
      OS_USERNAME: 'u',
      OS_PASSWORD: 'p',
      OS_PROJECT_NAME: 'p',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'hunter2-secret',
      AWS_REGION: 'eu-central-1',
    }
    const { stdout, code } = await world.run(['doctor', '--config', 'dead.yaml', '--timeout', '2s', '--quiet'], { env })
    expect(code).toBe(12)
    expect(stdout.match(/^✗ unreachable /gm)).toHaveLength(6)
    expect(stdout).toMatch(/^- not tried +Octavia: read load balancers +see Keystone and Octavia$/m)
    expect(stdout).not.toContain('hunter2')
  })

  it('a beacon that is not whole is no sandbox', async () => {
    const home = newHome()
    mkdirSync(join(home, 'state'), { mode: 0o700 })
    const other = { OS_AUTH_URL: 'http://127.0.0.1:1.example/v3', AWS_ENDPOINT_URL: 'http://127.0.0.1:1.example' }
    for (const env of [undefined, {}, other]) {
      const beacon = { url: 'http://127.0.0.1:1', pid: process.pid, env, networks: {} }
      writeFileSync(join(home, 'state', 'sandbox.json'), JSON.stringify(beacon))
      const own = { NYAH_STATE_DIR: join(home, 'state') }
      const { code, stderr } = await world.run(['lb', 'list', '--sandbox'], { env: own })
      expect(stderr).toContain('sandbox: inside this process')
      expect(code).toBe(0)
    }
  })

  it('a cloud whose certificates are not looked at is said each time', async () => {
    const { OS_AUTH_URL, OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME } = world.sandbox.env
    const cwd = join(world.home, 'unverified')
    mkdirSync(cwd)
    const auth = { auth_url: OS_AUTH_URL, username: OS_USERNAME, password: OS_PASSWORD, project_name: OS_PROJECT_NAME }
    const domains = { user_domain_id: 'default', project_domain_id: 'default' }
    const clouds = { clouds: { lab: { auth: { ...auth, ...domains }, verify: false } } }
    writeFileSync(join(cwd, 'clouds.yaml'), JSON.stringify(clouds))
    writeFileSync(join(cwd, 'nyah.config.yaml'), 'contexts: { lab: { octavia: { cloud: lab } } }')
    const { AWS_ENDPOINT_URL = '', AWS_REGION = '' } = world.sandbox.env
    const env = { AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID: 'sandbox', AWS_SECRET_ACCESS_KEY: 'sandbox' }
    const { code, stdout, stderr } = await world.run(['lb', 'list', '--quiet'], { cwd, env })
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('CONFIG_CLOUD_UNVERIFIED') })
    expect(stdout).toContain('shop-web')
  })

  it('remotes that hang are given up when --timeout says so', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
    writeFileSync(join(world.home, 'silent.yaml'), 'contexts: { silent: {} }')
    const env = { ...world.sandbox.env, OS_AUTH_URL: `${url}/v3`, AWS_ENDPOINT_URL: url }
    const began = Date.now()
    const { code, stderr } = await world.run(['lb', 'list', '--config', 'silent.yaml', '--timeout', '2s'], { env })
    expect({ code, stderr }).toEqual({ code: 7, stderr: expect.stringContaining('no answer within 2000 ms') })
    expect(Date.now() - began).toBeLessThan(15_000)
    silent.closeAllConnections()
    silent.close()
  })

  it('lb list with one dead side: what could be read, and exit 12', async () => {
    writeFileSync(join(world.home, 'half.yaml'), 'contexts: { half: {} }')
    const env = { ...world.sandbox.env, AWS_ENDPOINT_URL: 'http://127.0.0.1:9' }
    const { stdout, code } = await world.run(['lb', 'list', '--config', 'half.yaml', '--timeout', '2s', '--quiet'], {
      env,
    })
    expect(code).toBe(12)
    expect(stdout).toMatch(/shop-web .* unknown/)
    expect(stdout).toContain('AWS could not be read')
  })

  it('a name that may be in the cloud that is dead is not said to be nobody: the cloud is said to be dead', async () => {
    writeFileSync(join(world.home, 'unread.yaml'), 'contexts: { unread: {} }')
    const env = { ...world.sandbox.env, OS_AUTH_URL: 'http://127.0.0.1:9/v3' }
    const { stderr, code } = await world.run(
      ['lb', 'show', 'no-such-mirror', '--config', 'unread.yaml', '--timeout', '2s', '--quiet'],
      { env },
    )
    expect(code).toBe(7)
    expect(stderr).toContain('KEYSTONE_UNREACHABLE')
    expect(stderr).not.toContain('LB_NOT_FOUND')
  })

  it('config explain shows no secret', async () => {
    const env = { AWS_SECRET_ACCESS_KEY: 'hunter2-secret', OS_PASSWORD: 'hunter2-password', OS_AUTH_URL: 'http://k/v3' }
    const cwd = join(world.home, 'project')
    mkdirSync(cwd)
    await world.run(['init', '--region', 'eu-central-1', '--vpc', 'vpc-1', '--subnet', 'subnet-1'], { cwd })
    const { stdout, code } = await world.run(['config', 'explain'], { env, cwd })
    expect(code).toBe(0)
    expect(stdout).toContain('OS_AUTH_URL')
    expect(stdout).not.toContain('hunter2')
    const again = await world.run(['init', '--region', 'eu-central-1', '--vpc', 'vpc-1', '--subnet', 'subnet-1'], {
      cwd,
    })
    expect(again).toMatchObject({ code: 3, stderr: expect.stringContaining('CONFIG_EXISTS') })
  })
})

describe('the life of a mirror', () => {
  let world: World
  beforeEach(async () => {
    world = await startWorld()
  })
  afterEach(() => world.close())

  it('mirror, nothing to do, drift, sync, show, unmirror, each with its exit code', async () => {
    const mirrored = await world.run(['lb', 'mirror', 'shop-web', '--sandbox', '--yes', '--json'])
    expect(mirrored.code).toBe(0)
    const document = JSON.parse(mirrored.stdout)
    expect(document).toMatchObject({ ok: true, outcome: 'applied', exitCode: 0 })
    expect(document.result.mirrors[0]).toMatchObject({ id: SHOP_WEB, mirror: { state: 'active' } })

    const again = await world.run(['lb', 'mirror', 'shop-web', '--sandbox', '--plan', '--detailed-exitcode'])
    expect(again.code).toBe(0)
    expect(again.stdout).toContain('Nothing to do')

    const [pool] = await world.octavia.poolsOf(SHOP_WEB)
    await world.octavia.addMember(SHOP_WEB, pool.id, { address: '10.20.0.99', protocol_port: 8080 })
    const drift = await world.run(['lb', 'diff', 'shop-web', '--sandbox'])
    expect(drift.code).toBe(4)
    expect(drift.stdout).toContain('10.20.0.99:8080')

    const synced = await world.run(['lb', 'sync', 'shop-web', '--sandbox', '--yes'])
    expect(synced.code).toBe(0)
    const shown = await world.run(['lb', 'show', 'shop-web', '--sandbox'])
    expect(shown.code).toBe(0)
    expect(shown.stdout).toMatch(/in step +yes/)
    expect(shown.stdout).toMatch(/ 80 +http +4 +4 +4 +0/)

    const unsure = await world.run(['lb', 'unmirror', 'shop-web', '--sandbox', '--yes'])
    expect(unsure).toMatchObject({ code: 5, stderr: expect.stringContaining(`--confirm ${SHOP_WEB}`) })
    const other = await world.run(['lb', 'unmirror', 'shop-web', '--sandbox', '--confirm', 'shop-web'])
    expect(other.code).toBe(5)
    const gone = await world.run(['lb', 'unmirror', 'shop-web', '--sandbox', '--confirm', SHOP_WEB])
    expect(gone.code).toBe(0)
    const list = await world.run(['lb', 'list', '--sandbox', '--json'])
    expect(JSON.parse(list.stdout).loadBalancers.every((row: { mirror: string }) => row.mirror === 'none')).toBe(true)
  })

  it('a saved plan is applied as it is, and refused once it is stale', async () => {
    const saved = await world.run(['lb', 'mirror', 'shop-web', '--sandbox', '--plan-out', 'shop.json'])
    expect(saved.code).toBe(0)
    const shown = await world.run(['plan', 'show', 'shop.json'])
    expect(shown.stdout).toContain('Plan: 6 to create, 0 to change, 0 to delete; 6 targets to add.')
    const applied = await world.run(['plan', 'apply', 'shop.json', '--sandbox'])
    expect(applied.code).toBe(0)
    const stale = await world.run(['plan', 'apply', 'shop.json', '--sandbox'])
    expect(stale).toMatchObject({ code: 10, stderr: expect.stringContaining('STALE_PLAN') })
    const text = readFileSync(join(world.home, 'shop.json'), 'utf8')
    writeFileSync(join(world.home, 'evil.json'), text.replace('10.20.0.11', '10.20.0.66'))
    const tampered = await world.run(['plan', 'apply', 'evil.json', '--sandbox'])
    expect(tampered.code).not.toBe(0)
    expect(tampered.stderr).toContain('PLAN_')
  })

  it('the event stream has no gaps and ends with run.finished; the journal is the same', async () => {
    const { stdout, code } = await world.run(['lb', 'mirror', 'shop-api', '--sandbox', '--yes', '--output', 'ndjson'])
    expect(code).toBe(0)
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
    expect(events[0].type).toBe('run.started')
    expect(events.at(-1)).toMatchObject({ type: 'run.finished', data: { outcome: 'applied', exitCode: 0 } })

    const list = await world.run(['run', 'list', '--json'])
    const [run] = JSON.parse(list.stdout).runs
    expect(run).toMatchObject({ operation: 'lb.mirror', actor: 'tester', outcome: 'applied', exitCode: 0 })
    const kept = await world.run(['run', 'show', run.id, '--output', 'ndjson'])
    expect(kept.stdout).toBe(stdout)
    const shown = await world.run(['run', 'show', run.id])
    expect(shown.stdout).toMatch(/lb\.mirror/)
    const resumed = await world.run(['run', 'resume', run.id, '--sandbox'])
    expect(resumed).toMatchObject({ code: 2, stderr: expect.stringContaining('RUN_NOT_RESUMABLE') })
  })

  it('targets that never become healthy: exit 9, and what is missing', async () => {
    // Without a monitor Octavia calls no member unhealthy, so nyah waits for what the NLB says of it.
    const { id } = await world.octavia.createLoadBalancer({
      name: 'unwatched',
      listeners: [
        {
          protocol: 'TCP',
          protocol_port: 80,
          default_pool: {
            protocol: 'TCP',
            lb_algorithm: 'ROUND_ROBIN',
            members: [{ address: '10.20.0.77', protocol_port: 8080 }],
          },
        },
      ],
    })
    world.sandbox.setDown(['10.20.0.77:8080'])
    const { stderr, code } = await world.run(['lb', 'mirror', id, '--sandbox', '--yes', '--timeout', '10s'])
    expect(code).toBe(9)
    expect(stderr).toMatch(/10\.20\.0\.77:8080 is unhealthy \(Target\.FailedHealthChecks\)/)
    world.sandbox.setDown([])
    const again = await world.run(['lb', 'mirror', id, '--sandbox', '--yes'])
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing to do') })
  })

  it('an unwritable journal stops before the first write: exit 3', async () => {
    const env = { NYAH_STATE_DIR: '/proc/nyah' }
    const { code, stderr } = await world.run(['lb', 'mirror', 'shop-web', '--sandbox', '--yes', '--quiet'], { env })
    expect(code).toBe(3)
    expect(stderr).toContain('STATE_UNWRITABLE')
  })
})
