import { CreateHealthCheckCommand, ListHealthChecksCommand, Route53Client } from '@aws-sdk/client-route-53'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { checkVerdict } from '../../../src/lib/sandbox/aws/route53-verdict.ts'
import type { Lab } from './lab.ts'
import { refusal, startLab, WORLD } from './lab.ts'

let lab: Lab
let client: S3Client
const s3At = (at: Lab, region: string) =>
  new S3Client({ ...at.client, endpoint: `${at.endpoint}/s3`, region, forcePathStyle: true })

beforeAll(async () => {
  lab = await startLab({
    ...WORLD,
    buckets: [
      { name: 'open', region: 'ap-northeast-3', publicRead: true },
      { name: 'closed', region: 'ap-northeast-3' },
    ],
  })
  client = s3At(lab, 'ap-northeast-3')
})
beforeEach(() => lab.reset())
afterAll(async () => {
  client.destroy()
  await lab.close()
})

const at = (Key: string, Bucket = 'open') => ({ Bucket, Key })
const put = (Key: string, Bucket?: string) => client.send(new PutObjectCommand({ ...at(Key, Bucket), Body: 'on\n' }))
const head = (Key: string, Bucket?: string) => client.send(new HeadObjectCommand(at(Key, Bucket)))
const remove = (Key: string, Bucket?: string) => client.send(new DeleteObjectCommand(at(Key, Bucket)))

describe('objects', () => {
  it('are written, looked at, read and deleted', async () => {
    const key = 'nyah/切替 1'
    expect(await refusal(head(key))).toMatch(/^NotFound/)
    const { ETag } = await put(key)
    expect(await head(key)).toMatchObject({ ETag, LastModified: new Date(lab.surroundings.now), ContentLength: 3 })
    const { Body } = await client.send(new GetObjectCommand(at(key)))
    expect(await Body?.transformToString()).toBe('on\n')
    const once = new PutObjectCommand({ ...at(key), Body: 'on', IfNoneMatch: '*' })
    expect(await refusal(client.send(once))).toMatch(/^PreconditionFailed/)
    await remove(key)
    await remove(key)
    expect(await refusal(client.send(new GetObjectCommand(at(key))))).toMatch(/^NoSuchKey/)
  })

  it('are in a bucket, and in its Region', async () => {
    expect((await client.send(new HeadBucketCommand({ Bucket: 'open' }))).BucketRegion).toBe('ap-northeast-3')
    expect(await refusal(put('x', 'none'))).toMatch(/^NoSuchBucket/)
    expect(await refusal(client.send(new ListObjectsV2Command({ Bucket: 'open' })))).toMatch(/^NotImplemented/)
    const elsewhere = s3At(lab, 'us-west-2')
    expect(await refusal(elsewhere.send(new PutObjectCommand({ ...at('x'), Body: 'on' })))).toMatch(
      /^AuthorizationHeaderMalformed: .*'us-west-2' is wrong; expecting 'ap-northeast-3'/,
    )
    elsewhere.destroy()
  })

  it('are read without a signature only where everybody may', async () => {
    await put('x')
    await put('x', 'closed')
    const plain = async (path: string, method = 'GET') => (await fetch(`${lab.endpoint}/s3/${path}`, { method })).status
    expect(await plain('open/x')).toBe(200)
    expect(await plain('open/y')).toBe(404)
    expect(await plain('open/x', 'DELETE')).toBe(403)
    expect(await plain('closed/x')).toBe(403)
  })

  it('are written by whom a policy lets, and what is not there is 403 without a list', async () => {
    const own = await startLab({
      ...WORLD,
      buckets: [{ name: 'open', region: 'ap-northeast-1' }],
      policy: {
        Statement: [{ Effect: 'Allow', Action: ['s3:PutObject', 's3:GetObject'], Resource: 'arn:aws:s3:::open/a' }],
      },
    })
    const other = s3At(own, 'ap-northeast-1')
    expect(await refusal(other.send(new HeadObjectCommand(at('a'))))).toMatch(/^Unknown/)
    expect(await refusal(other.send(new PutObjectCommand({ ...at('a'), Body: 'on' })))).toBe('accepted')
    expect(await refusal(other.send(new HeadObjectCommand(at('a'))))).toBe('accepted')
    expect(await refusal(other.send(new PutObjectCommand({ ...at('b'), Body: 'on' })))).toMatch(/^AccessDenied/)
    expect(await refusal(other.send(new DeleteObjectCommand(at('a'))))).toMatch(/^AccessDenied/)
    other.destroy()
    await own.close()
  })
})

describe('a health check of an object', () => {
  const route53 = () => new Route53Client(lab.client)
  const check = async (bucket: string, Inverted: boolean) => {
    const config = {
      Type: 'HTTPS' as const,
      FullyQualifiedDomainName: `${bucket}.s3.ap-northeast-3.amazonaws.com`,
      ResourcePath: '/nyah/switch',
      RequestInterval: 10,
      Inverted,
    }
    const made = await route53().send(new CreateHealthCheckCommand({ CallerReference: 'x', HealthCheckConfig: config }))
    return made.HealthCheck?.Id ?? ''
  }
  const verdict = (id: string) => checkVerdict(lab.state(), id, lab.surroundings.now, lab.surroundings.down)

  it('is good while it is there; inverted, while it is not', async () => {
    const id = await check('open', true)
    // Until there is enough to know better, an inverted one is unhealthy.
    expect(verdict(id)).toBe('unhealthy')
    lab.pass(30)
    expect(verdict(id)).toBe('healthy')
    await put('nyah/switch')
    lab.pass(29)
    expect(verdict(id)).toBe('healthy')
    lab.pass(1)
    expect(verdict(id)).toBe('unhealthy')
    await remove('nyah/switch')
    lab.pass(30)
    expect(verdict(id)).toBe('healthy')
    const unreachable = new Set(['open.s3.ap-northeast-3.amazonaws.com:443'])
    await put('nyah/switch')
    lab.surroundings.down = unreachable
    await route53().send(new ListHealthChecksCommand({}))
    lab.pass(60)
    expect(verdict(id)).toBe('healthy')
  })

  it('sees nothing in a bucket that not everybody may read', async () => {
    const id = await check('closed', false)
    await put('nyah/switch', 'closed')
    lab.pass(30)
    expect(verdict(id)).toBe('unhealthy')
  })
})
