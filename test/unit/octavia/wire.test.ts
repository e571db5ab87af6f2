import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { createDoor } from '../../../src/lib/adapters/http/door.ts'
import { secret } from '../../../src/lib/adapters/http/secret.ts'
import { createOctaviaSource, type OctaviaSourceOptions } from '../../../src/lib/adapters/octavia/source.ts'
import type { NyahError } from '../../../src/lib/core/errors.ts'
import { makeRetry } from '../../../src/lib/engine/retry.ts'
import type { Retry } from '../../../src/lib/ports/retry.ts'
import { virtualClock } from '../../support/clock.ts'
import { selfSigned } from './certificate.ts'
import { cloudAt, issueToken, json, PASSWORD, serve, type Handler, type TestServer } from './cloud-server.ts'
import { answer, cloud, ID, loadBalancer, world } from './world.ts'

const open: TestServer[] = []
const opened = async (starting: Promise<TestServer>): Promise<TestServer> => {
  const server = await starting
  open.push(server)
  return server
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})

const once: Retry = (_what, call) => call()

function source(url: string, over: Partial<OctaviaSourceOptions> = {}) {
  const clock = virtualClock({ start: Date.now() })
  return createOctaviaSource({ cloud: cloudAt(url), clock, retry: once, ...over })
}

/** The engine's own retrier, on time that jumps. */
function patient(url: string, over: Partial<OctaviaSourceOptions> = {}) {
  const clock = virtualClock({ start: Date.now() })
  const retried: string[] = []
  const retry = makeRetry({
    clock,
    random: () => 0.5,
    deadline: { at: () => clock.now() + 60_000 },
    emit: (_type, _scope, data) => retried.push((data as { error: { code: string } }).error.code),
  })
  return { retried, source: createOctaviaSource({ cloud: cloudAt(url), clock, retry, ...over }) }
}

async function refusal(promise: Promise<unknown>): Promise<NyahError> {
  try {
    await promise
  } catch (error) {
    return error as NyahError
  }
  throw new Error('nothing was thrown')
}

/** Nothing that was sent in confidence may stand anywhere in an error. */
function expectNoSecret(error: unknown): void {
  const shown = inspect(error, { depth: 12, showHidden: true }) + JSON.stringify(error) + String((error as Error).stack)
  expect(shown).not.toContain(PASSWORD)
  expect(shown).not.toContain('token-secret')
  expect(shown.toLowerCase()).not.toContain('x-auth-token')
}

const empty: Handler = (_request, response) => json(response, 200, { loadbalancers: [], loadbalancers_links: [] })

describe('redirects', () => {
  it('are never followed, and the token goes nowhere else', async () => {
    const elsewhere = await opened(serve(empty))
    const server = await opened(
      cloud((request, response) => json(response, 302, {}, { location: `${elsewhere.url}${request.url}?token=x` })),
    )
    const error = await refusal(source(server.url).list())
    expect(error).toMatchObject({ code: 'OCTAVIA_REDIRECTED', exit: 3, retryable: false })
    expect(error.message).toContain(`redirects to ${elsewhere.url}/v2/lbaas/loadbalancers,`)
    expect(elsewhere.received).toEqual([])
    expectNoSecret(error)
  })

  it('neither by Keystone, so that no password travels on', async () => {
    const elsewhere = await opened(serve(empty))
    const server = await opened(serve((_, response) => json(response, 307, {}, { location: elsewhere.url })))
    const error = await refusal(source(server.url).list())
    expect(error).toMatchObject({ code: 'KEYSTONE_REDIRECTED', exit: 3 })
    expect(elsewhere.received).toEqual([])
    expectNoSecret(error)
  })
})

