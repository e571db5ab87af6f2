import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../../src/lib/ports/clock.ts'
import { awsService, type AwsState, type AwsWorld, initialAws } from '../../src/lib/sandbox/aws/service.ts'

/** A small account: one VPC, three zones. */
export const AWS_WORLD: AwsWorld = {
  accountId: '123456789012',
  region: 'ap-northeast-1',
  vpcs: [{ id: 'vpc-0a1b2c3d4e5f60718', cidrs: ['172.31.0.0/16'] }],
  subnets: ['a', 'c', 'd'].map((zone, at) => ({
    id: `subnet-0a1b2c3d4e5f6071${at}`,
    vpcId: 'vpc-0a1b2c3d4e5f60718',
    availabilityZone: `ap-northeast-1${zone}`,
    cidr: `172.31.${at * 16}.0/20`,
    freeAddresses: 4091,
  })),
  addresses: [],
}

export interface AwsSandbox {
  readonly url: string
  state(): AwsState
  /** What somebody else does meanwhile. */
  change(edit: (state: AwsState) => AwsState): void
  close(): Promise<void>
}

/** The sandbox's AWS on a port of its own, living by `clock`. */
export async function awsSandbox(clock: Clock, world: AwsWorld = AWS_WORLD): Promise<AwsSandbox> {
  let state = initialAws(world, clock.now())
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1')
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
      const wire = {
        method: request.method ?? 'GET',
        path: url.pathname,
        query: url.searchParams,
        headers,
        body: Buffer.concat(chunks).toString(),
        baseUrl: '',
      }
      const answer = awsService(state, wire, { now: clock.now(), down: new Set() })
      state = answer.state
      response.writeHead(answer.response.status, answer.response.headers).end(answer.response.body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    state: () => state,
    change: (edit) => {
      state = edit(state)
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
