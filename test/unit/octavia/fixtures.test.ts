import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { answerError, isVanishedMarker, jsonAnswer, type Asked } from '../../../src/lib/adapters/octavia/answers.ts'
import { catalogueEndpoint, lbaasRoot } from '../../../src/lib/adapters/octavia/catalogue.ts'
import { loadCloud } from '../../../src/lib/adapters/octavia/clouds.ts'
import {
  decodeHealthMonitor,
  decodeListener,
  decodeLoadBalancer,
  decodeMember,
  decodePool,
  type Decode,
} from '../../../src/lib/adapters/octavia/decode.ts'
import { createKeystone } from '../../../src/lib/adapters/octavia/keystone.ts'

const folder = new URL('../../../fixtures/octavia/', import.meta.url)
const text = (file: string): string => readFileSync(new URL(file, folder), 'utf8')

interface Entry {
  readonly file: string
  readonly request: string
  readonly to?: string
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
}

const { entries } = JSON.parse(text('INDEX.json')) as { entries: readonly Entry[] }

const SHOW: Readonly<Record<string, Decode<{ readonly id: string }>>> = {
  loadbalancer: decodeLoadBalancer,
  listener: decodeListener,
  pool: decodePool,
  member: decodeMember,
  healthmonitor: decodeHealthMonitor,
}

