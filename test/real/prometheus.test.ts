import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createPrometheus } from '../../src/lib/adapters/metrics/prometheus.ts'
import { conditionOf } from '../../src/lib/failover/conditions.ts'
import type { Judge, Verdict } from '../../src/lib/ports/conditions.ts'

/** What the application under watch says of itself. */
const METRICS = `
errors_total{service="shop"} 7
ratio{service="shop"} 0.02
ratio{service="api"} 0.31
ratio{service="a > b"} 0.5
idle NaN
huge +Inf
`
/** Null: it does not answer. */
let metrics: string | null = METRICS
const folder = mkdtempSync(join(tmpdir(), 'nyah-prometheus-'))
let application: http.Server
let prometheus: ChildProcess
let judgeMetric: Judge<'metric'>

const portOf = (server: http.Server): number => (server.address() as AddressInfo).port

function judge(text: string): Promise<Verdict> {
  const condition = conditionOf(`metric:${text}`)
  if (condition.kind !== 'metric') throw new Error(text)
  return judgeMetric(condition, new AbortController().signal)
}

beforeAll(async () => {
  application = http.createServer((_request, response) =>
    metrics === null ? response.destroy() : response.writeHead(200, { 'content-type': 'text/plain' }).end(metrics),
  )
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve))
  const config = {
    global: { scrape_interval: '500ms', scrape_timeout: '400ms' },
    scrape_configs: [{ job_name: 'app', static_configs: [{ targets: [`127.0.0.1:${portOf(application)}`] }] }],
  }
  // JSON is YAML.
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config))
  const program = execFileSync(fileURLToPath(new URL('./lanes/prometheus-lane', import.meta.url)), ['path'])
  prometheus = spawn(
    program.toString().trim(),
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      '--web.listen-address=127.0.0.1:0',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const url = await new Promise<string>((resolve, reject) => {
    let log = ''
    prometheus.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString()
      const port = /Listening on" address=127\.0\.0\.1:(\d+)/.exec(log)?.[1]
      if (port !== undefined) resolve(`http://127.0.0.1:${port}`)
    })
    prometheus.once('exit', () => reject(new Error(log)))
  })
  judgeMetric = createPrometheus({
    url,
    clock: { now: () => Date.now(), sleep: () => Promise.resolve() },
    retry: (_what, call) => call(),
    callMs: 10_000,
  })
  await until('up{job="app"} >= 1', 'broken')
})
afterAll(() => {
  prometheus.kill()
  application.closeAllConnections()
  application.close()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** Waits for Prometheus to notice. */
const until = (text: string, state: Verdict['state']): Promise<void> =>
  vi.waitFor(async () => expect((await judge(text)).state).toBe(state), { timeout: 60_000, interval: 200 })

describe('a real Prometheus', () => {
  it.each<[string, object]>([
    ['ratio{service="shop"} > 0.05', { state: 'fine', detail: '0.02, not > 0.05' }],
    [
      'ratio{service=~"shop|api"} > 0.05',
      { state: 'broken', detail: /^0\.31 > 0\.05 at ratio\{.*"api".*\(1 of 2 samples\)$/ },
    ],
    ['ratio{service="a > b"} >= 0.5', { state: 'broken' }],
    ['max(ratio) > 0.05', { state: 'broken', detail: '0.5 > 0.05' }],
    ['(ratio > 0.4 and ratio < 0.6) > 0.05', { state: 'broken', detail: /^0\.5 > 0\.05 at ratio/ }],
    ['scalar(max(ratio)) > 0.5', { state: 'fine', detail: '0.5, not > 0.5' }],
    ['idle > 0', { state: 'missing', detail: '1 of 1 samples is no number' }],
    ['0 / 0 > 0', { state: 'missing' }],
    ['huge > 1e300', { state: 'broken' }],
    ['nobody > 0', { state: 'missing', detail: 'no sample', at: null }],
    ['(count(up == 0) or vector(0)) > 0', { state: 'fine' }],
  ])('%s', async (text, expected) => {
    const { detail = /./, ...rest } = expected as { readonly detail?: string | RegExp }
    const given = await judge(text)
    expect(given).toMatchObject(rest)
    if (typeof detail === 'string') expect(given.detail).toBe(detail)
    else expect(given.detail).toMatch(detail)
  })

  it.each(['sum(ratio, 2) > 1', 'ratio[1m] > 1', '"words" > 1', 'rate(ratio) > 1'])('refuses %s', async (text) => {
    await expect(judge(text)).rejects.toMatchObject({ code: 'PROMETHEUS_QUERY_REFUSED' })
  })

  it('has no sample of what does not answer any more', async () => {
    metrics = null
    await until('up{job="app"} < 1', 'broken')
    expect(await judge('ratio > 0.05')).toMatchObject({ state: 'missing', detail: 'no sample' })
    metrics = METRICS
    await until('ratio > 0.05', 'broken')
  })
})
