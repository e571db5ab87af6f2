import { request } from 'node:http'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answer } from '../../src/lib/sandbox/dns/answer.ts'
import { referredIn } from '../../src/lib/sandbox/dns/referred.ts'
import type { SandboxState } from '../../src/lib/sandbox/services.ts'
import { startWorld, type Ended, type World } from '../support/cli.ts'

const NAMES = ['shop.example.jp', 'api.example.jp'] as const
const ROUTE_53 = '/2013-04-01'
const OCTAVIA = ['203.0.113.11', '203.0.113.12']

describe('a switch in S3', () => {
  let world: World
  const run = (...words: readonly string[]): Promise<Ended> =>
    world.run([...words, '--config', join(world.home, 'nyah.yaml')])
  const flat = ({ stdout, stderr }: Ended): string => `${stdout}\n${stderr}`.replaceAll(/\s+/g, ' ')

  /** How many of 200 queries Octavia's addresses answer, as Route 53's name servers do it now. */
  const onOctavia = (name: string): number => {
    let hits = 0
    world.sandbox.change((state: SandboxState, now) => {
      const referred = referredIn(state.aws, { now, down: new Set() })
      const zones = Object.values(state.aws.zones)
      for (let turn = 0; turn < 200; turn += 1) {
        const { answers } = answer(zones, { name, type: 'A' }, referred, () => turn / 200)
        hits += answers.some(({ values }) => values.some((value) => OCTAVIA.includes(value))) ? 1 : 0
      }
      return state
    })
    return hits
  }
  /** At 200 times the speed, 30 seconds of three looks are over in a moment. */
  const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 600))
  const incident = (which: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const asked = request(`${world.sandbox.url}/sandbox/incident`, { method: 'PUT' }, (given) => {
        given.resume().on('end', resolve)
      })
      asked.on('error', reject)
      asked.end(JSON.stringify({ incident: which }))
    })

  beforeAll(async () => {
    world = await startWorld()
    const place = { bucket: 'nyah-switch', region: 'ap-northeast-3' }
    const contexts = { prod: { sandbox: true, failover: { switch: place } } }
    writeFileSync(join(world.home, 'nyah.yaml'), JSON.stringify({ currentContext: 'prod', contexts }))
    expect((await run('lb', 'mirror', 'shop-web', '--yes')).code).toBe(0)
    const words = ['--mirror', 'shop-web', '--no-ramp', '--yes', '--allow', 'DNS_PRIVATE_ADDRESS', '--reason', 'x']
    expect((await run('dns', 'attach', ...NAMES, ...words)).code).toBe(0)
  }, 60_000)
  afterAll(() => world.close())

  it('one life, each step standing on the one before', async () => {
    // arm proves it before a name follows it, and nobody is moved by that
    {
      const planned = await run('failover', 'arm', '--all', '--plan')
      expect(planned.code).toBe(0)
      expect(planned.stdout).toContain('s3://nyah-switch/nyah/prod/away')
      expect(planned.stdout).toContain('inverted true')
      // An answer that is lost makes no second health check.
      world.sandbox.setOutages([{ service: 'aws', kind: 'lost', path: `${ROUTE_53}/healthcheck`, times: 1 }])
      const armed = await run('failover', 'arm', '--all', '--yes')
      expect(flat(armed)).toContain('Armed: 2 names')
      expect(armed.code).toBe(0)
      for (const name of NAMES) expect(onOctavia(name)).toBe(180)
      const again = await run('failover', 'arm', '--all', '--plan', '--detailed-exitcode')
      expect(again).toMatchObject({ code: 0 })
      let inverted = 0
      world.sandbox.change((state: SandboxState) => {
        inverted = Object.values(state.aws.route53.healthChecks).filter(({ config }) => config.inverted).length
        expect(Object.values(state.aws.buckets['nyah-switch']?.objects ?? {})).toEqual([])
        return state
      })
      expect(inverted).toBe(1)
      expect(flat(await run('failover', 'status'))).toContain('not engaged; 2 names follow it')
      expect(flat(await run('dns', 'show', NAMES[0]))).toContain('healthy: 16 of 16 checkers')
    }

    // one name alone cannot be moved by it
    {
      const one = await run('failover', 'to-aws', NAMES[0], '--plan')
      expect(one.stdout).toContain('SWITCH_MOVES_ALL')
      expect(one.stdout).not.toContain('engaged false')
    }

    // Route 53's API is down: users are moved all the same, and it is said what did not work
    {
      await incident('route53-api-down')
      const began = Date.now()
      const moved = await run('failover', 'to-aws', '--all', '--yes', '--reason', 'INC-1')
      expect(Date.now() - began).toBeLessThan(30_000)
      expect(flat(moved)).toContain("Route 53's API: did not answer")
      expect(flat(moved)).toContain('switch: engaged s3://nyah-switch/nyah/prod/away')
      expect(moved.stderr).toContain('aws route53 change-resource-record-sets')
      expect(moved.code).toBe(8)
      await settled()
      for (const name of NAMES) expect(onOctavia(name)).toBe(0)
    }

    // the API is back: the zone follows, and the switch stays as it is
    {
      await incident('end')
      expect(flat(await run('status'))).toContain('ENGAGED')
      const followed = await run('failover', 'to-aws', '--all', '--yes', '--reason', 'INC-1')
      expect(flat(followed)).toContain('2 changes made')
      expect(followed.code).toBe(0)
      expect((await run('failover', 'arm', '--all', '--yes')).code).toBe(0)
    }

    // end gives the names their weights, then lets go
    {
      const ended = await run('failover', 'end', '--all', '--healthy-for', '0', '--yes')
      expect(flat(ended)).toContain('switch: disengaged')
      expect(ended.code).toBe(0)
      await settled()
      for (const name of NAMES) expect(onOctavia(name)).toBe(180)
    }

    // S3 is down: the records are changed, and the other way is said to have failed
    {
      world.sandbox.setOutages([{ service: 's3', kind: 'status', status: 403, code: 'AccessDenied' }])
      const moved = await run('failover', 'to-aws', '--all', '--yes')
      expect(flat(moved)).toContain("Route 53's API: 2 of 2 names changed")
      expect(flat(moved)).toContain('switch: not engaged (AWS_ACCESS_DENIED)')
      expect(moved.code).toBe(8)
      world.sandbox.setOutages([])
      expect((await run('failover', 'end', '--all', '--healthy-for', '0', '--yes')).code).toBe(0)
    }

    // no card, and Route 53's API is down: the switch alone
    {
      await incident('route53-api-down')
      const moved = await run('failover', 'to-aws', '--all', '--yes', '--no-card')
      expect(flat(moved)).toContain('SWITCH_ALONE')
      expect(flat(moved)).toContain('switch: engaged')
      expect(moved.code).toBe(11)
      await settled()
      for (const name of NAMES) expect(onOctavia(name)).toBe(0)
      await incident('end')
      expect((await run('failover', 'end', '--all', '--healthy-for', '0', '--yes')).code).toBe(0)
      await settled()
      for (const name of NAMES) expect(onOctavia(name)).toBe(180)
    }

    // taken out of the configuration: said to stand there still, and arming takes the names off
    {
      const named = readFileSync(join(world.home, 'nyah.yaml'), 'utf8')
      const kinds = (): readonly string[] => {
        let found: readonly string[] = []
        world.sandbox.change((state: SandboxState) => {
          found = Object.values(state.aws.route53.healthChecks).map(({ config }) => config.type)
          return state
        })
        return found.toSorted()
      }
      writeFileSync(
        join(world.home, 'nyah.yaml'),
        JSON.stringify({ currentContext: 'prod', contexts: { prod: { sandbox: true } } }),
      )
      const status = flat(await run('failover', 'status'))
      expect(status).toContain('2 names follow it; the configuration does not name it: nyah failover arm --all takes')
      expect(flat(await run('doctor'))).toContain('SWITCH_NOT_CONFIGURED')
      const left = await run('failover', 'arm', '--all', '--yes')
      expect(left.code).toBe(0)
      expect(flat(await run('failover', 'status'))).not.toContain('s3://')
      expect(flat(await run('doctor'))).not.toContain('SWITCH_NOT_CONFIGURED')
      expect(kinds().filter((kind) => kind === 'CALCULATED' || kind === 'HTTPS')).toEqual([])
      for (const name of NAMES) expect(onOctavia(name)).toBe(180)
      const again = await run('failover', 'arm', '--all', '--yes')
      expect(again.code).toBe(0)
      expect(flat(again)).toContain('Nothing to change in Route 53')
      expect(flat(again)).not.toContain('Nothing to do')
      writeFileSync(join(world.home, 'nyah.yaml'), named)
      expect((await run('failover', 'arm', '--all', '--yes')).code).toBe(0)
      expect(kinds().filter((kind) => kind === 'CALCULATED' || kind === 'HTTPS')).toHaveLength(3)
    }

    // detach takes its health checks along; the last one takes the switch's
    {
      for (const name of NAMES) expect((await run('dns', 'detach', name, '--yes')).code).toBe(0)
      world.sandbox.change((state: SandboxState) => {
        const left = Object.values(state.aws.route53.healthChecks).map(({ reference }) => reference)
        expect(left).toEqual(['made-by-hand'])
        return state
      })
    }
  }, 240_000)
})
