import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import * as chain from '../../../src/lib/adapters/aws/credentials.sdk.ts'
import { createDns } from '../../../src/lib/adapters/aws/dns.ts'
import { createHealthChecks } from '../../../src/lib/adapters/aws/health-checks.ts'
import { createRecordSets } from '../../../src/lib/adapters/aws/record-sets.ts'
import { createSession } from '../../../src/lib/adapters/aws/session.ts'
import * as sts from '../../../src/lib/adapters/aws/sts.sdk.ts'
import { virtualClock } from '../../support/clock.ts'
import { type FaultProxy, faultProxy } from '../../support/faults.ts'
import { record } from '../dns/fakes.ts'

/** What Route 53 writes, byte by byte as its API reference shows it: nothing stands behind the proxy. */

const XMLNS = 'https://route53.amazonaws.com/doc/2013-04-01/'
const document = (root: string, inner: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${XMLNS}">${inner}</${root}>`

let proxy: FaultProxy
let deps: Parameters<typeof createRecordSets>[0]

beforeAll(async () => {
  const clock = virtualClock({ settleMs: 0 })
  proxy = await faultProxy('http://127.0.0.1:9')
  const env = { HOME: '/nonexistent', AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: 'secret' }
  const session = createSession({ region: 'ap-northeast-1', endpointUrl: proxy.url, env }, clock, {
    chain: () => Promise.resolve(chain),
    sts: () => Promise.resolve(sts),
  })
  deps = { session, clock, retry: (_what, call) => call() }
})
afterEach(() => {
  const unused = proxy.unused()
  proxy.reset()
  expect(unused).toEqual([])
})
afterAll(() => proxy.close())

const answers = (action: string, ...bodies: readonly string[]): void =>
  proxy.inject(...bodies.map((body) => ({ action, kind: 'body', body }) as const))

const SHOP = record({ setIdentifier: 'octavia', weight: 90 })

describe('a batch that Route 53 refuses', () => {
  const NOT_FOUND =
    "Tried to delete resource record set [name='shop.example.jp.', type='A', set identifier='octavia'] but it was not found"
  const EXISTS =
    "Tried to create resource record set [name='shop.example.jp.', type='A', set identifier='aws'] but it already exists"
  const xml = (text: string): string =>
    text.replaceAll("'", '&apos;').replaceAll('&', '&amp;').replaceAll('&amp;apos', '&apos')
  const messages = (...all: readonly string[]): string =>
    `<Messages>${all.map((one) => `<Message>${xml(one)}</Message>`).join('')}</Messages><RequestId>b25f48e8-84fd</RequestId>`
  const refusal = async (body: string) => {
    proxy.inject({ action: 'ChangeResourceRecordSets', kind: 'body', status: 400, body })
    return createRecordSets(deps)
      .change('Z1', [{ action: 'DELETE', record: SHOP }], 'a test')
      .then(
        () => null,
        (error: unknown) => error,
      )
  }

  it.each([
    ['one message', [NOT_FOUND]],
    ['each of its messages', [NOT_FOUND, EXISTS]],
  ])('without an ErrorResponse around it tells %s', async (_what, all) => {
    expect(await refusal(document('InvalidChangeBatch', messages(...all)))).toMatchObject({
      code: 'DNS_BATCH_REFUSED',
      message: `route53:ChangeResourceRecordSets failed: InvalidChangeBatch: ${all.join('; ')}`,
      retryable: false,
      exit: 7,
      details: { awsCode: 'InvalidChangeBatch', status: 400, requestId: 'b25f48e8-84fd' },
    })
  })

  it('within an ErrorResponse tells the same', async () => {
    const inner = `<Error><Type>Sender</Type><Code>InvalidChangeBatch</Code><Message>${xml(`[${NOT_FOUND}]`)}</Message></Error>`
    expect(await refusal(document('ErrorResponse', `${inner}<RequestId>r-1</RequestId>`))).toMatchObject({
      code: 'DNS_BATCH_REFUSED',
      message: `route53:ChangeResourceRecordSets failed: InvalidChangeBatch: [${NOT_FOUND}]`,
    })
  })

  it('for each of a thousand records tells a few, and how many there are', async () => {
    const all = Array.from({ length: 1000 }, (_, at) => `record ${at} was not found`)
    const { message } = (await refusal(document('InvalidChangeBatch', messages(...all)))) as Error
    expect(message).toContain('record 7 was not found; and 992 more')
    expect(message).not.toContain('record 8 ')
  })
})

describe('a health check', () => {
  const HTTP =
    '<Type>HTTP</Type><IPAddress>203.0.113.11</IPAddress><Port>80</Port><RequestInterval>10</RequestInterval>'
  const ALARM = `<Type>CLOUDWATCH_METRIC</Type><AlarmIdentifier><Region>ap-northeast-1</Region><Name>dx</Name></AlarmIdentifier>
    <InsufficientDataHealthStatus>LastKnownStatus</InsufficientDataHealthStatus>`
  const CONTROL = `<Type>RECOVERY_CONTROL</Type><RoutingControlArn>arn:aws:route53-recovery-control::1:controlpanel/1</RoutingControlArn>`
  const check = (id: string, config: string): string =>
    `<HealthCheck><Id>${id}</Id><CallerReference>r-${id}</CallerReference><HealthCheckConfig>${config}</HealthCheckConfig>
      <HealthCheckVersion>2</HealthCheckVersion></HealthCheck>`

  it('of a type that is not nyah’s is never taken for one that counts others', async () => {
    const all = check('a', HTTP) + check('b', ALARM) + check('c', CONTROL) + check('d', '<Type>OF_TOMORROW</Type>')
    const counted = '<Type>CALCULATED</Type><HealthThreshold>1</HealthThreshold>'
    const children = '<ChildHealthChecks><ChildHealthCheck>a</ChildHealthCheck></ChildHealthChecks>'
    answers(
      'ListHealthChecks',
      document(
        'ListHealthChecksResponse',
        `<HealthChecks>${all}${check('e', counted + children)}</HealthChecks><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems>`,
      ),
    )
    answers('ListTagsForResources', document('ListTagsForResourcesResponse', '<ResourceTagSets></ResourceTagSets>'))
    const read = await createHealthChecks(deps).list()
    expect(read.map(({ type, otherType }) => [type, otherType])).toEqual([
      ['HTTP', null],
      ['OTHER', 'CLOUDWATCH_METRIC'],
      ['OTHER', 'RECOVERY_CONTROL'],
      ['OTHER', 'OF_TOMORROW'],
      ['CALCULATED', null],
    ])
    expect(read[4]).toMatchObject({ children: ['a'], threshold: 1 })
  })
})

describe('the pages', () => {
  const zonesPage = (ids: readonly string[], next: string | null): string =>
    document(
      'ListHostedZonesResponse',
      `<HostedZones>${ids.map((id) => `<HostedZone><Id>/hostedzone/${id}</Id><Name>${id.toLowerCase()}.example.</Name></HostedZone>`).join('')}</HostedZones>
        <IsTruncated>${next !== null}</IsTruncated>${next === null ? '' : `<NextMarker>${next}</NextMarker>`}<MaxItems>1</MaxItems>`,
    )
  const weighted = (name: string, identifier: string): string =>
    `<ResourceRecordSet><Name>${name}</Name><Type>A</Type><SetIdentifier>${identifier}</SetIdentifier><Weight>1</Weight><TTL>60</TTL>
      <ResourceRecords><ResourceRecord><Value>203.0.113.11</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>`
  const recordsPage = (records: string, next: readonly [name: string, identifier: string] | null): string =>
    document(
      'ListResourceRecordSetsResponse',
      `<ResourceRecordSets>${records}</ResourceRecordSets><IsTruncated>${next !== null}</IsTruncated>${
        next === null
          ? ''
          : `<NextRecordName>${next[0]}</NextRecordName><NextRecordType>A</NextRecordType><NextRecordIdentifier>${next[1]}</NextRecordIdentifier>`
      }<MaxItems>300</MaxItems>`,
    )
  const asked = (action: string) => proxy.calls(action).map(({ fields }) => Object.fromEntries(fields))

  it('of zones are all read, for names and for who points at a load balancer', async () => {
    answers('ListHostedZones', zonesPage(['ZA'], 'ZB'), zonesPage(['ZB'], null))
    expect((await createRecordSets(deps).zones()).map(({ id, name }) => [id, name])).toEqual([
      ['ZA', 'za.example'],
      ['ZB', 'zb.example'],
    ])
    expect(asked('ListHostedZones')).toEqual([{}, { marker: 'ZB' }])
    answers('ListHostedZones', zonesPage(['ZA'], 'ZB'), zonesPage(['ZB'], null))
    answers('ListResourceRecordSets', recordsPage('', null), recordsPage('', null))
    expect(await createDns(deps).pointingAt('lb.example')).toEqual([])
    expect(proxy.calls('ListResourceRecordSets')).toHaveLength(2)
  })

  it('of records go on within a weighted set', async () => {
    answers(
      'ListResourceRecordSets',
      recordsPage(weighted('\\052.example.jp.', 'a'), ['\\052.example.jp.', 'b']),
      recordsPage(weighted('\\052.example.jp.', 'b') + weighted('shop.example.jp.', 'a'), null),
    )
    const all = await createRecordSets(deps).records('Z1')
    expect(all.map(({ name, setIdentifier }) => [name, setIdentifier])).toEqual([
      ['*.example.jp', 'a'],
      ['*.example.jp', 'b'],
      ['shop.example.jp', 'a'],
    ])
    expect(asked('ListResourceRecordSets')).toEqual([
      { maxitems: '300' },
      { maxitems: '300', name: '\\052.example.jp.', type: 'A', identifier: 'b' },
    ])
  })

  it('of one name end where the next name begins', async () => {
    answers(
      'ListResourceRecordSets',
      recordsPage(weighted('shop.example.jp.', 'a'), ['shop.example.jp.', 'b']),
      recordsPage(weighted('shop.example.jp.', 'b') + weighted('www.example.jp.', 'a'), ['www.example.jp.', 'b']),
    )
    const its = await createRecordSets(deps).recordsOf('Z1', ['shop.example.jp'])
    expect(its.map(({ setIdentifier }) => setIdentifier)).toEqual(['a', 'b'])
    expect(asked('ListResourceRecordSets')[0]).toEqual({ maxitems: '300', name: 'shop.example.jp.' })
  })
})
