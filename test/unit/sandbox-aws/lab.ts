import type { AddressInfo } from 'node:net'
import { createServer } from 'node:http'
import { EC2Client } from '@aws-sdk/client-ec2'
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2'
import { STSClient } from '@aws-sdk/client-sts'
import { s3 } from '../../../src/lib/sandbox/aws/s3.ts'
import { awsService } from '../../../src/lib/sandbox/aws/service.ts'
import type { AwsState, AwsWorld } from '../../../src/lib/sandbox/aws/state.ts'
import { initialAws } from '../../../src/lib/sandbox/aws/state.ts'

export const START = Date.parse('2026-11-22T00:00:00Z')

export const WORLD: AwsWorld = {
  accountId: '123456789012',
  region: 'ap-northeast-1',
  vpcs: [
    { id: 'vpc-0a1b2c3d', cidrs: ['10.100.0.0/16', '10.101.0.0/16'] },
    { id: 'vpc-0bbbbbbb', cidrs: ['10.200.0.0/16'] },
  ],
  subnets: [
    {
      id: 'subnet-0a',
      vpcId: 'vpc-0a1b2c3d',
      availabilityZone: 'ap-northeast-1a',
      cidr: '10.100.1.0/24',
      freeAddresses: 200,
    },
    {
      id: 'subnet-0a2',
      vpcId: 'vpc-0a1b2c3d',
      availabilityZone: 'ap-northeast-1a',
      cidr: '10.100.2.0/24',
      freeAddresses: 200,
    },
    {
      id: 'subnet-0c',
      vpcId: 'vpc-0a1b2c3d',
      availabilityZone: 'ap-northeast-1c',
      cidr: '10.100.3.0/24',
      freeAddresses: 200,
    },
    {
      id: 'subnet-0d',
      vpcId: 'vpc-0a1b2c3d',
      availabilityZone: 'ap-northeast-1d',
      cidr: '10.100.4.0/24',
      freeAddresses: 0,
    },
    {
      id: 'subnet-0b',
      vpcId: 'vpc-0bbbbbbb',
      availabilityZone: 'ap-northeast-1a',
      cidr: '10.200.1.0/24',
      freeAddresses: 200,
    },
  ],
  addresses: [
    { allocationId: 'eipalloc-1', publicIp: '203.0.113.1' },
    { allocationId: 'eipalloc-2', publicIp: '203.0.113.2' },
  ],
}

export const VPC = 'vpc-0a1b2c3d'

export type Lab = Awaited<ReturnType<typeof startLab>>

/** The service behind a real socket, for the real SDK; time and silent hosts are the test's to move. */
export async function startLab(world: AwsWorld = WORLD) {
  const surroundings = { now: START, down: new Set<string>() }
  let state: AwsState = initialAws(world, START)
  const server = createServer((request, answer) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://sandbox')
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
      // What a saved file would give back.
      const saved = JSON.parse(JSON.stringify(state)) as AwsState
      const wire = {
        method: request.method ?? 'GET',
        path: url.pathname.replace(/^\/s3(?=\/)/, ''),
        query: url.searchParams,
        headers,
        body: Buffer.concat(chunks).toString(),
        baseUrl: 'http://sandbox',
      }
      const service = url.pathname.startsWith('/s3/') ? s3 : awsService
      const result = service(saved, wire, surroundings)
      state = result.state
      answer.writeHead(result.response.status, result.response.headers).end(result.response.body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = {
    endpoint,
    region: world.region,
    maxAttempts: 1,
    credentials: { accessKeyId: 'AKIDSANDBOX', secretAccessKey: 'sandbox' },
  }
  return {
    endpoint,
    surroundings,
    client,
    state: () => state,
    reset: () => {
      state = initialAws(world, START)
      surroundings.now = START
      surroundings.down = new Set()
    },
    pass: (seconds: number) => {
      surroundings.now += seconds * 1000
    },
    elb: new ElasticLoadBalancingV2Client(client),
    ec2: new EC2Client(client),
    sts: new STSClient(client),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** `name: message` of what a call threw. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call
  } catch (error) {
    if (error instanceof Error) return `${error.name}: ${error.message}`
  }
  return 'accepted'
}
