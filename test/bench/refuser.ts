import { createServer } from 'node:http'

/** A server that refuses everything at once: what a command costs up to its first answer, without waits or retries. */
const server = createServer((request, response) => {
  request.resume()
  response.writeHead(403, { 'content-type': 'text/plain' }).end('no')
})

server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`${typeof address === 'object' && address !== null ? address.port : ''}\n`)
})
