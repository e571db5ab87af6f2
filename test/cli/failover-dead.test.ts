import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { realClock } from '../../src/lib/adapters/host/clock.ts'
import type { Clock } from '../../src/lib/ports/clock.ts'
import type { SandboxState } from '../../src/lib/sandbox/services.ts'
import { type Ended, startWorld, type World } from '../support/cli.ts'
import { deadRemotes, type Death, DEATHS } from '../support/dead-remotes.ts'
import { type Fault, faultProxy } from '../support/faults.ts'
import { attachFleet, batchesTaken, splitsOf } from '../support/names-fleet.ts'

/**
 * The worst day: whatever does not have to answer does not answer. Not through `--sandbox`, but as from an operator's machine:
 * a context, and credentials and endpoints in the environment.
 */
const FLEET = 300
/** Of the whole run; 10 s are the promise, which `npm run bench` measures: here, many run at once on two cores. */
const BUDGET = '30s'
const TEST_MS = 60_000

/** What nyah has no reason to ask for anything: nothing at all may reach them. */
const NEVER_ASKED = [
  'OS_AUTH_URL',
  'OS_LOAD_BALANCER_ENDPOINT_OVERRIDE',
  'AWS_ENDPOINT_URL_EC2',
  'AWS_ENDPOINT_URL_IAM',
  'AWS_ENDPOINT_URL_STS',
  'AWS_ENDPOINT_URL_S3',
]
const ELBV2 = 'AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2'
/** All of Route 53 but what a failover cannot do without. */
const ACTIONS = [
  'ListHealthChecks',
  'GetHealthCheckStatus',
  'ListTagsForResources',
  'ListResourceRecordSetProtections',
  'GetChange',
  'GetHostedZone',
]

const faultOf = (action: string, death: Death): Fault => {
  if (death === 'refusing') return { action, kind: 'error', code: 'AccessDenied', status: 403, times: 10_000 }
  return { action, kind: death === 'hanging' ? 'hang' : 'drop-before', times: 10_000 }
}

interface Moved extends Ended {
  readonly splits: ReadonlySet<string>
  readonly batches: number
  /** Requests that came to what is dead. */
  readonly asked: number
}

let fleet: SandboxState

beforeAll(async () => {
  const world = await startWorld()
  await attachFleet(world, FLEET, '--check', 'tcp')
  expect(splitsOf(world, FLEET)).toEqual(new Set(['aws=10 octavia=90']))
  world.sandbox.change((state) => (fleet = state))
  await world.close()
}, TEST_MS)

const closing: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const close of closing) await close()
})

/** The fleet's world has lived fast: hours after, all that was to become healthy there is. */
const later: Clock = { ...realClock(), now: () => Date.now() + 12 * 3_600_000 }

/** `failover to-aws --all` in a world of its own, in which these are dead. */
async function toAws(
  death: Death,
  variables: readonly string[],
  actions: readonly string[],
  which = ['--all'],
  stateDir = '',
): Promise<Moved> {
  const world: World = await startWorld(20, later)
  world.sandbox.change(() => fleet)
  const proxy = await faultProxy(world.sandbox.env['AWS_ENDPOINT_URL'] ?? '')
  const remotes = await deadRemotes()
  closing.push(proxy.close, remotes.close, world.close)
  proxy.inject(...actions.map((action) => faultOf(action, death)))
  const contexts = { home: {} }
  writeFileSync(join(world.home, 'nyah.config.json'), JSON.stringify({ currentContext: 'home', contexts }))
  const dead = Object.fromEntries(variables.map((name) => [name, remotes.url[death]]))
  const env = {
    ...world.sandbox.env,
    AWS_ENDPOINT_URL: proxy.url,
    KUBECONFIG: '/nonexistent',
    ...dead,
    ...(stateDir && { NYAH_STATE_DIR: stateDir }),
  }
  const before = batchesTaken(world)
  const words = ['failover', 'to-aws', ...which, '--yes', '--reason', 'INC-4711 hall 2', '--timeout', BUDGET]
  const ended = await world.run(words, { env })
  const batches = batchesTaken(world) - before
  return { ...ended, splits: splitsOf(world, FLEET), batches, asked: remotes.asked() }
}

function demandMoved(moved: Moved): void {
  expect(moved).toMatchObject({ code: 0, splits: new Set(['aws=100 octavia=0']) })
  expect(moved.batches).toBeGreaterThan(0)
  expect(moved.batches).toBeLessThanOrEqual(3)
}

it(
  'a machine on which no journal can be written moves them too, and says so',
  async () => {
    const moved = await toAws('dead', [], [], ['--all', '--quiet'], '/proc/nyah')
    demandMoved(moved)
    expect(moved.stderr).toContain('RUN_UNJOURNALLED')
  },
  TEST_MS,
)

describe.concurrent('names by the tag of their NLB', () => {
  const byTag = (death: Death, variables: readonly string[], tag: string) => toAws(death, variables, [], ['--tag', tag])

  it(
    'are those and no others',
    async () => {
      const moved = await byTag('dead', [], 'nyah:managed=true')
      expect(moved).toMatchObject({ code: 0, splits: new Set(['aws=100 octavia=0']) })
      const none = await byTag('dead', [], 'nyah:managed=never')
      expect(none).toMatchObject({ code: 2, batches: 0 })
      expect(none.stderr).toContain('FAILOVER_NO_NAMES')
      expect(none.stderr).toContain('nyah:managed=never')
    },
    TEST_MS,
  )

  for (const death of DEATHS)
    it(
      `are not guessed with ELBv2 ${death}: the way around is said`,
      async () => {
        const moved = await byTag(death, [ELBV2], 'nyah:managed=true')
        expect(moved).toMatchObject({ code: 7, batches: 0, splits: new Set(['aws=10 octavia=90']) })
        expect(moved.stderr).toContain('FAILOVER_NLB_UNREAD')
        expect(moved.stderr.replaceAll(/\s+/g, ' ')).toContain('with the names themselves, or with --all')
      },
      TEST_MS,
    )
})

describe.concurrent('300 names are moved to AWS within 10 s, by 3 changes', () => {
  for (const death of DEATHS) {
    it(
      `with Octavia, Keystone, EC2, IAM, STS and S3 ${death}, which nobody asks`,
      async () => {
        const moved = await toAws(death, NEVER_ASKED, [])
        demandMoved(moved)
        expect(moved.asked).toBe(0)
      },
      TEST_MS,
    )

    it(
      `with ELBv2 ${death}`,
      async () => {
        const moved = await toAws(death, [ELBV2], [])
        demandMoved(moved)
        expect(moved.stdout).toContain('whether aws is healthy is not known')
        if (death !== 'dead') expect(moved.asked).toBeGreaterThan(0)
      },
      TEST_MS,
    )

    for (const action of ACTIONS)
      it(
        `with ${action} of Route 53 ${death}`,
        async () => {
          demandMoved(await toAws(death, [], [action]))
        },
        TEST_MS,
      )

    it(
      `with all ${death} but the records of Route 53`,
      async () => {
        demandMoved(await toAws(death, [...NEVER_ASKED, ELBV2], ACTIONS))
      },
      TEST_MS,
    )
  }
})
