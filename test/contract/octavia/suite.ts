import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDoor } from '../../../src/lib/adapters/http/door.ts'
import { isVanishedMarker } from '../../../src/lib/adapters/octavia/answers.ts'
import { createOctaviaClient } from '../../../src/lib/adapters/octavia/client.ts'
import { loadCloud } from '../../../src/lib/adapters/octavia/clouds.ts'
import { decodeListener, decodeLoadBalancer } from '../../../src/lib/adapters/octavia/decode.ts'
import { createKeystone } from '../../../src/lib/adapters/octavia/keystone.ts'
import { listAll, readPage } from '../../../src/lib/adapters/octavia/pages.ts'
import { createOctaviaSource } from '../../../src/lib/adapters/octavia/source.ts'
import type { NyahError } from '../../../src/lib/core/errors.ts'
import type { Clock } from '../../../src/lib/ports/clock.ts'
import type { Retry } from '../../../src/lib/ports/retry.ts'
import type { LoadBalancerSource, SourceTree } from '../../../src/lib/ports/source.ts'
import { openStack, plainHttp, type OpenStack } from '../../support/openstack.ts'

/** An OpenStack to hold to the contract: a real one, or the sandbox. */
export interface OctaviaUnderTest {
  /** `…/v3` */
  readonly authUrl: string
  /** Of all users: operator, observer, noroles (project `project`), stranger (project `other`). */
  readonly password: string
  readonly project: string
  readonly otherProject: string
  readonly clock: Clock
  /** Starts the names of what the suite makes. */
  readonly prefix: string
  applicationCredential(operator: OpenStack): Promise<{ id: string; secret: string; remove(): Promise<void> }>
  close(): Promise<void>
}

const UNKNOWN = '00000000-0000-4000-8000-00000000dead'

async function refusal(promise: Promise<unknown>): Promise<NyahError> {
  try {
    await promise
  } catch (error) {
    return error as NyahError
  }
  throw new Error('nothing was thrown')
}

