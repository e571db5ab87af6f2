import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createWatchMetrics } from '../../../src/lib/adapters/host/metrics.ts'
import { isLoopback, parseListen, serveMetrics, type Answers } from '../../../src/lib/adapters/host/metrics-server.ts'
import { pruneJournals } from '../../../src/lib/adapters/host/prune.ts'
import { newRunId } from '../../../src/lib/engine/run-id.ts'
import { plainHttp } from '../../support/openstack.ts'

const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

describe('--metrics-listen', () => {
  it.each([
    ['127.0.0.1:9464', { host: '127.0.0.1', port: 9464 }, true],
    ['localhost:0', { host: 'localhost', port: 0 }, true],
    ['[::1]:9464', { host: '::1', port: 9464 }, true],
    ['0.0.0.0:9464', { host: '0.0.0.0', port: 9464 }, false],
    ['10.1.2.3:80', { host: '10.1.2.3', port: 80 }, false],
    ['[::]:80', { host: '::', port: 80 }, false],
  ])('%s', (text, listen, loopback) => {
    expect(parseListen(text)).toEqual(listen)
    expect(isLoopback(listen)).toBe(loopback)
  })

  it.each(['9464', ':9464', '127.0.0.1', '127.0.0.1:99999', '::1:9464', 'http://127.0.0.1:1', ''])('not %s', (text) => {
    expect(() => parseListen(text)).toThrow(/must be ADDRESS:PORT/)
  })
})

const answers = (why: string | null): Answers => ({
  metrics: () => Promise.resolve({ contentType: 'text/plain; version=0.0.4', text: 'nyah_mirrors 3\n' }),
  unhealthy: () => why,
})

async function served(why: string | null) {
  const server = await serveMetrics({ host: '127.0.0.1', port: 0 }, answers(why))
  closers.push(server.close)
  return server
}

describe('the metrics server', () => {
  it.each([
    ['GET', '/metrics', null, 200, 'nyah_mirrors 3\n'],
    ['GET', '/metrics?x=1', null, 200, 'nyah_mirrors 3\n'],
    ['GET', '/healthz', null, 200, 'ok\n'],
    ['GET', '/healthz', 'the last poll was 3m ago', 503, 'the last poll was 3m ago\n'],
    ['GET', '/', null, 404, 'there are /metrics and /healthz\n'],
    ['POST', '/metrics', null, 405, 'only GET\n'],
  ])('%s %s (%s): %i', async (method, path, why, status, body) => {
    const { url } = await served(why)
    expect(await plainHttp(method, `${url}${path}`, {})).toMatchObject({ status, data: body })
  })

  it('a port that somebody has: METRICS_UNAVAILABLE, exit 3', async () => {
    const port = Number(new URL((await served(null)).url).port)
    await expect(serveMetrics({ host: '127.0.0.1', port }, answers(null))).rejects.toMatchObject({
      code: 'METRICS_UNAVAILABLE',
      exit: 3,
      message: `cannot listen on 127.0.0.1:${port} for metrics: another process listens there`,
    })
  })
})

describe('the metrics', () => {
  it('count what is told, and forget what is no longer held', async () => {
    const metrics = createWatchMetrics()
    metrics.mirrors(42)
    metrics.ran('applied')
    metrics.ran('applied')
    metrics.polled('ok', 1_700_000_000_000)
    metrics.polled('failed', 1_700_000_030_000)
    metrics.registered(12_000)
    metrics.held([{ scope: 'a', code: 'LB_MINIMUM_HEALTHY', sinceMs: 1_700_000_000_000 }])
    const text = await metrics.text()
    for (const line of [
      'nyah_mirrors 42',
      'nyah_sync_runs_total{outcome="applied"} 2',
      'nyah_source_polls_total{result="ok"} 1',
      'nyah_source_polls_total{result="failed"} 1',
      'nyah_last_poll_success_timestamp_seconds 1700000000',
      'nyah_sync_held{code="LB_MINIMUM_HEALTHY",scope="a"} 1',
      'nyah_sync_held_since_seconds{scope="a"} 1700000000',
      'nyah_member_registration_seconds_bucket{le="10"} 0',
      'nyah_member_registration_seconds_bucket{le="20"} 1',
    ])
      expect(text).toContain(`${line}\n`)
    expect(text).toMatch(/^process_resident_memory_bytes \d+/m)
    metrics.held([])
    expect(await metrics.text()).not.toContain('LB_MINIMUM_HEALTHY')
  })
})

describe('journals of watches', () => {
  const DAY = 86_400_000
  const NOW = Date.UTC(2026, 10, 23)

  it('are removed when there are too many or when they are old; those of commands stay', () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'nyah-prune-'))
    closers.push(() => rmSync(stateDir, { recursive: true, force: true }))
    const runs = join(stateDir, 'runs')
    mkdirSync(runs)
    const make = (daysAgo: number, end: string): string => {
      const file = `${newRunId(NOW - daysAgo * DAY, () => 0)}${end}.ndjson`
      writeFileSync(join(runs, file), '{}\n')
      return file
    }
    const command = make(400, '')
    const kept = [1, 2, 3].map((day) => make(day, '-w'))
    for (const day of [4, 31, 40]) make(day, '-w')
    expect(pruneJournals({ stateDir, now: NOW, atMost: 3 })).toBe(3)
    expect(readdirSync(runs).toSorted()).toEqual([command, ...kept].toSorted())
    expect(pruneJournals({ stateDir, now: NOW + 28 * DAY, atMost: 100 })).toBe(1)
    expect(pruneJournals({ stateDir: join(stateDir, 'nothing'), now: NOW })).toBe(0)
  })
})
