import { describe, it } from 'vitest'
import { plainHttp } from '../support/openstack.ts'
import { nyah, SHOP_WEB, startWorld } from '../support/cli.ts'
import { eventsIn, startNyah } from './process.ts'

const WATCH = ['lb', 'sync', '--all', '--watch', '--interval', '1s', '--sandbox']

/** A port that nobody has just now. */
async function freePort(): Promise<number> {
  const { createServer } = await import('node:net')
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

describe.concurrent('lb sync --watch', () => {
  it('follows, measures, and ends with 0 at SIGTERM', async ({ expect }) => {
    const world = await startWorld()
    try {
      const mirrored = await world.run(['lb', 'mirror', SHOP_WEB, '--sandbox', '--yes', '--no-wait'])
      expect(mirrored.code).toBe(0)
      const port = await freePort()
      const url = `http://127.0.0.1:${port}`
      const watching = startNyah(world.home, [...WATCH, '--yes', '--metrics-listen', `127.0.0.1:${port}`])
      await watching.until(/Following all mirrors in sandbox: 1 now\./)
      const [pool] = await world.octavia.poolsOf(SHOP_WEB)
      await world.octavia.addMember(SHOP_WEB, pool.id, { address: '10.20.0.99', protocol_port: 8080 })
      await watching.until(/shop-web {2}added targets .*10\.20\.0\.99/)
      expect(await plainHttp('GET', `${url}/healthz`, {})).toMatchObject({ status: 200, data: 'ok\n' })
      const { data } = await plainHttp('GET', `${url}/metrics`, {})
      expect(data).toContain('nyah_mirrors 1\n')
      expect(data).toContain('nyah_member_registration_seconds_count 1\n')
      expect(data).toMatch(/^nyah_source_polls_total\{result="ok"\} [1-9]/m)

      const taken = await world.run([...WATCH, '--yes', '--metrics-listen', `127.0.0.1:${port}`])
      expect(taken.code).toBe(3)
      expect(taken.stderr).toMatch(/^METRICS_UNAVAILABLE {2}cannot listen on 127\.0\.0\.1:\d+ .*another process/)

      watching.child.kill('SIGTERM')
      expect(await watching.ended).toMatchObject({ code: 0, signal: null })
      const { runs } = JSON.parse((await world.run(['run', 'list', '--json'])).stdout)
      expect(runs.map(({ id, outcome }: any) => [id.endsWith('-w'), outcome])).toContainEqual([true, 'applied'])
    } finally {
      await world.close()
    }
  })

  it('prints a stream that ends, and 130 at SIGINT', async ({ expect }) => {
    const world = await startWorld()
    try {
      const watching = startNyah(world.home, [...WATCH, '--yes', '--output', 'ndjson'])
      await watching.until(/"run\.started"/)
      watching.child.kill('SIGINT')
      const { stdout, stderr, code } = await watching.ended
      expect({ stderr, code }).toEqual({ stderr: '', code: 130 })
      expect(eventsIn(stdout)).toMatchObject([
        { seq: 1, type: 'run.started' },
        { seq: 2, type: 'run.finished', data: { outcome: 'nothing-to-do', exitCode: 130 } },
      ])
    } finally {
      await world.close()
    }
  })

  it.for([
    [['--watch'], 5, /^CONFIRMATION_NEEDED .*needs --yes\nTry: nyah lb sync --all --watch --sandbox --yes\n/],
    [['--watch', '--yes', '--json'], 2, /does not go with --json/],
    [['--watch', '--yes', '--allow', 'X', '--reason', 'x'], 2, /does not go with --allow/],
    [['--watch', '--yes', '--interval', '10ms'], 2, /shorter than 1s/],
    [['--watch', '--yes', '--metrics-listen', '9464'], 2, /must be ADDRESS:PORT/],
    [['--yes', '--interval', '10s'], 2, /--watch/],
  ] as const)('%j: exit %i', async ([flags, code, text], { expect }) => {
    const world = await startWorld()
    try {
      const ended = await nyah(world.home, ['lb', 'sync', '--all', ...flags, '--sandbox'])
      expect(ended.stdout + ended.stderr).toMatch(text)
      expect(ended.code).toBe(code)
    } finally {
      await world.close()
    }
  })
})
