import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { bash, eventsIn, MINUTES, type Stage, startNyah, startStage, untilCalled } from './process.ts'

const MIRROR = ['lb', 'mirror', 'shop-web', '--sandbox']

const onStage = async (work: (stage: Stage) => Promise<void>): Promise<void> => {
  const stage = await startStage(1)
  try {
    await work(stage)
  } finally {
    await stage.close()
  }
}

describe.concurrent('two at once', () => {
  it('on one load balancer: the second is told who is at it, exit 10, and the first is not disturbed', ({ expect }) =>
    onStage(async (stage) => {
      stage.aws.inject({ action: 'CreateLoadBalancer', kind: 'delay', ms: 2_500 })
      const first = startNyah(stage.home, [...MIRROR, '--yes'])
      await untilCalled(stage.aws, 'CreateLoadBalancer')
      const second = await stage.run([...MIRROR, '--yes'])
      const { runs } = JSON.parse((await stage.run(['run', 'list', '--json'])).stdout)
      const [{ id }] = runs
      expect(runs).toHaveLength(1)
      expect(runs[0]).toMatchObject({ standing: 'running' })
      expect(second.code).toBe(10)
      expect(second.stderr.replaceAll(/\s+/g, ' ')).toContain(`RUN_LOCKED run ${id} (process ${first.child.pid} on `)
      expect(second.stderr).toContain(`nyah run show ${id}`)

      await first.until(/waiting for/)
      stage.pass(10 * MINUTES)
      expect((await first.ended).code).toBe(0)
      expect(await stage.run([...MIRROR, '--yes'])).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('Nothing to do'),
      })
    }))

  it('plans and lists go on beside a run', ({ expect }) =>
    onStage(async (stage) => {
      stage.aws.inject({ action: 'CreateLoadBalancer', kind: 'delay', ms: 2_000 })
      const first = startNyah(stage.home, [...MIRROR, '--yes', '--no-wait'])
      await untilCalled(stage.aws, 'CreateLoadBalancer')
      const beside = await Promise.all([
        stage.run(['lb', 'list', '--sandbox']),
        stage.run(['lb', 'mirror', 'shop-api', '--sandbox', '--plan']),
        stage.run(['run', 'list']),
      ])
      expect(beside.map(({ code }) => code)).toEqual([0, 0, 0])
      expect((await first.ended).code).toBe(0)
    }))

  it('in two contexts: both go on', ({ expect }) =>
    onStage(async (stage) => {
      writeFileSync(
        join(stage.home, 'nyah.config.yaml'),
        'contexts: { east: { sandbox: true }, west: { sandbox: true } }\n',
      )
      stage.aws.inject({ action: 'CreateLoadBalancer', kind: 'delay', ms: 1_500 })
      const east = startNyah(stage.home, ['lb', 'mirror', 'shop-web', '--context', 'east', '--yes', '--no-wait'])
      await untilCalled(stage.aws, 'CreateLoadBalancer')
      const west = startNyah(stage.home, ['lb', 'mirror', 'shop-api', '--context', 'west', '--yes', '--no-wait'])
      expect([(await east.ended).code, (await west.ended).code]).toEqual([0, 0])
    }))
})

describe.concurrent('a CI log', () => {
  /** A process whose clock runs 15 times faster: half a minute of silence is then over in two seconds. */
  const HASTE = `--import data:text/javascript,${encodeURIComponent(
    'const { now } = Date; const start = now(); Date.now = () => start + (now() - start) * 15',
  )}`

  it('one line per step, and a sign of life while nothing happens', ({ expect }) =>
    onStage(async (stage) => {
      const env = { CI: 'true', NODE_OPTIONS: HASTE, NO_COLOR: '' }
      const run = startNyah(stage.home, [...MIRROR, '--yes', '--timeout', '5h'], { env })
      await run.until(/so far\)/)
      stage.pass(10 * MINUTES)
      const { stderr, code } = await run.ended
      expect(code).toBe(0)
      expect(stderr).not.toContain('\x1b')
      expect(stderr).toMatch(/^\d\d:\d\d:\d\d {2}waiting for .*\([\dm s]+ so far\)$/m)
      expect(stderr.match(/^\d\d:\d\d:\d\d {2}created /gm)).toHaveLength(6)
      expect(stderr).toContain('Applied, and healthy')
    }))
})