describe('the body cap', () => {
  const limit = 10_000
  const big = { loadbalancers: [], padding: 'x'.repeat(3 * limit) }

  it.each<[string, Handler]>([
    [
      'an announced length',
      (_, response) => json(response, 200, big, { 'content-length': String(JSON.stringify(big).length) }),
    ],
    [
      'chunks without end',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        const more = () => {
          while (!response.destroyed && response.write('x'.repeat(4_000)));
        }
        response.on('drain', more)
        more()
      },
    ],
  ])('ends %s, and the error prints the limit', async (_, handler) => {
    const server = await opened(cloud(handler))
    const error = await refusal(source(server.url, { maxBodyBytes: limit }).list())
    expect(error).toMatchObject({ code: 'OCTAVIA_BODY_TOO_LARGE', exit: 7, retryable: false, lostAnswer: false })
    expect(error.message).toContain('larger than 10000 bytes, the limit')
    expectNoSecret(error)
  })

  it('cannot be passed by compression: what was not asked for is refused', async () => {
    const server = await opened(cloud((_, response) => json(response, 200, {}, { 'content-encoding': 'gzip' })))
    expect(await refusal(source(server.url).list())).toMatchObject({ code: 'OCTAVIA_UNEXPECTED_ENCODING' })
    expect(server.received.at(-1)?.headers['accept-encoding']).toBeUndefined()
  })
})

describe('connections that fail', () => {
  it('a reset is retried, as a read', async () => {
    let asked = 0
    const server = await opened(
      cloud((request, response) => {
        if (++asked === 1) return void response.socket?.destroy()
        return empty(request, response)
      }),
    )
    const { source: patiently, retried } = patient(server.url)
    expect(await patiently.list()).toEqual([])
    expect(retried).toEqual(['OCTAVIA_UNREACHABLE'])
  })

  it('an idle socket that the server dropped costs no more than a retry', async () => {
    const server = await opened(cloud(empty))
    const { source: patiently } = patient(server.url)
    await patiently.list()
    server.dropConnections()
    expect(await patiently.list()).toEqual([])
  })

  it('an answer cut off in the middle is no answer', async () => {
    let asked = 0
    const server = await opened(
      cloud((request, response) => {
        if (++asked > 1) return empty(request, response)
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' })
        response.write('{"loadbalancers": [')
        setTimeout(() => response.socket?.destroy(), 5)
      }),
    )
    const { source: patiently, retried } = patient(server.url)
    expect(await patiently.list()).toEqual([])
    expect(retried).toEqual(['OCTAVIA_UNREACHABLE'])
  })

  /** Keystone has no part in these, so that a busy machine cannot time out there first. */
  const timedOut = async (handler: Handler, timeouts: { response?: number; total?: number }) => {
    const server = await opened(serve(handler))
    const door = createDoor({ area: 'OCTAVIA', timeouts })
    return refusal(door({ method: 'GET', url: `${server.url}/x`, headers: { 'x-auth-token': 'token-secret-1' } }))
  }

  it('a server that hangs times out, retryable', async () => {
    const error = await timedOut(() => {}, { response: 60 })
    expect(error).toMatchObject({ code: 'OCTAVIA_UNREACHABLE', exit: 7, retryable: true, lostAnswer: false })
    expect(error.message).toContain('no answer within 60 ms')
    expectNoSecret(error)
  })

  it('a body that trickles for ever times out as a whole', async () => {
    const error = await timedOut(
      (_, response) => {
        response.writeHead(200)
        const timer = setInterval(() => response.write(' '), 10)
        response.on('close', () => clearInterval(timer))
      },
      { total: 80 },
    )
    expect(error).toMatchObject({ code: 'OCTAVIA_UNREACHABLE', retryable: true })
    expect(error.message).toContain('no answer within 80 ms')
  })

  it('what cannot be sent is not tried again, and not shown', async () => {
    const server = await opened(serve(empty))
    const cloud = {
      ...cloudAt(server.url),
      auth: { kind: 'token', token: secret('token-secret\n'), scope: null } as const,
    }
    const error = await refusal(source(server.url, { cloud }).list())
    expect(error).toMatchObject({ code: 'KEYSTONE_UNREACHABLE', retryable: false, lostAnswer: false })
    expect(inspect(error)).not.toContain('token-secret')
    expect(server.received).toEqual([])
  })

  it('a refused connection says so; nothing was sent', async () => {
    const server = await serve(empty)
    await server.close()
    const error = await refusal(source(server.url).list())
    expect(error).toMatchObject({ code: 'KEYSTONE_UNREACHABLE', exit: 7, retryable: true, lostAnswer: false })
    expect(error.message).toBe(`POST ${server.url}/v3/auth/tokens: connection refused`)
    expectNoSecret(error)
  })

  it('a write that was sent and not answered may have taken effect', async () => {
    const server = await opened(serve((_, response) => void response.socket?.destroy()))
    const door = createDoor({ area: 'TEST' })
    const sent = (method: 'GET' | 'POST') => refusal(door({ method, url: `${server.url}/x`, json: { a: 1 } }))
    expect(await sent('POST')).toMatchObject({ code: 'TEST_UNREACHABLE', retryable: true, lostAnswer: true })
    expect(await sent('GET')).toMatchObject({ code: 'TEST_UNREACHABLE', retryable: true, lostAnswer: false })
  })

  it('an abort ends with its own reason, at once', async () => {
    const server = await opened(cloud(() => {}))
    const stop = new AbortController()
    const listing = refusal(source(server.url).list(stop.signal))
    setTimeout(() => stop.abort(new Error('interrupted')), 40)
    expect((await listing).message).toBe('interrupted')
    expect((await refusal(source(server.url).list(stop.signal))).message).toBe('interrupted')
  })
})

