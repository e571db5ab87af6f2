import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ChangeResourceRecordSetsCommand, Route53Client } from '@aws-sdk/client-route-53'
import { afterEach, describe, expect, it } from 'vitest'
import { realClock } from '../../src/lib/adapters/host/clock.ts'
import type { Clock } from '../../src/lib/ports/clock.ts'
import type { SandboxState } from '../../src/lib/sandbox/services.ts'
import { type Ended, startWorld, type World } from '../support/cli.ts'
import { type Fault, type FaultProxy, faultProxy } from '../support/faults.ts'
import { attachFleet, splitsOf } from '../support/names-fleet.ts'

/** Three batches of names: nyah could read the zone, and then could not change it, or not even read it. */
const FLEET = 300
const ALWAYS = 100_000
const TEST_MS = 60_000

const BEFORE = new Set(['aws=10 octavia=90'])
const AFTER = new Set(['aws=100 octavia=0'])

let kept: SandboxState | undefined
/** The fleet's world has lived fast: hours after, all that was to become healthy there is. */
const later: Clock = { ...realClock(), now: () => Date.now() + 12 * 3_600_000 }

async function fleet(): Promise<SandboxState> {
  if (kept !== undefined) return kept
  const world = await startWorld()
  await attachFleet(world, FLEET)
  world.sandbox.change((state) => (kept = state))
  await world.close()
  if (kept === undefined) throw new Error('no fleet')
  return kept
}

interface Desk {
  readonly world: World
  readonly proxy: FaultProxy
  readonly env: Readonly<Record<string, string>>
  /** Where the operator stands. */
  readonly cwd: string
  nyah(...words: readonly string[]): Promise<Ended>
  /** Sends every file that was saved, as the aws CLI would: the file is the call's ChangeBatch. Gives what each came to. */
  send(): Promise<readonly string[]>
}

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function desk(...faults: readonly Fault[]): Promise<Desk> {
  const state = await fleet()
  const world = await startWorld(20, later)
  world.sandbox.change(() => state)
  const url = world.sandbox.env['AWS_ENDPOINT_URL'] ?? ''
  const proxy = await faultProxy(url)
  closing.push(proxy.close, world.close)
  proxy.inject(...faults)
  writeFileSync(
    join(world.home, 'nyah.config.json'),
    JSON.stringify({ currentContext: 'home', contexts: { home: {} } }),
  )
  const cwd = join(world.home, 'desk')
  mkdirSync(cwd)
  const env = {
    ...world.sandbox.env,
    AWS_ENDPOINT_URL: proxy.url,
    NYAH_CONFIG: join(world.home, 'nyah.config.json'),
  }
  const files = () => readdirSync(cwd).filter((name) => name.startsWith('nyah-by-hand-'))
  return {
    world,
    proxy,
    env,
    cwd,
    nyah: (...words) => world.run(words, { env, cwd }),
    async send() {
      const client = new Route53Client({
        endpoint: url,
        region: 'us-east-1',
        credentials: { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' },
        maxAttempts: 1,
      })
      const results: string[] = []
      for (const file of files()) {
        const HostedZoneId = /-(Z[A-Z0-9]+)-\d+\.json$/.exec(file)?.[1] ?? ''
        const ChangeBatch = JSON.parse(readFileSync(join(cwd, file), 'utf8'))
        const answer = await client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId, ChangeBatch })).then(
          ({ ChangeInfo }) => ChangeInfo?.Status ?? '',
          ({ name }: Error) => name,
        )
        results.push(answer)
      }
      return results
    },
  }
}

const toAws = (at: Desk, ...words: readonly string[]): Promise<Ended> =>
  at.nyah('failover', 'to-aws', '--all', '--yes', '--reason', 'INC-4711 hall 2', '--timeout', '4s', ...words)

/** Each command that the screen gives, with its file. */
const commandsIn = (text: string): readonly string[] =>
  [
    ...text.matchAll(
      /^ {2}aws route53 change-resource-record-sets --hosted-zone-id (\S+) --change-batch file:\/\/(\S+)$/gm,
    ),
  ].map(([, zone, file]) => `${zone} ${file}`)