export function octaviaContract(name: string, open: () => Promise<OctaviaUnderTest>): void {
  describe(`Octavia and Keystone (${name})`, () => {
    let cloud: OctaviaUnderTest
    let operator: OpenStack
    let source: LoadBalancerSource
    /** What was asked over the wire since the last look. */
    let asked: string[] = []
    let id = ''
    let foreignId = ''
    let stranger: OpenStack

    /** Counts a call once; a dropped idle socket is tried again, as the engine would. */
    const counting: Retry = async (what, call) => {
      asked.push(what)
      for (let attempt = 1; ; attempt++) {
        try {
          return await call()
        } catch (error) {
          if (!(error as NyahError).retryable || attempt === 3) throw error
        }
      }
    }
    const env = (user: string, over: Readonly<Record<string, string>> = {}) => ({
      OS_AUTH_URL: cloud.authUrl,
      OS_USERNAME: user,
      OS_PASSWORD: cloud.password,
      OS_PROJECT_NAME: user === 'stranger' ? cloud.otherProject : cloud.project,
      OS_USER_DOMAIN_ID: 'default',
      OS_PROJECT_DOMAIN_NAME: 'Default',
      ...over,
    })
    const configured = (variables: Readonly<Record<string, string>>) =>
      loadCloud({ cloud: null, env: variables, homedir: '/', cwd: '/', readFile: () => null })
    const sourceOf = (variables: Readonly<Record<string, string>>) =>
      createOctaviaSource({ cloud: configured(variables), clock: cloud.clock, retry: counting })
    const helper = (username: string, project: string) =>
      openStack({
        authUrl: cloud.authUrl,
        username,
        password: cloud.password,
        project,
        sleep: (ms) => cloud.clock.sleep(ms),
      })
    const tree = async (wanted = id): Promise<SourceTree> => {
      const found = await source.read(wanted)
      if (found === null) throw new Error(`${wanted} was not found`)
      return found
    }

    beforeAll(async () => {
      cloud = await open()
      ;[operator, stranger] = await Promise.all([
        helper('operator', cloud.project),
        helper('stranger', cloud.otherProject),
      ])
      await Promise.all([operator.deletePrefixed(cloud.prefix), stranger.deletePrefixed(cloud.prefix)])
      source = sourceOf(env('operator'))
      const tcp = { type: 'TCP', delay: 5, timeout: 3, max_retries: 3, max_retries_down: 2 }
      const http = {
        type: 'HTTP',
        delay: 10,
        timeout: 5,
        max_retries: 4,
        url_path: '/healthz',
        expected_codes: '200-299',
      }
      const [made, foreign] = await Promise.all([
        operator.createLoadBalancer({
          name: `${cloud.prefix}tree`,
          description: 'made by the contract suite',
          listeners: [
            {
              protocol_port: 80,
              allowed_cidrs: ['192.0.2.0/24'],
              timeout_client_data: 60_000,
              default_pool: {
                name: 'varied',
                healthmonitor: tcp,
                members: [
                  { name: 'plain', address: '10.20.1.1', protocol_port: 8080 },
                  { name: 'same-host', address: '10.20.1.1', protocol_port: 8081, weight: 256 },
                  { name: 'drained', address: '10.20.1.2', protocol_port: 8080, weight: 0 },
                  { name: 'disabled', address: '10.20.1.3', protocol_port: 8080, admin_state_up: false },
                  { name: 'backup', address: '10.20.1.4', protocol_port: 8080, backup: true },
                  { name: 'six', address: '2001:db8::6', protocol_port: 8080 },
                  {
                    name: 'watched',
                    address: '10.20.1.5',
                    protocol_port: 8080,
                    monitor_address: '10.99.0.1',
                    monitor_port: 9000,
                  },
                ],
              },
            },
            {
              protocol_port: 443,
              default_pool: {
                name: 'web',
                healthmonitor: http,
                members: [{ address: '10.20.2.1', protocol_port: 443 }],
              },
            },
            { protocol_port: 22, admin_state_up: false },
          ],
        }),
        stranger.createLoadBalancer({ name: `${cloud.prefix}foreign` }),
      ])
      id = made.id
      foreignId = foreign.id
      await operator.createPool(id, { name: 'unused' })
      asked = []
    })

    afterAll(async () => {
      await Promise.all([operator.deletePrefixed(cloud.prefix), stranger.deletePrefixed(cloud.prefix)])
      await cloud.close()
    })

    it('says who one is, and where', async () => {
      expect(await source.check()).toMatchObject({
        authUrl: cloud.authUrl,
        endpoint: operator.lbaas,
        region: 'RegionOne',
        user: 'operator',
        project: cloud.project,
        roles: expect.arrayContaining(['reader', 'load-balancer_member']),
      })
    })

    it('lists the load balancers of the project, and no other', async () => {
      const found = await source.list()
      expect(found.find((each) => each.id === id)).toMatchObject({
        name: `${cloud.prefix}tree`,
        description: 'made by the contract suite',
        project_id: operator.projectId,
        provisioning_status: 'ACTIVE',
        admin_state_up: true,
      })
      expect(found.map((each) => each.id)).not.toContain(foreignId)
      expect((await sourceOf(env('stranger')).list()).map((each) => each.id)).toContain(foreignId)
    })

    it('reads a whole tree', async () => {
      const { loadbalancer, listeners, pools } = await tree()
      expect(loadbalancer).toMatchObject({ id, provisioning_status: 'ACTIVE', provider: expect.any(String) })
      expect(loadbalancer.updated_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/)
      const byPort = listeners.toSorted((a, b) => a.protocol_port - b.protocol_port)
      expect(byPort).toMatchObject([
        { protocol: 'TCP', protocol_port: 22, admin_state_up: false, default_pool_id: null, allowed_cidrs: null },
        { protocol: 'TCP', protocol_port: 80, timeout_client_data: 60_000, allowed_cidrs: ['192.0.2.0/24'] },
        { protocol: 'TCP', protocol_port: 443, connection_limit: -1, l7policies: [] },
      ])
      expect(pools.map((pool) => pool.name).toSorted()).toEqual(['unused', 'varied', 'web'])
      const pool = (wanted: string) => pools.find((each) => each.name === wanted)
      expect(byPort[1]?.default_pool_id).toBe(pool('varied')?.id)
      expect(pool('unused')).toMatchObject({ members: [], healthmonitor: null, protocol: 'TCP' })
      expect(pool('web')?.healthmonitor).toMatchObject({
        type: 'HTTP',
        delay: 10,
        timeout: 5,
        max_retries: 4,
        max_retries_down: 3,
        url_path: '/healthz',
        expected_codes: '200-299',
        http_method: 'GET',
      })
      expect(pool('varied')?.healthmonitor).toMatchObject({ type: 'TCP', max_retries_down: 2, http_method: null })
      const members = pool('varied')?.members.toSorted((a, b) => (a.name < b.name ? -1 : 1))
      expect(members).toMatchObject([
        { name: 'backup', backup: true, weight: 1 },
        { name: 'disabled', admin_state_up: false },
        { name: 'drained', weight: 0 },
        { name: 'plain', address: '10.20.1.1', protocol_port: 8080, weight: 1, backup: false, monitor_address: null },
        { name: 'same-host', address: '10.20.1.1', protocol_port: 8081, weight: 256 },
        { name: 'six', address: '2001:db8::6' },
        { name: 'watched', monitor_address: '10.99.0.1', monitor_port: 9000 },
      ])
    })

    it('reads that tree in seven requests, an empty one in four', async () => {
      const count = async (wanted: string): Promise<number> => {
        // One reading before, so that the token is there and the last change is old.
        await tree(wanted)
        asked = []
        await tree(wanted)
        return asked.filter((what) => what.startsWith('GET ')).length
      }
      const { id: emptyId } = await operator.createLoadBalancer({ name: `${cloud.prefix}empty` })
      expect(await count(emptyId)).toBe(4)
      // Load balancer twice, listeners, pools, monitors, members of the two pools that have any.
      expect(await count(id)).toBe(7)
    })

    it('an unknown id is not there; a deleted one neither', async () => {
      expect(await source.read(UNKNOWN)).toBeNull()
      const { id: shortLived } = await operator.createLoadBalancer({ name: `${cloud.prefix}short-lived` })
      expect((await tree(shortLived)).listeners).toEqual([])
      await operator.deleteLoadBalancer(shortLived)
      expect(await source.read(shortLived)).toBeNull()
    })

    it("another project's is forbidden, and never passes for absent", async () => {
      const error = await refusal(source.read(foreignId))
      expect(error).toMatchObject({ code: 'OCTAVIA_FORBIDDEN', exit: 3, retryable: false })
      expect(error.message).toContain('as user operator')
    })

    it('the least role reads everything; an unrelated one nothing', async () => {
      expect(await sourceOf(env('observer')).read(id)).toEqual(await tree())
      expect(await refusal(sourceOf(env('noroles')).list())).toMatchObject({ code: 'OCTAVIA_FORBIDDEN', exit: 3 })
    })

    it('a change is in the next reading, however soon that comes', async () => {
      const before = await tree()
      const web = before.pools.find((pool) => pool.name === 'web')
      if (web === undefined) throw new Error('no pool web')
      const member = await operator.addMember(id, web.id, { address: '10.20.2.2', protocol_port: 443 })
      const ids = async () => (await tree()).pools.find((pool) => pool.id === web.id)?.members.map((each) => each.id)
      const after = await tree()
      expect(await ids()).toContain(member.id)
      expect(after.loadbalancer.updated_at).not.toBe(before.loadbalancer.updated_at)
      await operator.removeMember(id, web.id, member.id)
      expect(await ids()).not.toContain(member.id)
    })

    it('a reading beside a writer is one moment of the world', async () => {
      const made = await operator.createLoadBalancer({
        name: `${cloud.prefix}busy`,
        listeners: [81, 82].map((protocol_port) => ({ protocol_port, default_pool: { name: `p${protocol_port}` } })),
      })
      const pools = (await operator.poolsOf(made.id)).toSorted((a, b) => (a.name < b.name ? -1 : 1))
      // Members go into the first pool before the second: no moment has more in the second.
      const writing = (async () => {
        for (let index = 1; index <= 3; index++) {
          for (const pool of pools) {
            await operator.addMember(made.id, pool.id, { address: `10.20.7.${index}`, protocol_port: 80 })
          }
        }
      })()
      const readings: SourceTree[] = []
      const progress = { written: false }
      const watched = writing.finally(() => {
        progress.written = true
      })
      do {
        const reading = await source.read(made.id).catch((error: NyahError) => {
          if (error.code !== 'OCTAVIA_CHANGING') throw error
          return null
        })
        if (reading !== null) readings.push(reading)
      } while (!progress.written)
      await watched
      readings.push(await tree(made.id))
      for (const reading of readings) {
        const [first, second] = pools.map(
          ({ id: pool }) => reading.pools.find((each) => each.id === pool)?.members.length ?? -1,
        )
        expect([0, 1]).toContain((first ?? 0) - (second ?? 0))
      }
      expect(readings.at(-1)?.pools.map((pool) => pool.members.length)).toEqual([3, 3])
    })

    describe('the ways in', () => {
      it('an application credential', async () => {
        const { id: credential, secret, remove } = await cloud.applicationCredential(operator)
        const variables = { OS_AUTH_URL: cloud.authUrl, OS_AUTH_TYPE: 'v3applicationcredential' }
        const own = { ...variables, OS_APPLICATION_CREDENTIAL_ID: credential, OS_APPLICATION_CREDENTIAL_SECRET: secret }
        expect(await sourceOf(own).check()).toMatchObject({ user: 'operator', project: cloud.project })
        expect(await sourceOf({ ...own, OS_PROJECT_NAME: cloud.project }).check()).toMatchObject({ user: 'operator' })
        const wrong = await refusal(sourceOf({ ...own, OS_APPLICATION_CREDENTIAL_SECRET: 'not-it' }).check())
        expect(wrong).toMatchObject({ code: 'KEYSTONE_UNAUTHORIZED', exit: 3 })
        await remove()
      })

      it('a token, as it is and with a project named', async () => {
        const variables = { OS_AUTH_URL: cloud.authUrl, OS_AUTH_TYPE: 'token', OS_TOKEN: operator.token }
        expect(await sourceOf(variables).check()).toMatchObject({ user: 'operator', project: cloud.project })
        expect(await sourceOf({ ...variables, OS_PROJECT_ID: operator.projectId }).check()).toMatchObject({
          user: 'operator',
          project: cloud.project,
        })
        const error = await refusal(sourceOf({ ...variables, OS_TOKEN: 'gAAAAAnot-a-token' }).check())
        expect(error).toMatchObject({ code: 'KEYSTONE_UNAUTHORIZED', exit: 3, retryable: false })
        expect(inspect(error)).not.toContain('gAAAAAnot-a-token')
      })

      it('ids in place of names', async () => {
        const variables = {
          OS_AUTH_URL: cloud.authUrl.replace(/\/v3$/, ''),
          OS_USER_ID: operator.userId,
          OS_PASSWORD: cloud.password,
          OS_PROJECT_ID: operator.projectId,
        }
        expect(await sourceOf(variables).check()).toMatchObject({ user: 'operator', project: cloud.project })
      })

      it('a wrong password, an unknown project: 401, the secret unsaid', async () => {
        for (const over of [{ OS_PASSWORD: 'wrong-password-9' }, { OS_PROJECT_NAME: cloud.otherProject }]) {
          const error = await refusal(sourceOf(env('operator', over)).list())
          expect(error).toMatchObject({ code: 'KEYSTONE_UNAUTHORIZED', exit: 3, retryable: false })
          expect(inspect(error, { depth: 9 }) + JSON.stringify(error)).not.toContain('wrong-password-9')
        }
      })

      it("no project: Keystone takes the user's default project", async () => {
        const { OS_PROJECT_NAME: _, OS_PROJECT_DOMAIN_NAME: __, ...without } = env('operator')
        expect(await sourceOf(without).check()).toMatchObject({ user: 'operator', project: cloud.project })
      })

      it('a region or interface that is not in the catalogue names those that are', async () => {
        const error = await refusal(sourceOf(env('operator', { OS_REGION_NAME: 'Nowhere' })).list())
        expect(error).toMatchObject({ code: 'KEYSTONE_NO_ENDPOINT', exit: 3 })
        expect(error.message).toContain('public in RegionOne')
      })

      it('an address of Octavia in place of the catalogue; a wrong path there is no empty cloud', async () => {
        const base = operator.lbaas.replace(/\/v2\/lbaas$/, '')
        const own = { OS_LOAD_BALANCER_ENDPOINT_OVERRIDE: `${base}/v2.0` }
        expect((await sourceOf(env('operator', own)).list()).map((each) => each.id)).toContain(id)
        const wrong = sourceOf(env('operator', { OS_LOAD_BALANCER_ENDPOINT_OVERRIDE: `${base}/nowhere` }))
        expect(await refusal(wrong.list())).toMatchObject({ code: 'OCTAVIA_WRONG_ENDPOINT', exit: 3 })
        expect(await refusal(wrong.read(id))).toMatchObject({ code: 'OCTAVIA_WRONG_ENDPOINT', exit: 3 })
      })

      it('a revoked token is replaced once, unseen', async () => {
        const tokens: string[] = []
        const door = createDoor({ area: 'KEYSTONE' })
        const keystone = createKeystone({
          cloud: configured(env('operator')),
          clock: cloud.clock,
          door: async (request) => {
            const response = await door(request)
            tokens.push(response.headers['x-subject-token'] ?? '')
            return response
          },
        })
        const client = createOctaviaClient({
          keystone,
          door: createDoor({ area: 'OCTAVIA' }),
          retry: counting,
          as: 'user operator',
        })
        await client.session()
        // Revoked before Octavia has seen it: a seen one it goes on accepting for a while.
        const [first = ''] = tokens
        const revoked = await plainHttp('DELETE', `${cloud.authUrl}/auth/tokens`, {
          'x-auth-token': operator.token,
          'x-subject-token': first,
        })
        expect(revoked.status).toBe(204)
        await client.get(`/loadbalancers/${id}`, [])
        expect(tokens).toHaveLength(2)
      })
    })

    describe('pages', () => {
      const client = () => {
        const keystone = createKeystone({
          cloud: configured(env('operator')),
          clock: cloud.clock,
          door: createDoor({ area: 'KEYSTONE' }),
        })
        return createOctaviaClient({
          keystone,
          door: createDoor({ area: 'OCTAVIA' }),
          retry: counting,
          as: 'user operator',
        })
      }

      it('keep the filter, one item at a time, to the empty page after the last', async () => {
        asked = []
        const found = await listAll(client(), {
          path: '/listeners',
          collection: 'listeners',
          query: [
            ['loadbalancer_id', id],
            ['limit', '1'],
          ],
          decode: decodeListener,
          signal: undefined,
        })
        expect(found.map((each) => each.protocol_port).toSorted((a, b) => a - b)).toEqual([22, 80, 443])
        expect(asked.filter((what) => what === 'GET /listeners')).toHaveLength(4)
      })

      it('a marker that is gone is told apart', async () => {
        const request = {
          path: '/loadbalancers',
          collection: 'loadbalancers',
          query: [],
          decode: decodeLoadBalancer,
        } as const
        const error = await refusal(readPage(client(), { ...request, signal: undefined }, UNKNOWN))
        expect(isVanishedMarker(error)).toBe(true)
      })
    })
  })
}