describe('tokens', () => {
  const picky =
    (accepted: string): Handler =>
    (request, response) =>
      request.headers['x-auth-token'] === accepted
        ? empty(request, response)
        : json(response, 401, {
            error: { code: 401, title: 'Unauthorized', message: 'The request you have made requires authentication.' },
          })

  it('one serves all calls', async () => {
    const server = await opened(cloud(picky('token-secret-1')))
    const one = source(server.url)
    await Promise.all([one.list(), one.list(), one.list()])
    await one.list()
    expect(server.count('/v3/auth/tokens')).toBe(1)
  })

  it('a refused one is renewed once, for all callers together', async () => {
    const server = await opened(cloud(picky('token-secret-2')))
    const one = source(server.url)
    await Promise.all([one.list(), one.list(), one.list(), one.list()])
    expect(server.count('/v3/auth/tokens')).toBe(2)
    expect(server.count('/v2/lbaas/loadbalancers')).toBe(8)
  })

  it('a second refusal is the end', async () => {
    const server = await opened(cloud(picky('never')))
    const error = await refusal(source(server.url).list())
    expect(error).toMatchObject({ code: 'OCTAVIA_UNAUTHORIZED', exit: 3, retryable: false })
    expect(server.count('/v3/auth/tokens')).toBe(2)
    expectNoSecret(error)
  })

  it('is renewed before it expires, by the time that passed since it was issued', async () => {
    let issued = 0
    const server: TestServer = await opened(
      serve((request, response) =>
        request.url === '/v3/auth/tokens'
          ? issueToken(response, `t${++issued}`, server.url, 3_600_000)
          : empty(request, response),
      ),
    )
    // A machine whose clock is days off still renews in time.
    const clock = virtualClock({ start: Date.now() - 10 * 86_400_000 })
    const one = source(server.url, { clock })
    await one.list()
    clock.advance(3_530_000)
    await one.list()
    expect(issued).toBe(1)
    clock.advance(11_000)
    await one.list()
    expect(issued).toBe(2)
  })

  it('Keystone echoing the password does not make it public', async () => {
    const server = await opened(
      serve((request, response) => json(response, 400, { error: { code: 400, message: `bad: ${request.body}` } })),
    )
    const error = await refusal(source(server.url).list())
    expect(error).toMatchObject({ code: 'KEYSTONE_BAD_REQUEST' })
    expect(error.message).toContain('[redacted]')
    expectNoSecret(error)
  })

  it('Octavia echoing the token does not make it public', async () => {
    const server = await opened(
      cloud((request, response) => json(response, 500, { faultstring: `no ${request.headers['x-auth-token']}` })),
    )
    const error = await refusal(source(server.url).list())
    expect(error).toMatchObject({ code: 'OCTAVIA_UNAVAILABLE', retryable: true })
    expect(error.message).toContain('no [redacted]')
    expectNoSecret(error)
  })
})