describe('the zone could be read, and Route 53 then took no change', () => {
  const CHANGE = 'ChangeResourceRecordSets'
  const ways: readonly (readonly [string, Fault, string])[] = [
    ['refusing', { action: CHANGE, kind: 'error', code: 'AccessDenied', status: 403 }, 'AWS_ACCESS_DENIED'],
    ['throttling for ever', { action: CHANGE, kind: 'error', code: 'Throttling', status: 400 }, 'AWS_THROTTLED'],
    ['dead', { action: CHANGE, kind: 'drop-before' }, 'AWS_UNCERTAIN'],
    ['hanging', { action: CHANGE, kind: 'hang' }, 'AWS_UNCERTAIN'],
  ]
  for (const [what, fault, code] of ways)
    it(
      `${what}: one screen, and files that do it when they are sent`,
      async () => {
        const at = await desk({ ...fault, times: ALWAYS })
        const { code: exit, stderr } = await toAws(at)
        expect(exit).toBe(7)
        expect(stderr).toContain(`AWS did not let nyah carry it out (${code})`)
        const commands = commandsIn(stderr)
        expect(commands).toHaveLength(3)
        expect(commands.map((command) => command.split(' ')[1])).toEqual(
          readdirSync(at.cwd).map((file) => join(at.cwd, file)),
        )
        expect(splitsOf(at.world, FLEET)).toEqual(BEFORE)

        expect(await at.send()).toEqual(['PENDING', 'PENDING', 'PENDING'])
        expect(splitsOf(at.world, FLEET)).toEqual(AFTER)
        // nyah takes it for its own work: who, why, and the way back.
        at.proxy.reset()
        const shown = await at.nyah('dns', 'show', 'shop.example.jp')
        expect(shown.stdout).toMatch(/moved\s+.* by tester/)
        expect(shown.stdout).toMatch(/why\s+INC-4711 hall 2/)
        const back = ['--healthy-for', '0', '--yes', '--reason', 'hall 2 is back', '--quiet']
        expect((await at.nyah('failover', 'end', '--all', ...back)).code).toBe(0)
        expect(splitsOf(at.world, FLEET)).toEqual(BEFORE)
        // Sent once more, much too late: refused whole, each of them.
        expect(await at.send()).toEqual(['InvalidChangeBatch', 'InvalidChangeBatch', 'InvalidChangeBatch'])
        expect(splitsOf(at.world, FLEET)).toEqual(BEFORE)
      },
      TEST_MS,
    )

  it(
    'dying while it answers: what was done is not in the files that would do it again',
    async () => {
      // The second batch is done, and nobody hears of it; from then on no change arrives.
      const at = await desk()
      at.proxy.inject(
        { action: CHANGE, kind: 'delay', ms: 0 },
        { action: CHANGE, kind: 'drop-after' },
        { action: CHANGE, kind: 'drop-before', times: ALWAYS },
      )
      const { code, stderr } = await toAws(at)
      // It was read back: two of three are done, the third is left to a person.
      expect(code).toBe(8)
      expect(commandsIn(stderr)).toHaveLength(1)
      expect(splitsOf(at.world, FLEET)).toEqual(new Set([...BEFORE, ...AFTER]))
      expect(await at.send()).toEqual(['PENDING'])
      expect(splitsOf(at.world, FLEET)).toEqual(AFTER)
    },
    TEST_MS,
  )
})

describe('not even the zone could be read', () => {
  const ways: readonly (readonly [string, Fault])[] = [
    ['dead', { action: 'ListHostedZones', kind: 'drop-before' }],
    ['hanging', { action: 'ListResourceRecordSets', kind: 'hang' }],
    ['refusing', { action: 'ListResourceRecordSets', kind: 'error', code: 'AccessDenied', status: 403 }],
  ]
  for (const [what, fault] of ways)
    it(
      `${what}: the commands that read it, make the batch and send it`,
      async () => {
        const at = await desk({ ...fault, times: ALWAYS })
        const { code, stderr } = await toAws(at)
        expect(code).toBe(7)
        expect(stderr).toContain('Route 53 could not be read from here (AWS_')
        expect(stderr).toContain(`aws route53 list-hosted-zones --output text`)
        expect(stderr).toContain('{"octavia":0,"aws":100}')
        expect(stderr).toContain('--hosted-zone-id "$ZONE" --change-batch file://by-hand.json')
        expect(readdirSync(at.cwd)).toEqual([])
        expect(splitsOf(at.world, FLEET)).toEqual(BEFORE)
      },
      TEST_MS,
    )
})

it(
  'a plan that nyah’s own guards refuse is nothing to do by hand',
  async () => {
    const at = await desk()
    const { code, stderr } = await at.nyah('failover', 'end', 'shop.example.jp', 'nobody.example.jp', '--yes')
    expect(code).toBe(6)
    expect(stderr).not.toContain('by hand')
  },
  TEST_MS,
)
