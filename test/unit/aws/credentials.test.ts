import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { Keys, Providers } from '../../../src/lib/adapters/aws/credentials.ts'
import { createMirrors } from '../../../src/lib/adapters/aws/mirrors.ts'
import { createSession } from '../../../src/lib/adapters/aws/session.ts'
import type { AwsOptions } from '../../../src/lib/adapters/aws/settings.ts'
import * as sts from '../../../src/lib/adapters/aws/sts.sdk.ts'
import { awsSandbox } from '../../support/aws-sandbox.ts'
import { virtualClock } from '../../support/clock.ts'
import { faultProxy } from '../../support/faults.ts'

const region = 'ap-northeast-1'
const ROLE = 'arn:aws:iam::123456789012:role/nyah'
const KEYS = { AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: 'secret' }

interface Asked {
  readonly profile?: string
  readonly timeout?: number
}

/** What was loaded of the SDK, and providers that answer as told. */
function loaders(provide: (asked: Asked) => Promise<Keys> = () => Promise.reject(new Error('nothing to be loaded'))) {
  const loaded: string[] = []
  const providers: Providers = {
    fromNodeProviderChain: (options) => () => provide(options),
    fromIni: (options) => () => provide(options),
  }
  return {
    loaded,
    load: {
      chain: () => {
        loaded.push('chain')
        return Promise.resolve(providers)
      },
      sts: () => {
        loaded.push('sts')
        return Promise.resolve(sts)
      },
    },
  }
}

