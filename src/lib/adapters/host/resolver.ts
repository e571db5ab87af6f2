import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { createConnection, isIP } from 'node:net'
import type { DecodedPacket } from 'dns-packet'
import { EXIT, type NyahError, nyahError } from '../../core/errors.ts'
import type { Answer, Resolver } from '../../ports/resolver.ts'
import * as dns from './packet.sdk.ts'

/** RCODEs by their number (RFC 1035, 4.1.1). */
const RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED']

/** Answers that fit into any network without fragments (DNS flag day 2020). */
const DATAGRAM_MAX = 1232

const USUAL_PORT = 53

type Type = Parameters<Resolver['ask']>[2]

interface Asked {
  readonly id: number
  readonly name: string
  readonly type: Type
  readonly message: Buffer
}

/**
 * Asks name servers over UDP, and over TCP what does not fit into a datagram.
 *
 * @param configured the context's `dns.resolver`; null: none
 */
export const createResolver = (configured: string | null): Resolver => ({
  configured,
  async ask(server, name, type, timeoutMs, signal) {
    const late = AbortSignal.timeout(timeoutMs)
    const ended = signal === undefined ? late : AbortSignal.any([late, signal])
    const asked = question(name, type, server === configured)
    try {
      const { host, port } = await placeOf(server, ended)
      const first = await overUdp(asked, host, port, ended)
      return answerOf(first.flag_tc ? await overTcp(asked, host, port, ended) : first, type)
    } catch (error) {
      signal?.throwIfAborted()
      const why = late.aborted ? `no answer in ${timeoutMs / 1000} s` : reasonOf(error)
      throw noAnswer(server, name, type, why)
    }
  },
})

function question(name: string, type: Type, recursive: boolean): Asked {
  const id = randomInt(0x1_0000)
  const message = dns.encode({
    type: 'query',
    id,
    flags: recursive ? dns.RECURSION_DESIRED : 0,
    questions: [{ name, type }],
    additionals: [
      {
        type: 'OPT',
        name: '.',
        udpPayloadSize: DATAGRAM_MAX,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: 0,
        flag_do: false,
        options: [],
      },
    ],
  })
  return { id, name, type, message }
}

/** `ns-1.awsdns-00.com`, `192.0.2.53:5353`, `[2001:db8::53]:53`, `2001:db8::53`. */
async function placeOf(server: string, signal: AbortSignal): Promise<{ readonly host: string; readonly port: number }> {
  const [, six, four, digits] =
    isIP(server) === 6 ? ['', server] : (/^(?:\[([0-9a-fA-F:.]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(server) ?? [])
  const name = six ?? four
  if (name === undefined) throw new Error('it is no name or address of a server')
  const port = digits === undefined ? USUAL_PORT : Number(digits)
  if (isIP(name) !== 0) return { host: name, port }
  // Which knows nothing of signals.
  const { address } = await Promise.race([lookup(name), whenAborted(signal)])
  return { host: address, port }
}

const whenAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const onAbort = (): void => reject(reason(signal))
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })

const reason = (signal: AbortSignal): Error =>
  signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason))

/** A connected socket: hears of a port that is closed, and nobody else than the server. */
function overUdp(
  { message, ...asked }: Asked,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<DecodedPacket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4')
    const onAbort = (): void => end(() => reject(reason(signal)))
    const end = (then: () => void): void => {
      signal.removeEventListener('abort', onAbort)
      socket.close()
      then()
    }
    socket.once('error', (error) => end(() => reject(error)))
    socket.on('message', (bytes: Buffer) => {
      const packet = replyIn(bytes, asked)
      // What is not the answer is somebody's guess: the real one may still come.
      if (packet !== null) end(() => resolve(packet))
    })
    socket.connect(port, host, () => socket.send(message))
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
  })
}

function overTcp(
  { message, ...asked }: Asked,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<DecodedPacket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host, port, signal })
    let came = Buffer.alloc(0)
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the connection ended before the answer')))
    socket.once('connect', () => {
      const length = Buffer.alloc(2)
      length.writeUInt16BE(message.length)
      socket.write(Buffer.concat([length, message]))
    })
    socket.on('data', (chunk: Buffer) => {
      came = Buffer.concat([came, chunk])
      if (came.length < 2 || came.length < 2 + came.readUInt16BE(0)) return
      const packet = replyIn(came.subarray(2, 2 + came.readUInt16BE(0)), asked)
      if (packet === null) reject(new Error('what came over TCP is no answer to it'))
      else resolve(packet)
      socket.destroy()
    })
  })
}

/** Null: no answer to this. */
function replyIn(bytes: Buffer, { id, name, type }: Omit<Asked, 'message'>): DecodedPacket | null {
  try {
    const packet = dns.decode(bytes)
    const [asked] = packet.questions ?? []
    if (!packet.flag_qr || packet.id !== id) return null
    // A server that cannot even read the question does not repeat it.
    if (asked === undefined) return packet
    const plain = (text: string): string => text.toLowerCase().replace(/\.$/, '')
    return plain(asked.name) === plain(name) && asked.type === type ? packet : null
  } catch {
    return null
  }
}

function answerOf(packet: DecodedPacket, type: Type): Answer {
  const code = (packet.flags ?? 0) & 0xf
  const found = (packet.answers ?? []).flatMap((one) => {
    if (one.type !== type) return []
    if (one.type === 'TXT') return [{ value: textOf(one.data), ttl: one.ttl ?? 0 }]
    return typeof one.data === 'string' ? [{ value: one.data.replace(/\.$/, ''), ttl: one.ttl ?? 0 }] : []
  })
  return {
    code: RCODES[code] ?? `RCODE ${code}`,
    values: found.map(({ value }) => value),
    ttl: found.length === 0 ? null : Math.min(...found.map(({ ttl }) => ttl)),
  }
}

/** The strings of a TXT record in a row, as RFC 7208 and everybody since reads them. */
const textOf = (data: string | Buffer | (string | Buffer)[]): string =>
  (Array.isArray(data) ? data : [data]).map((part) => part.toString()).join('')

const reasonOf = (error: unknown): string => {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ECONNREFUSED') return 'nobody listens there'
  if (code === 'ENOTFOUND') return 'there is no such server name'
  return code ?? (error instanceof Error ? error.message : String(error))
}

const noAnswer = (server: string, name: string, type: Type, why: string): NyahError =>
  nyahError({
    code: 'DNS_NO_ANSWER',
    message: `${server} was asked for ${name} ${type}: ${why}`,
    exit: EXIT.remote,
    tries: [
      `dig @${server.replace(/:(\d+)$/, ' -p $1')} ${name} ${type}`,
      'open port 53 (UDP and TCP) to the name servers of the zone',
    ],
    retryable: true,
  })
