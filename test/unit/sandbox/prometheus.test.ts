import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../../src/lib/sandbox/server.ts'
import { virtualClock } from '../../support/clock.ts'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox({ clock: virtualClock() })
})
afterAll(() => sandbox.close())

const asked = async (query: string, init: RequestInit = {}): Promise<{ status: number; body: any }> => {
  const answer = await fetch(`${sandbox.url}/prometheus/api/v1/query${query}`, init)
  return { status: answer.status, body: await answer.json() }
}
const valuesOf = ({ body }: { body: any }): readonly string[] => body.data.result.map((one: any) => one.value[1])
const put = async (metrics: unknown): Promise<number> =>
  (await fetch(`${sandbox.url}/sandbox/metrics`, { method: 'PUT', body: JSON.stringify({ metrics }) })).status

describe("the sandbox's Prometheus", () => {
  it('answers in the documented shape', async () => {
    expect(await asked('?query=nyah_sandbox_up')).toEqual({
      status: 200,
      body: {
        status: 'success',
        data: {
          resultType: 'vector',
          result: [{ metric: { __name__: 'nyah_sandbox_up' }, value: [Date.UTC(2026, 10, 22) / 1000, '1'] }],
        },
      },
    })
  })

  it.each([
    ['nyah_sandbox_error_ratio', ['0.002', '0.001']],
    ['nyah_sandbox_error_ratio{}', ['0.002', '0.001']],
    ['nyah_sandbox_error_ratio{ service = "api" }', ['0.001']],
    ['nyah_sandbox_error_ratio{service="api",pod=""}', ['0.001']],
    ['nyah_sandbox_error_ratio{service="nobody"}', []],
    ['nobody', []],
  ])('selects by name and labels: %s', async (query, values) => {
    expect(valuesOf(await asked(`?${new URLSearchParams({ query })}`))).toEqual(values)
    expect(valuesOf(await asked('', { method: 'POST', body: new URLSearchParams({ query }) }))).toEqual(values)
  })

  it.each(['', 'sum(up)', 'up{job=~"x"}', 'up > 1', 'up{job="x"'])('refuses %j', async (query) => {
    const { status, body } = await asked(`?${new URLSearchParams({ query })}`)
    expect([status, body.status, body.errorType]).toEqual([400, 'error', 'bad_data'])
  })

  it('gives what it is told to, with the sandbox as with its end', async () => {
    expect(await put({ 'up{job="a b"}': '+Inf', nyah_sandbox_idle_ratio: null })).toBe(200)
    expect(valuesOf(await asked(`?${new URLSearchParams({ query: 'up{job="a b"}' })}`))).toEqual(['+Inf'])
    expect(valuesOf(await asked('?query=nyah_sandbox_idle_ratio'))).toEqual([])
    await fetch(`${sandbox.url}/sandbox/incident`, { method: 'PUT', body: '{"incident":"end"}' })
    expect(valuesOf(await asked('?query=up'))).toEqual([])
    expect(valuesOf(await asked('?query=nyah_sandbox_idle_ratio'))).toEqual(['NaN'])
    expect(await put({ 'no series': '1' })).toBe(400)
    expect(await put({ up: 1 })).toBe(400)
  })
})
