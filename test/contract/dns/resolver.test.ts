import { createServer } from 'node:net'
import { createSocket } from 'node:dgram'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createResolver } from '../../../src/lib/adapters/host/resolver.ts'
import { zoneOf, type RecordSeed } from '../../../src/lib/sandbox/aws/route53-state.ts'
import { startSandbox, type Sandbox } from '../../../src/lib/sandbox/server.ts'
import { virtualClock } from '../../support/clock.ts'

/** The Resolver port against the sandbox's name server, over real sockets. */

const clock = virtualClock()
const resolver = createResolver(null)
let sandbox: Sandbox

const LONG = Array.from({ length: 9 }, (_, at) => `"${String(at).repeat(200)}"`)
const RECORDS: readonly RecordSeed[] = [
  { name: 'a.nyah-test.example', type: 'A', ttl: 60, values: ['203.0.113.7'] },
  { name: 'six.nyah-test.example', type: 'AAAA', ttl: 300, values: ['2001:db8::7'] },
  { name: 'c.nyah-test.example', type: 'CNAME', ttl: 120, values: ['a.nyah-test.example.'] },
  { name: 't.nyah-test.example', type: 'TXT', ttl: 60, values: ['"heritage=x,y=" "z \\"q\\""'] },
  { name: 'long.nyah-test.example', type: 'TXT', ttl: 60, values: LONG },
  { name: '*.w.nyah-test.example', type: 'A', ttl: 60, values: ['203.0.113.8'] },
]

beforeAll(async () => {
  let drawn = 0
  sandbox = await startSandbox({ clock, random: () => (drawn++ % 10) / 10 })
  sandbox.change((state) => ({
    ...state,
    aws: {
      ...state.aws,
      zones: {
        ...state.aws.zones,
        Z1: zoneOf({ id: 'Z1', name: 'nyah-test.example', records: RECORDS }),
        Z2: zoneOf({
          id: 'Z2',
          name: 'inside.nyah-test.example',
          private: true,
          records: [{ name: 'p.inside.nyah-test.example', type: 'A', ttl: 60, values: ['10.20.0.1'] }],
        }),
      },
    },
  }))
})
afterAll(() => sandbox.close())

const ask = (name: string, type: 'A' | 'AAAA' | 'CNAME' | 'TXT') => resolver.ask(sandbox.nameServer, name, type, 2_000)

describe('a name server', () => {
  it.each([
    ['a.nyah-test.example', 'A', ['203.0.113.7'], 60],
    ['A.nyah-TEST.example.', 'A', ['203.0.113.7'], 60],
    ['six.nyah-test.example', 'AAAA', ['2001:db8::7'], 300],
    ['c.nyah-test.example', 'CNAME', ['a.nyah-test.example'], 120],
    ['c.nyah-test.example', 'A', ['203.0.113.7'], 60],
    ['t.nyah-test.example', 'TXT', ['heritage=x,y=z "q"'], 60],
    ['any.w.nyah-test.example', 'A', ['203.0.113.8'], 60],
    ['p.inside.nyah-test.example', 'A', ['10.20.0.1'], 60],
  ] as const)('%s %s', async (name, type, values, ttl) => {
    expect(await ask(name, type)).toEqual({ code: 'NOERROR', values, ttl })
  })

  it('is asked over TCP for what does not fit into a datagram', async () => {
    const { values } = await ask('long.nyah-test.example', 'TXT')
    expect(values.map(({ length }) => length)).toEqual(LONG.map(() => 200))
  })

  it('says what is not there, and what is not its own', async () => {
    expect(await ask('none.nyah-test.example', 'A')).toEqual({ code: 'NXDOMAIN', values: [], ttl: null })
    expect(await ask('a.nyah-test.example', 'AAAA')).toEqual({ code: 'NOERROR', values: [], ttl: null })
    expect(await ask('example.org', 'A')).toEqual({ code: 'REFUSED', values: [], ttl: null })
  })

  it('goes on after garbage, over UDP and TCP', async () => {
    const [host = '', port = ''] = sandbox.nameServer.split(':')
    const udp = createSocket('udp4')
    for (const bytes of ['', 'x', '\u0000'.repeat(12), '\u00ff'.repeat(700)])
      await new Promise((resolve) => udp.send(Buffer.from(bytes, 'latin1'), Number(port), host, resolve))
    udp.close()
    const { connect } = await import('node:net')
    const tcp = connect(Number(port), host)
    tcp.on('error', () => undefined)
    await new Promise<void>((resolve) => {
      tcp.once('close', () => resolve())
      tcp.write(Buffer.from([0, 3, 1, 2, 3]))
    })
    expect(await ask('a.nyah-test.example', 'A')).toMatchObject({ code: 'NOERROR' })
  })
})

describe('who does not answer', () => {
  it('nobody listens there', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as { port: number }
    await expect(resolver.ask(`127.0.0.1:${port}`, 'a.example', 'A', 2_000)).rejects.toMatchObject({
      code: 'DNS_NO_ANSWER',
      retryable: true,
      message: expect.stringContaining('nobody listens there'),
    })
    taken.close()
  })

  it('is given up after the time, and at once when it is no longer wanted', async () => {
    const silent = createSocket('udp4')
    await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve))
    const server = `127.0.0.1:${silent.address().port}`
    await expect(resolver.ask(server, 'a.example', 'A', 50)).rejects.toMatchObject({
      code: 'DNS_NO_ANSWER',
      message: expect.stringContaining('no answer in 0.05 s'),
    })
    const stop = new AbortController()
    const asked = resolver.ask(server, 'a.example', 'A', 10_000, stop.signal)
    stop.abort(new Error('enough'))
    await expect(asked).rejects.toThrow('enough')
    silent.close()
  })

  it('takes only the answer to its own question', async () => {
    const liar = createSocket('udp4')
    liar.on('message', (message, from) => {
      const reply = Buffer.from(message)
      reply.writeUInt16BE(0x8400, 2)
      const other = Buffer.from(reply)
      other.writeUInt16BE(reply.readUInt16BE(0) ^ 1, 0)
      liar.send(other, from.port, from.address)
    })
    await new Promise<void>((resolve) => liar.bind(0, '127.0.0.1', resolve))
    await expect(resolver.ask(`127.0.0.1:${liar.address().port}`, 'a.example', 'A', 100)).rejects.toMatchObject({
      code: 'DNS_NO_ANSWER',
    })
    liar.close()
  })

  it.each(['', 'a b:c:d', '[::1'])('no server: %j', async (server) => {
    await expect(resolver.ask(server, 'a.example', 'A', 200)).rejects.toMatchObject({ code: 'DNS_NO_ANSWER' })
  })

  it('a configured resolver is asked with recursion', async () => {
    const heard: number[] = []
    const one = createSocket('udp4')
    one.on('message', (message) => heard.push(message.readUInt16BE(2)))
    await new Promise<void>((resolve) => one.bind(0, '127.0.0.1', resolve))
    const server = `127.0.0.1:${one.address().port}`
    for (const configured of [server, null])
      await createResolver(configured)
        .ask(server, 'a.example', 'A', 50)
        .catch(() => undefined)
    expect(heard).toEqual([0x0100, 0])
    one.close()
  })
})