describe.concurrent('variables', () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await startStage(1)
    writeFileSync(join(stage.home, 'two.yaml'), 'contexts: { one: { sandbox: true }, two: { sandbox: true } }\n')
  })
  afterAll(() => stage.close())

  it('NYAH_CONFIG and NYAH_CONTEXT say what flags would; flags win', async ({ expect }) => {
    const env = { NYAH_CONFIG: join(stage.home, 'two.yaml'), NYAH_CONTEXT: 'two' }
    const context = async (...flags: readonly string[]) =>
      (await stage.run(['lb', 'mirror', 'shop-web', '--plan', ...flags], { env })).stdout.split(/[ ,]+/)[2]
    expect([await context(), await context('--context', 'one')]).toEqual(['two', 'one'])
    const neither = await stage.run(['lb', 'list', '--config', 'two.yaml'])
    expect(neither).toMatchObject({ code: 3, stderr: expect.stringContaining('CONFIG_CONTEXT_MISSING') })
    const unknown = await stage.run(['lb', 'list'], { env: { ...env, NYAH_CONTEXT: 'three' } })
    expect(unknown).toMatchObject({ code: 3, stderr: expect.stringContaining('CONFIG_CONTEXT_UNKNOWN') })
  })

  it('NYAH_OUTPUT is the form of plans and runs, and is in nobody’s way', async ({ expect }) => {
    const env = { NYAH_OUTPUT: 'ndjson' }
    const stream = await stage.run([...MIRROR, '--plan'], { env })
    expect(eventsIn(stream.stdout).at(-1)).toMatchObject({ type: 'run.finished' })
    const text = await stage.run([...MIRROR, '--plan', '--output', 'text'], { env })
    expect(text.stdout).toMatch(/^lb\.mirror /)
    const json = await stage.run([...MIRROR, '--plan', '--json'], { env })
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: true, outcome: 'planned' })
    const list = await stage.run(['lb', 'list', '--sandbox'], { env })
    expect(list).toMatchObject({ code: 0, stdout: expect.stringMatching(/^NAME /) })
  })

  it.for([
    ['NYAH_TIMEOUT', 'soon', '--timeout'],
    ['NYAH_PARALLEL', '65', 'parallel'],
    ['NYAH_OUTPUT', 'xml', 'output'],
  ] as const)('%s=%s is refused as its flag is: exit 2', async ([name, value, needle], { expect }) => {
    const { code, stdout, stderr } = await stage.run([...MIRROR, '--plan'], { env: { [name]: value } })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(needle)
    expect(stderr).toContain(value)
  })

  it.for(['xterm-nonsense-9000', '', 'dumb'])(
    'TERM=%j into a pipe: the same text, no colour',
    async (TERM, { expect }) => {
      const { code, stdout } = await stage.run(['lb', 'list', '--sandbox'], { env: { TERM, NO_COLOR: '' } })
      expect(code).toBe(0)
      expect(stdout).toMatch(/^NAME /)
      expect(stdout).not.toContain('\x1b')
    },
  )

  it('FORCE_COLOR does not put colours into JSON', async ({ expect }) => {
    const env = { FORCE_COLOR: '1', NO_COLOR: '' }
    const { stdout } = await stage.run(['lb', 'list', '--sandbox', '--json'], { env })
    expect(JSON.parse(stdout)).toMatchObject({ ok: true })
  })
})

describe.concurrent('where the journal goes', () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await startStage(1)
  })
  afterAll(() => stage.close())

  /** Makes one run, and tells the journals that stand below `where` in the home. */
  const runs = async (env: Readonly<Record<string, string>>, where: string): Promise<readonly string[]> => {
    const script = `env -u NYAH_STATE_DIR ${Object.entries(env)
      .map(([key, value]) => (value === '-' ? `-u ${key}` : `${key}='${value}'`))
      .join(' ')} "$NODE" "$BIN" lb mirror shop-web --sandbox --yes --no-wait --quiet >/dev/null`
    const { stderr } = await bash(stage.home, script)
    const folder = join(stage.home, where, 'runs')
    return existsSync(folder) ? readdirSync(folder) : [stderr]
  }

  it.for([
    ['$XDG_STATE_HOME/nyah', { XDG_STATE_HOME: '/HOME/xdg' }, 'xdg/nyah'],
    ['~/.local/state/nyah', { XDG_STATE_HOME: '-' }, '.local/state/nyah'],
    ['not a relative XDG_STATE_HOME', { XDG_STATE_HOME: 'state', HOME: '/HOME/other' }, 'other/.local/state/nyah'],
  ] as const)('%s', async ([_what, env, where], { expect }) => {
    mkdirSync(join(stage.home, 'other'), { recursive: true })
    const real = Object.fromEntries(
      Object.entries(env).map(([key, value]) => [key, value.replace('/HOME', stage.home)]),
    )
    expect(await runs(real, where)).toEqual([expect.stringMatching(/\.ndjson$/)])
  })

  it.for(['', 'relative', '-'])('HOME=%j: never below the current folder', async (HOME, { expect }) => {
    const cwd = join(stage.home, `cwd-${HOME}`)
    mkdirSync(cwd)
    const set = HOME === '-' ? '-u HOME' : `HOME='${HOME}'`
    const { stdout, stderr } = await bash(
      cwd,
      `env -u NYAH_STATE_DIR -u XDG_STATE_HOME ${set} "$NODE" "$BIN" run list --json; echo $?`,
    )
    expect(stderr).toBe('')
    expect(stdout).toMatch(/\n0\n$/)
    expect(readdirSync(cwd)).toEqual([])
  })
})
