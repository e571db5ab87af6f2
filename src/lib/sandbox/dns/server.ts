import { createSocket, type Socket as Datagrams } from 'node:dgram'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { DnsAnswer, Question } from './answer.ts'
import { replyTo } from './message.ts'

/** The sandbox's name server: UDP and TCP on one port of 127.0.0.1. */
export interface NameServer {
  /** `127.0.0.1:5353` */
  readonly address: string
  close(): Promise<void>
}

const HOST = '127.0.0.1'

/** A port that is free for TCP may be taken for UDP: how often another one is tried. */
const TRIES = 20

/** Connections at once, and how long one may be idle, in milliseconds. */
const CONNECTIONS_MAX = 64
const IDLE_MS = 10_000

/**
 * Listens on a free port. Throws what the system says.
 *
 * @param answer what the zones say now
 */
export async function startNameServer(answer: (question: Question) => DnsAnswer): Promise<NameServer> {
  for (let attempt = 1; ; attempt += 1) {
    const streams = createServer()
    streams.maxConnections = CONNECTIONS_MAX
    const open = new Set<Socket>()
    streams.on('connection', (socket) => {
      open.add(socket)
      socket.on('close', () => open.delete(socket))
      serve(socket, answer)
    })
    await new Promise<void>((resolve, reject) => {
      streams.once('error', reject)
      streams.listen(0, HOST, resolve)
    })
    const { port } = streams.address() as AddressInfo
    const datagrams = createSocket('udp4')
    try {
      await bound(datagrams, port)
    } catch (error) {
      datagrams.close()
      await ended(streams)
      if (attempt === TRIES) throw error
      continue
    }
    datagrams.on('message', (message, from) => {
      const reply = replyTo(message, 'udp', answer)
      if (reply !== null) datagrams.send(reply, from.port, from.address, () => undefined)
    })
    // A client that is gone already is no trouble of the server's.
    datagrams.on('error', () => undefined)
    let closed: Promise<unknown> | null = null
    const close = (): Promise<unknown> => {
      for (const socket of open) socket.destroy()
      return Promise.all([ended(streams), new Promise<void>((resolve) => datagrams.close(() => resolve()))])
    }
    return {
      address: `${HOST}:${port}`,
      async close() {
        await (closed ??= close())
      },
    }
  }
}

const bound = (socket: Datagrams, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(port, HOST, () => {
      socket.off('error', reject)
      resolve()
    })
  })

const ended = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()))

/** RFC 1035, 4.2.2: each message after its length; several may come over one connection. */
function serve(socket: Socket, answer: (question: Question) => DnsAnswer): void {
  let waiting = Buffer.alloc(0)
  socket.setTimeout(IDLE_MS, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk])
    while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
      const end = 2 + waiting.readUInt16BE(0)
      const reply = replyTo(waiting.subarray(2, end), 'tcp', answer)
      waiting = waiting.subarray(end)
      if (reply === null) return void socket.destroy()
      const length = Buffer.alloc(2)
      length.writeUInt16BE(reply.length)
      socket.write(Buffer.concat([length, reply]))
    }
  })
}