describe('credentials', () => {
  const closing: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0)) await close()
  })

  async function scene(options: Partial<AwsOptions> = {}, provide?: Parameters<typeof loaders>[0]) {
    const clock = virtualClock()
    const sandbox = await awsSandbox(clock)
    const proxy = await faultProxy(sandbox.url)
    closing.push(proxy.close, sandbox.close)
    const { loaded, load } = loaders(provide)
    const env = { HOME: '/nonexistent', ...KEYS, ...options.env }
    const session = createSession({ region, endpointUrl: proxy.url, ...options, env }, clock, load)
    const mirrors = createMirrors({ session, clock, retry: (_what, call) => call() })
    return { clock, proxy, loaded, mirrors }
  }

  it('takes keys of the environment without loading the chain or STS', async () => {
    const { mirrors, loaded } = await scene()
    expect(await mirrors.list()).toEqual([])
    expect(loaded).toEqual([])
  })

  it('asks the chain when the environment has no keys, or a profile is named', async () => {
    const seen: Asked[] = []
    const provide = (asked: Asked): Promise<Keys> => {
      seen.push(asked)
      return Promise.resolve({ accessKeyId: 'AKIACHAIN', secretAccessKey: 's' })
    }
    const bare = await scene({ env: { AWS_ACCESS_KEY_ID: '' } }, provide)
    await bare.mirrors.list()
    const named = await scene({ profile: 'prod' }, provide)
    await named.mirrors.list()
    expect([bare.loaded, named.loaded]).toEqual([['chain'], ['chain']])
    expect(seen[0]).toMatchObject({ timeout: 1000, maxRetries: 1 })
    expect(seen[0]).not.toHaveProperty('profile')
    expect(seen[1]).toMatchObject({ profile: 'prod' })
    await named.mirrors.check()
    expect(seen).toHaveLength(2)
  })

  it.each([
    ['Could not load credentials from any providers', /Could not load credentials/],
    ['The SSO session associated with this profile has expired\nstack', /SSO session .* expired$/],
    ['Command failed: get-keys --password hunter2\nsecret on stderr', /credential_process failed$/],
  ])('finds no credentials: %s', async (message, said) => {
    const { mirrors } = await scene({ profile: 'prod' }, () =>
      Promise.reject(Object.assign(new Error(message), { name: 'CredentialsProviderError' })),
    )
    const error = await mirrors.list().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 'AWS_NO_CREDENTIALS',
      exit: 3,
      retryable: false,
      message: expect.stringMatching(said),
    })
    expect(JSON.stringify(error) + String(error)).not.toMatch(/hunter2|stderr/)
  })

  it('assumes a role once for all, with the external id, and again shortly before the end', async () => {
    const { mirrors, proxy, clock, loaded } = await scene({ assumeRole: { arn: ROLE, externalId: 'corp-7' } })
    await Promise.all([mirrors.list(), mirrors.list(), mirrors.check()])
    expect((await mirrors.check()).arn).toBe('arn:aws:sts::123456789012:assumed-role/nyah/nyah')
    expect(proxy.calls('AssumeRole')).toHaveLength(1)
    expect(proxy.calls('AssumeRole')[0]!.fields.get('ExternalId')).toBe('corp-7')
    expect(new Set(loaded)).toEqual(new Set(['sts']))
    clock.advance(54 * 60_000)
    await mirrors.list()
    expect(proxy.calls('AssumeRole')).toHaveLength(1)
    clock.advance(2 * 60_000)
    await mirrors.list()
    expect(proxy.calls('AssumeRole')).toHaveLength(2)
  })

  it('goes on with valid keys while STS fails, and not with those that ended', async () => {
    const { mirrors, proxy, clock } = await scene({ assumeRole: { arn: ROLE } })
    await mirrors.list()
    clock.advance(57 * 60_000)
    proxy.inject({ action: 'AssumeRole', kind: 'error', code: 'ServiceUnavailable', status: 503, times: 9 })
    expect(await mirrors.list()).toEqual([])
    clock.advance(4 * 60_000)
    await expect(mirrors.list()).rejects.toMatchObject({ code: 'AWS_UNAVAILABLE', retryable: true })
  })

  it('says that the role is denied, and which action that is', async () => {
    const { mirrors } = await scene({ assumeRole: { arn: 'arn:aws:iam::999999999999:role/other' } })
    await expect(mirrors.list()).rejects.toMatchObject({
      code: 'AWS_ACCESS_DENIED',
      exit: 7,
      details: { action: 'sts:AssumeRole' },
    })
  })

  it('says that the credentials are refused, without what AWS says about them', async () => {
    const { mirrors, proxy } = await scene()
    proxy.inject({
      action: 'GetCallerIdentity',
      kind: 'error',
      code: 'SignatureDoesNotMatch',
      status: 403,
      message: 'x-amz-security-token:TOP',
    })
    await expect(mirrors.check()).rejects.toMatchObject({
      code: 'AWS_CREDENTIALS_REFUSED',
      exit: 3,
      message: expect.not.stringContaining('TOP'),
    })
  })

  describe('over plain http', () => {
    const outside = { env: { AWS_SESSION_TOKEN: 'token' }, endpointUrl: 'http://192.0.2.1:4510' }

    it('temporary credentials do not leave this machine', async () => {
      const { mirrors } = await scene(outside)
      for (const call of [mirrors.list(), mirrors.check(), mirrors.deleteLoadBalancer('arn')]) {
        await expect(call).rejects.toMatchObject({ code: 'AWS_INSECURE_ENDPOINT', exit: 3, retryable: false })
      }
    })

    it('nor are any asked for there: the answer would hold them', async () => {
      const { mirrors } = await scene({ assumeRole: { arn: ROLE }, endpointUrl: 'http://192.0.2.1:4510' })
      await expect(mirrors.list()).rejects.toMatchObject({ code: 'AWS_INSECURE_ENDPOINT' })
    })

    it('on this machine they may', async () => {
      const { mirrors } = await scene({ env: { AWS_SESSION_TOKEN: 'token' } })
      expect(await mirrors.list()).toEqual([])
    })
  })

  it('reads no endless answer', async () => {
    const chunk = 'x'.repeat(1024 * 1024)
    const server = http.createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/xml' })
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => new Promise((resolve) => (server.close(() => resolve()), server.closeAllConnections())))
    const { mirrors } = await scene({ endpointUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
    await expect(mirrors.list()).rejects.toMatchObject({ code: 'AWS_TOO_LONG', exit: 7 })
  })

  it('takes no web page for an empty list', async () => {
    const server = http.createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' })
      response.end('\n<!DOCTYPE html><html><body>Please log in</body></html>')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => new Promise((resolve) => (server.close(() => resolve()), server.closeAllConnections())))
    const { mirrors } = await scene({ endpointUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
    await expect(mirrors.list()).rejects.toMatchObject({
      code: 'AWS_UNEXPECTED_ANSWER',
      message: 'the answer is a web page, not an answer of AWS',
      exit: 7,
    })
  })

  it('notices an answer that breaks off in the middle', async () => {
    const server = http.createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/xml', 'content-length': '1000' })
      response.write('<DescribeLoadBalancersResponse>')
      setTimeout(() => response.destroy(), 5)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => new Promise((resolve) => (server.close(() => resolve()), server.closeAllConnections())))
    const { mirrors } = await scene({ endpointUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
    await expect(mirrors.list()).rejects.toMatchObject({ code: 'AWS_UNREACHABLE', retryable: true })
  })
})