describe('certificates', () => {
  const tls = selfSigned()

  it('of an unknown authority are refused, with the remedy, before anything is sent', async () => {
    const server = await opened(cloud(empty, tls))
    const error = await refusal(source(server.url).list())
    expect(error).toMatchObject({ code: 'KEYSTONE_TLS_FAILED', exit: 3, retryable: false, lostAnswer: false })
    expect(error.tries.join()).toContain('cacert')
    expect(server.received).toEqual([])
  })

  it('of the given authority are accepted', async () => {
    const server = await opened(cloud(empty, tls))
    const trusting = cloudAt(server.url, { ca: tls.certificate })
    expect(await source(server.url, { cloud: trusting }).list()).toEqual([])
  })

  it('of another authority than the given are refused', async () => {
    const server = await opened(cloud(empty, tls))
    const other = cloudAt(server.url, { ca: selfSigned().certificate })
    expect(await refusal(source(server.url, { cloud: other }).list())).toMatchObject({ code: 'KEYSTONE_TLS_FAILED' })
  })

  it('go unchecked only where verify is false', async () => {
    const server = await opened(cloud(empty, tls))
    expect(await source(server.url, { cloud: cloudAt(server.url, { verify: false }) }).list()).toEqual([])
  })
})

describe('answers that are not the API', () => {
  it.each<[string, Handler, string, string]>([
    [
      'HTML',
      (_, response) => void response.end('<html><title>Login</title></html>'),
      'OCTAVIA_UNEXPECTED_SHAPE',
      'the body is not JSON',
    ],
    [
      'another JSON',
      (_, response) => json(response, 200, { versions: [] }),
      'OCTAVIA_UNEXPECTED_SHAPE',
      'loadbalancers is missing',
    ],
    [
      'a list',
      (_, response) => json(response, 200, []),
      'OCTAVIA_UNEXPECTED_SHAPE',
      'answer should be record, and is a list',
    ],
    [
      'a wrong type, deep down',
      (_, response) =>
        json(response, 200, { loadbalancers: [{ ...loadBalancer(world()), additional_vips: [{ ip_address: 7 }] }] }),
      'OCTAVIA_UNEXPECTED_SHAPE',
      'loadbalancers[0].additional_vips[0].ip_address should be string, and is 7',
    ],
    [
      'an unknown status',
      (_, response) =>
        json(response, 200, { loadbalancers: [{ ...loadBalancer(world()), provisioning_status: 'ODD' }] }),
      'OCTAVIA_UNEXPECTED_SHAPE',
      'loadbalancers[0].provisioning_status should be one of ACTIVE, PENDING_CREATE, PENDING_UPDATE, PENDING_DELETE, ERROR, DELETED, and is "ODD"',
    ],
    [
      "a proxy's 404",
      (_, response) => json(response, 404, { message: 'no route' }),
      'OCTAVIA_WRONG_ENDPOINT',
      '404: no route',
    ],
  ])('%s', async (_, handler, code, message) => {
    const server = await opened(cloud(handler))
    const error = await refusal(source(server.url).list())
    expect(error.code).toBe(code)
    expect(error.message).toContain(message)
    expect(error.retryable).toBe(false)
  })

  it("a proxy's 404 for one load balancer never passes for its absence", async () => {
    const server = await opened(cloud((_, response) => json(response, 404, { title: 'Not Found', description: null })))
    expect(await refusal(source(server.url).read(ID))).toMatchObject({ code: 'OCTAVIA_WRONG_ENDPOINT', exit: 3 })
  })

  it('503 is retried, waiting as long as the remote wishes', async () => {
    let asked = 0
    const server = await opened(
      cloud((request, response) =>
        ++asked < 3 ? json(response, 503, {}, { 'retry-after': '7' }) : empty(request, response),
      ),
    )
    const clock = virtualClock({ start: Date.now() })
    const emit = () => {}
    const retry = makeRetry({ clock, random: () => 0, deadline: { at: () => clock.now() + 60_000 }, emit })
    await source(server.url, { clock, retry }).list()
    expect(clock.elapsed()).toBe(14_000)
  })
})

describe('what never reaches the wire', () => {
  it.each(['', 'shop', '../quotas', `${ID}/status`, `${ID}?x=1`, ID.replaceAll('-', ''), `${ID}\n`])(
    'id %j',
    async (id) => {
      const server = await opened(cloud(empty))
      expect(await source(server.url).read(id)).toBeNull()
      expect(server.received).toEqual([])
    },
  )

  it('an id in capitals is the same id', async () => {
    const server = await opened(cloud(({ url }, response) => answer(world(), url.split('?')[0] ?? '', response)))
    expect((await source(server.url).read(ID.toUpperCase()))?.loadbalancer.id).toBe(ID)
  })
})
