import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { realClock } from '../../../src/lib/adapters/host/clock.ts'
import { processIo, type Io } from '../../../src/lib/runtime/io.ts'
import { sandboxIncident } from '../../../src/lib/runtime/sandbox-incident.ts'
import { startSandbox, type Sandbox } from '../../../src/lib/sandbox/server.ts'

const stateDir = mkdtempSync(join(tmpdir(), 'nyah-incident-'))
const io: Io = { ...processIo(true), stateDir }
let sandbox: Sandbox
const beacon = (url: string) =>
  writeFileSync(
    join(stateDir, 'sandbox.json'),
    JSON.stringify({ url, pid: process.pid, env: sandbox.env, networks: {} }),
  )

beforeAll(async () => {
  sandbox = await startSandbox({ clock: realClock() })
})
afterAll(async () => {
  await sandbox.close()
  rmSync(stateDir, { recursive: true, force: true })
})

describe('sandbox incident', () => {
  it('needs a sandbox that runs, and an incident that there is', async () => {
    rmSync(join(stateDir, 'sandbox.json'), { force: true })
    await expect(sandboxIncident(io, 'octavia-down')).rejects.toMatchObject({ code: 'SANDBOX_NOT_RUNNING', exit: 2 })
    await expect(sandboxIncident(io, 'meteor')).rejects.toMatchObject({ code: 'USAGE', exit: 2 })
  })

  it('says what stops answering, and that it is over', async () => {
    beacon(sandbox.url)
    const told = await sandboxIncident(io, 'octavia-down')
    expect(told.text).toMatch(/^octavia-down\n8 addresses do not answer\nidentity refuses\nload-balancer refuses\n/)
    expect(told.document).toMatchObject({ incident: 'octavia-down' })
    const api = await sandboxIncident(io, 'route53-api-down')
    expect(api.text).toBe('route53-api-down\naws/2013-04-01 refuses\n')
    expect((await sandboxIncident(io, 'errors-rise')).text).toMatch(
      /^errors-rise\nalarm shop-errors: ALARM\n[^]*\nnyah_sandbox_error_ratio\{service="shop"\} 0\.31\n/,
    )
    const silent = await sandboxIncident(io, 'monitoring-silent')
    expect(silent.text).toMatch(
      /\nalarm shop-checkers@us-east-1: INSUFFICIENT_DATA\n[^]*\nPrometheus has no samples\n$/,
    )
    expect((await sandboxIncident(io, 'end')).text).toBe('all is well again\n')
  })

  it('says when nobody answers', async () => {
    beacon('http://127.0.0.1:9')
    await expect(sandboxIncident(io, 'end')).rejects.toMatchObject({ code: 'SANDBOX_UNREACHABLE' })
  })
})
