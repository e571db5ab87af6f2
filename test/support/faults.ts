import http from 'node:http'
import type { AddressInfo } from 'node:net'

/** What to do with requests of one AWS action, `times` times (default 1). */
export interface Fault {
  /** An API name, `CreateListener`, or a pattern of names. */
  readonly action: string | RegExp
  readonly times?: number
  /**
   * `drop-before`: cut the connection, nothing happened. `drop-after`: let it happen, then cut the connection.
   * `delay`: answer `ms` later. `hang`: never answer. `error`: answer with this AWS error, nothing happened. `status`: an answer that is no XML. `body`: answer with these bytes.
   */
  readonly kind: 'drop-before' | 'drop-after' | 'delay' | 'hang' | 'error' | 'status' | 'body'
  readonly body?: string
  readonly ms?: number
  readonly code?: string
  readonly message?: string
  readonly status?: number
}

export interface SeenCall {
  readonly action: string
  /** The form fields of the request; of a GET its query. */
  readonly fields: URLSearchParams
  /** Of the answer; null: cut off. */
  status: number | null
}

export interface FaultProxy {
  readonly url: string
  inject(...faults: Fault[]): void
  /** Forgets faults and calls. */
  reset(): void
  calls(action?: string): readonly SeenCall[]
  /** Faults that never met a request: a test that injects one wants it to happen. */
  unused(): readonly Fault[]
  close(): Promise<void>
}

/** A proxy in front of an AWS endpoint that speaks the query protocol (ELBv2, EC2, STS, IAM), or Route 53, in the same process. */
export async function faultProxy(upstream: string): Promise<FaultProxy> {
  const target = new URL(upstream)
  let faults: { fault: Fault; left: number }[] = []
  let calls: SeenCall[] = []

  const pick = (action: string): Fault | null => {
    const found = faults.find(
      ({ fault, left }) =>
        left > 0 && (typeof fault.action === 'string' ? fault.action === action : fault.action.test(action)),
    )
    if (found === undefined) return null
    found.left -= 1
    return found.fault
  }

  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const fields = new URLSearchParams(body.length > 0 ? body.toString() : request.url?.split('?')[1])
      const call: SeenCall = {
        action: fields.get('Action') ?? restAction(request.method, request.url),
        fields,
        status: null,
      }
      calls.push(call)
      const fault = pick(call.action)
      if (fault?.kind === 'drop-before') return void request.socket.destroy()
      if (fault?.kind === 'hang') return
      if (fault?.kind === 'status') {
        call.status = fault.status ?? 502
        return void response
          .writeHead(call.status, { 'content-type': 'text/html' })
          .end('<html><body>Bad gateway</body></html>')
      }
      if (fault?.kind === 'body') {
        call.status = fault.status ?? 200
        return void response.writeHead(call.status, { 'content-type': 'text/xml' }).end(fault.body)
      }
      if (fault?.kind === 'error') {
        call.status = fault.status ?? 400
        const text = errorBody(
          request.headers.authorization ?? '',
          fault.code ?? 'Throttling',
          fault.message ?? 'injected',
        )
        return void response.writeHead(call.status, { 'content-type': 'text/xml' }).end(text)
      }
      const forward = () => {
        const onward = http.request(
          {
            host: target.hostname,
            port: target.port,
            method: request.method,
            path: target.pathname.replace(/\/$/, '') + (request.url ?? '/'),
            headers: { ...request.headers, host: target.host },
          },
          (answer) => {
            const parts: Buffer[] = []
            answer.on('data', (part: Buffer) => parts.push(part))
            answer.on('end', () => {
              if (fault?.kind === 'drop-after') return void request.socket.destroy()
              call.status = answer.statusCode ?? 0
              response.writeHead(answer.statusCode ?? 502, answer.headers).end(Buffer.concat(parts))
            })
          },
        )
        onward.on('error', () => request.socket.destroy())
        onward.end(body)
      }
      if (fault?.kind === 'delay') setTimeout(forward, fault.ms ?? 20)
      else forward()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    inject: (...more) => void faults.push(...more.map((fault) => ({ fault, left: fault.times ?? 1 }))),
    reset: () => {
      faults = []
      calls = []
    },
    calls: (action) => calls.filter((call) => action === undefined || call.action === action),
    unused: () => faults.filter(({ left }) => left > 0).map(({ fault }) => fault),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** What a request to Route 53 does: it stands in its path. */
function restAction(method = '', url = ''): string {
  const path = url.split('?')[0] ?? ''
  return REST.find(([asked, pattern]) => asked === method && pattern.test(path))?.[2] ?? ''
}

const REST: readonly (readonly [string, RegExp, string])[] = [
  ['GET', /\/hostedzone\/?$/, 'ListHostedZones'],
  ['GET', /\/hostedzone\/[^/]+\/?$/, 'GetHostedZone'],
  ['GET', /\/hostedzone\/[^/]+\/rrset\/?$/, 'ListResourceRecordSets'],
  ['POST', /\/hostedzone\/[^/]+\/rrset\/?$/, 'ChangeResourceRecordSets'],
  ['GET', /protection/i, 'ListResourceRecordSetProtections'],
  ['GET', /\/change\/[^/]+\/?$/, 'GetChange'],
  ['GET', /\/healthcheck\/?$/, 'ListHealthChecks'],
  ['GET', /\/healthcheck\/[^/]+\/status\/?$/, 'GetHealthCheckStatus'],
  ['POST', /\/tags\/healthcheck\/?$/, 'ListTagsForResources'],
  ['POST', /\/tags\/healthcheck\/[^/]+\/?$/, 'ChangeTagsForResource'],
  ['POST', /\/healthcheck\/?$/, 'CreateHealthCheck'],
  ['POST', /\/healthcheck\/[^/]+\/?$/, 'UpdateHealthCheck'],
  ['DELETE', /\/healthcheck\/[^/]+\/?$/, 'DeleteHealthCheck'],
]

/** EC2 wraps its errors otherwise than the rest. */
function errorBody(authorization: string, code: string, message: string): string {
  return /\/ec2\/aws4_request/.test(authorization)
    ? `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>0-0</RequestID></Response>`
    : `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>0-0</RequestId></ErrorResponse>`
}
