import http from 'node:http'
import net, { type AddressInfo } from 'node:net'

/** How a remote can fail whoever asks it. */
export const DEATHS = ['dead', 'hanging', 'refusing'] as const
export type Death = (typeof DEATHS)[number]

export interface DeadRemotes {
  /** What stands there instead of the service. */
  readonly url: Readonly<Record<Death, string>>
  /** Requests that came to those that listen. */
  asked(): number
  close(): Promise<void>
}

/** Three endpoints: nobody listens; a connection is taken and nothing is ever said; everything is forbidden. */
export async function deadRemotes(): Promise<DeadRemotes> {
  let asked = 0
  const sockets = new Set<net.Socket>()
  const hanging = net.createServer((socket) => {
    asked += 1
    sockets.add(socket.on('error', () => undefined))
    socket.on('close', () => sockets.delete(socket))
  })
  const refusing = http.createServer((request, response) => {
    asked += 1
    request.resume()
    const error = '<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error>'
    response
      .writeHead(403, { 'content-type': 'text/xml' })
      .end(`<ErrorResponse>${error}<RequestId>0-0</RequestId></ErrorResponse>`)
  })
  const listening = async (server: net.Server): Promise<string> => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const gone = net.createServer()
  const dead = await listening(gone)
  await new Promise((resolve) => gone.close(resolve))
  return {
    url: { dead, hanging: await listening(hanging), refusing: await listening(refusing) },
    asked: () => asked,
    async close() {
      for (const socket of sockets) socket.destroy()
      refusing.closeAllConnections()
      await Promise.all([hanging, refusing].map((server) => new Promise((resolve) => server.close(resolve))))
    },
  }
}