/** What nyah does not ask for, so that nothing decodes it. */
const UNREAD = [
  /^GET \/(v2|v2\.0|v2\/lbaas)?$/,
  /^GET \/healthcheck$/,
  /^GET \/v3$/,
  /\/(providers|quotas|flavors|availabilityzones)(\/[0-9a-z]+)?$/,
  /\/loadbalancers\/[0-9a-f-]+\/(status|statuses|stats)$/,
  /\/l7policies(\/[0-9a-f-]+(\/rules)?)?$/,
  /^POST \/v3\/users\/\{user_id\}\/application_credentials$/,
  /^\(derived: /,
  /^PUT \/v2\/lbaas\/pools\/\{pool_id\}\/members$/,
  /^DELETE \/v2\/lbaas\/loadbalancers\/\{id\}\?cascade=true$/,
]

/** Each recorded answer has exactly one of these. */
function kindOf({ request, status, file }: Entry): string {
  if (status >= 400) return 'error'
  if (request.startsWith('POST /v3/auth/tokens')) return 'token'
  if (UNREAD.some((pattern) => pattern.test(request))) return 'unread'
  const body: unknown = JSON.parse(text(file))
  const keys = Object.keys(body as object).filter((key) => !key.endsWith('_links'))
  const [key = ''] = keys
  if (keys.length !== 1) return 'unknown'
  if (key in SHOW) return 'show'
  return key.replace(/s$/, '') in SHOW ? 'list' : 'unknown'
}

const of = (kind: string) => entries.filter((entry) => kindOf(entry) === kind)
const isPartial = ({ request }: Entry): boolean => /[?&]fields=/.test(request)
const asked = (entry: Entry): Asked => ({
  area: entry.to === 'keystone' ? 'KEYSTONE' : 'OCTAVIA',
  method: entry.request.split(' ')[0] ?? '',
  url: `http://cloud.example${entry.request.split(' ')[1]}`,
  secrets: [],
  as: 'user operator',
})
const response = (entry: Entry) => ({
  status: entry.status,
  headers: entry.headers ?? {},
  body: entry.file.endsWith('.txt') ? text(entry.file) : JSON.stringify(JSON.parse(text(entry.file))),
})

function thrown(work: () => unknown): Error & { code: string; exit: number; retryable: boolean; details: object } {
  try {
    work()
  } catch (error) {
    return error as ReturnType<typeof thrown>
  }
  throw new Error('nothing was thrown')
}

/** Items of a list, or the one of a show, through the decoder that the adapter uses. */
function decodeAll(entry: Entry): readonly { readonly id: string }[] {
  const data = jsonAnswer(asked(entry), response(entry)) as Record<string, unknown>
  const [key = ''] = Object.keys(data).filter((each) => !each.endsWith('_links'))
  const decode = SHOW[key] ?? SHOW[key.replace(/s$/, '')]
  const items = (kindOf(entry) === 'show' ? [data[key]] : data[key]) as readonly unknown[]
  return items.map((item, index) => decode!(asked(entry), `${key}[${index}]`, item))
}

describe('the recorded answers', () => {
  it('are all listed, and each is of one kind that is tested here', () => {
    const files = readdirSync(folder).filter((file) => !file.startsWith('INDEX.'))
    expect(entries.map(({ file }) => file).toSorted()).toEqual(files.toSorted())
    expect(of('unknown').map(({ file }) => file)).toEqual([])
    const count = (kind: string) => of(kind).length
    expect(count('error') + count('token') + count('unread') + count('show') + count('list')).toBe(entries.length)
    expect(count('show')).toBeGreaterThan(80)
    expect(count('list')).toBeGreaterThan(50)
  })

  it.each(of('show').filter((entry) => !isPartial(entry)))('$file decodes', (entry) => {
    const [found] = decodeAll(entry)
    const [raw] = Object.values(JSON.parse(text(entry.file)) as Record<string, { id: string }>)
    expect(found?.id).toBe(raw?.id)
  })

  it.each(of('list').filter((entry) => !isPartial(entry)))('$file decodes, every item', (entry) => {
    const data = JSON.parse(text(entry.file)) as Record<string, { id: string }[]>
    const [key = ''] = Object.keys(data).filter((each) => !each.endsWith('_links'))
    expect(decodeAll(entry).map(({ id }) => id)).toEqual(data[key]?.map(({ id }) => id))
  })

  it.each([...of('show'), ...of('list')].filter(isPartial))('$file lacks fields, and the first is named', (entry) => {
    const items = JSON.parse(text(entry.file)) as Record<string, unknown>
    const [key = ''] = Object.keys(items).filter((each) => !each.endsWith('_links'))
    if (Array.isArray(items[key]) && items[key].length === 0) {
      expect(decodeAll(entry)).toEqual([])
      return
    }
    const error = thrown(() => decodeAll(entry))
    expect(error).toMatchObject({ code: 'OCTAVIA_UNEXPECTED_SHAPE', exit: 7, retryable: false })
    expect(error.message).toMatch(/(loadbalancers?|listeners|members)\[0\]\.[a-z_]+ is missing$/)
  })

  it.each(of('token'))('$file gives a session, or says why not', async (entry) => {
    const cloud = loadCloud({
      cloud: null,
      env: {
        OS_AUTH_URL: 'http://127.0.0.1:5000',
        OS_USERNAME: 'operator',
        OS_PASSWORD: 'x',
        OS_PROJECT_NAME: 'mirror',
      },
      homedir: '/home/operator',
      cwd: '/',
      readFile: () => null,
    })
    const now = Date.parse('2026-11-22T19:40:00Z')
    const clock = { now: () => now, sleep: async () => {} }
    const session = createKeystone({ cloud, door: async () => response(entry), clock }).session()
    if (!('catalog' in (JSON.parse(text(entry.file)) as { token: object }).token)) {
      await expect(session).rejects.toMatchObject({ code: 'KEYSTONE_UNSCOPED', exit: 3 })
      return
    }
    const { lbaas, renewAt, identity } = await session
    expect(lbaas).toBe('http://127.0.0.1:9876/v2/lbaas')
    expect(identity).toMatchObject({ user: 'operator', project: 'mirror', region: 'RegionOne' })
    expect(identity.roles).toContain('reader')
    expect(renewAt).toBe(now + 3_600_000 - 60_000)
  })
})

/** What each recorded refusal must become. A recorded error that is missing here fails the test. */
const ERRORS: Readonly<Record<string, string>> = {
  'keystone-401-wrong-password.json': 'KEYSTONE_UNAUTHORIZED 3',
  'keystone-401-no-role-on-project.json': 'KEYSTONE_UNAUTHORIZED 3',
  'keystone-401-application-credential-wrong-secret.json': 'KEYSTONE_UNAUTHORIZED 3',
  'keystone-401-application-credential-with-scope.json': 'KEYSTONE_UNAUTHORIZED 3',
  'keystone-500-database-down.txt': 'KEYSTONE_UNAVAILABLE 7 retryable',
  'error-404-v1.json': 'OCTAVIA_WRONG_ENDPOINT 3',
  'error-404-wrong-prefix.json': 'OCTAVIA_WRONG_ENDPOINT 3',
  'error-404-members-no-bulk.json': 'OCTAVIA_WRONG_ENDPOINT 3',
  'error-404-loadbalancer.json': 'OCTAVIA_NOT_FOUND 7',
  'error-404-pool-members.json': 'OCTAVIA_NOT_FOUND 7',
  'error-bad-uuid.json': 'OCTAVIA_NOT_FOUND 7',
  'loadbalancer-show-after-delete.json': 'OCTAVIA_NOT_FOUND 7',
  'error-403-quotas-defaults.json': 'OCTAVIA_FORBIDDEN 3',
  'loadbalancers-list-foreign-project.json': 'OCTAVIA_FORBIDDEN 3',
  'error-unscoped-token.json': 'OCTAVIA_FORBIDDEN 3',
  'error-403-no-role.json': 'OCTAVIA_FORBIDDEN 3',
  'error-403-other-project-show.json': 'OCTAVIA_FORBIDDEN 3',
  'error-403-observer-write.json': 'OCTAVIA_FORBIDDEN 3',
  'error-401-no-token.json': 'OCTAVIA_UNAUTHORIZED 3',
  'error-401-bad-token.json': 'OCTAVIA_UNAUTHORIZED 3',
  'error-401-revoked-token.json': 'OCTAVIA_UNAUTHORIZED 3',
  'error-401-expired-token.json': 'OCTAVIA_UNAUTHORIZED 3',
  'error-400-healthmonitors-by-loadbalancer.json': 'OCTAVIA_BAD_REQUEST 7',
  'error-400-bad-marker.json': 'OCTAVIA_BAD_REQUEST 7',
  'error-400-bad-limit.json': 'OCTAVIA_BAD_REQUEST 7',
  'error-400-changes-since.json': 'OCTAVIA_BAD_REQUEST 7',
  'error-400-unknown-filter.json': 'OCTAVIA_BAD_REQUEST 7',
  'error-400-bad-sort.json': 'OCTAVIA_BAD_REQUEST 7',
  'error-400-no-vip.json': 'OCTAVIA_BAD_REQUEST 7',
  'error-400-bad-protocol.json': 'OCTAVIA_BAD_REQUEST 7',
  'error-400-delete-has-children.json': 'OCTAVIA_BAD_REQUEST 7',
  'error-409-duplicate-listener-port.json': 'OCTAVIA_CONFLICT 7',
  'error-409-duplicate-member.json': 'OCTAVIA_CONFLICT 7',
  'error-409-immutable.json': 'OCTAVIA_CONFLICT 7',
  'error-409-delete-pending-create.json': 'OCTAVIA_CONFLICT 7',
  'error-409-immutable-error-lb.json': 'OCTAVIA_CONFLICT 7',
  'error-500-database-down.json': 'OCTAVIA_UNAVAILABLE 7 retryable',
  'error-503-keystone-down.json': 'OCTAVIA_UNAVAILABLE 7 retryable',
  'error-503-keystone-database-down.txt': 'OCTAVIA_UNAVAILABLE 7 retryable',
}

describe('the recorded refusals', () => {
  it('are all expected', () => {
    expect(
      of('error')
        .map(({ file }) => file)
        .toSorted(),
    ).toEqual(Object.keys(ERRORS).toSorted())
  })

  it.each(of('error'))('$file is told apart', (entry) => {
    const error = answerError(asked(entry), response(entry))
    expect(`${error.code} ${error.exit}${error.retryable ? ' retryable' : ''}`).toBe(ERRORS[entry.file])
    expect(error.message).toContain(`(${entry.status}`)
    expect(error.message).not.toMatch(/[<>\n]/)
    expect(error.details).toMatchObject({ status: entry.status })
    expect(error.tries).not.toEqual([])
    const requestId = entry.headers?.['x-openstack-request-id']
    if (requestId !== undefined) expect(error.details['requestId']).toBe(requestId)
  })

  it('only a vanished marker begins a listing again', () => {
    const vanished = of('error').filter((entry) => isVanishedMarker(answerError(asked(entry), response(entry))))
    expect(vanished.map(({ file }) => file)).toEqual(['error-400-bad-marker.json'])
  })

  it('says in one line what the remote said', () => {
    const said = (file: string) => {
      const entry = entries.find((each) => each.file === file)!
      return answerError(asked(entry), response(entry)).message
    }
    expect(said('error-404-loadbalancer.json')).toBe(
      'GET http://cloud.example/v2/lbaas/loadbalancers/00000000-0000-4000-8000-00000000dead: Octavia says that it does not exist ' +
        '(404: Load Balancer 00000000-0000-4000-8000-00000000dead not found.)',
    )
    expect(said('error-503-keystone-database-down.txt')).toContain('Octavia failed (503: 503 Service Unavailable)')
    expect(said('error-503-keystone-down.json')).toContain('(503: The server is currently unavailable.')
    expect(said('error-400-bad-limit.json')).toContain("Supplied pagination limit 'abc' is not valid.")
    expect(said('keystone-401-wrong-password.json')).toContain(
      'Keystone does not accept the credentials (401: The request you have made requires authentication.), as user operator',
    )
  })
})

describe('the catalogue of the recorded token', () => {
  const { token } = JSON.parse(text('keystone-token-password.json')) as {
    token: Parameters<typeof catalogueEndpoint>[1]
  }
  const cloud = (over: object) => ({
    ...loadCloud({
      cloud: null,
      env: { OS_AUTH_URL: 'http://127.0.0.1:5000', OS_USERNAME: 'u', OS_PASSWORD: 'x' },
      homedir: '/',
      cwd: '/',
      readFile: () => null,
    }),
    ...over,
  })

  it('is searched by interface and region', () => {
    expect(catalogueEndpoint(cloud({ interface: 'internal', region: 'RegionOne' }), token).url).toBe(
      'http://127.0.0.1:9876',
    )
    expect(thrown(() => catalogueEndpoint(cloud({ region: 'Tokyo' }), token))).toMatchObject({
      code: 'KEYSTONE_NO_ENDPOINT',
      exit: 3,
      message:
        'the catalogue has no load-balancer endpoint with interface public in region Tokyo; it has admin in RegionOne, internal in RegionOne, public in RegionOne',
    })
  })

  it('without Octavia names what there is', () => {
    const without = { ...token, catalog: token.catalog!.filter(({ type }) => type !== 'load-balancer') }
    expect(thrown(() => catalogueEndpoint(cloud({}), without)).message).toBe(
      'the catalogue of project mirror has no load-balancer service; it has identity',
    )
  })

  it('with two regions and none chosen is refused', () => {
    const endpoint = (region: string) => ({ interface: 'public', region_id: region, url: `https://${region}.example` })
    const two = { ...token, catalog: [{ type: 'load-balancer', endpoints: [endpoint('osaka'), endpoint('tokyo')] }] }
    expect(thrown(() => catalogueEndpoint(cloud({ region: null }), two))).toMatchObject({
      code: 'KEYSTONE_REGION_AMBIGUOUS',
      exit: 3,
    })
    expect(catalogueEndpoint(cloud({ region: 'osaka' }), two)).toEqual({
      url: 'https://osaka.example',
      region: 'osaka',
    })
  })

  it.each([
    ['http://o:9876', 'http://o:9876/v2/lbaas'],
    ['http://o:9876/', 'http://o:9876/v2/lbaas'],
    ['http://o/load-balancer', 'http://o/load-balancer/v2/lbaas'],
    ['http://o:9876/v2', 'http://o:9876/v2/lbaas'],
    ['http://o:9876/v2.0/', 'http://o:9876/v2.0/lbaas'],
    ['http://o:9876/v2/lbaas/', 'http://o:9876/v2/lbaas'],
  ])('%s is completed to %s', (given, expected) => {
    expect(lbaasRoot(given)).toBe(expected)
  })
})
