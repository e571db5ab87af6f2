import {
  type ChangeAction,
  ChangeResourceRecordSetsCommand,
  CreateHealthCheckCommand,
  ListHostedZonesCommand,
  ListResourceRecordSetsCommand,
  type ResourceRecordSet,
  Route53Client,
} from '@aws-sdk/client-route-53'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parseXml } from '../../../src/lib/sandbox/aws/xml-read.ts'
import type { Lab } from './lab.ts'
import { refusal, startLab, WORLD } from './lab.ts'

let lab: Lab
let client: Route53Client
beforeAll(async () => {
  lab = await startLab({
    ...WORLD,
    hostedZones: [
      { id: 'Z1', name: 'example.jp' },
      { id: 'Z2', name: 'Internal.Example.jp.', private: true },
    ],
  })
  client = new Route53Client(lab.client)
})
beforeEach(() => lab.reset())
afterAll(async () => {
  client.destroy()
  await lab.close()
})

type Step = readonly [ChangeAction, ResourceRecordSet]
const change = (...steps: readonly Step[]) =>
  refusal(
    client.send(
      new ChangeResourceRecordSetsCommand({
        HostedZoneId: 'Z1',
        ChangeBatch: { Changes: steps.map(([Action, ResourceRecordSet]) => ({ Action, ResourceRecordSet })) },
      }),
    ),
  )
const record = (Name: string, more: Partial<ResourceRecordSet> = {}): ResourceRecordSet => ({
  Name,
  Type: 'A',
  TTL: 60,
  ResourceRecords: [{ Value: '10.0.0.1' }],
  ...more,
})
const alias = (Name: string, more: Partial<ResourceRecordSet> = {}): ResourceRecordSet => ({
  Name,
  Type: 'A',
  AliasTarget: { HostedZoneId: 'Z9', DNSName: 'lb.example.', EvaluateTargetHealth: true },
  ...more,
})
const listed = async (input: Partial<{ MaxItems: number; StartRecordName: string; StartRecordType: 'A' }> = {}) => {
  const answer = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId: 'Z1', ...input }))
  const records = answer.ResourceRecordSets ?? []
  return {
    ...answer,
    names: records.map(({ Name, Type, SetIdentifier = '' }) => `${Name} ${Type} ${SetIdentifier}`.trim()),
  }
}

describe('Route 53', () => {
  it('lists zones, one page after the other', async () => {
    const first = await client.send(new ListHostedZonesCommand({ MaxItems: 1 }))
    expect(first.HostedZones).toMatchObject([{ Id: '/hostedzone/Z1', Name: 'example.jp.', ResourceRecordSetCount: 2 }])
    expect(first).toMatchObject({ IsTruncated: true, NextMarker: 'Z2' })
    const second = await client.send(new ListHostedZonesCommand({ Marker: first.NextMarker }))
    expect(second.HostedZones).toMatchObject([{ Name: 'internal.example.jp.', Config: { PrivateZone: true } }])
    expect(second.IsTruncated).toBe(false)
    expect(await refusal(client.send(new ListHostedZonesCommand({ Marker: 'Z7' })))).toMatch(/^NoSuchHostedZone/)
  })

  it('keeps records in the order of their labels from the right, and goes on where it was told', async () => {
    const weighted = (SetIdentifier: string) => alias('b.example.jp', { SetIdentifier, Weight: 1 })
    const steps = [record('b.a.example.jp'), weighted('two'), weighted('one'), record('*.a.example.jp')]
    expect(await change(...steps.map((each) => ['CREATE', each] as const))).toBe('accepted')
    const all = (await listed()).names
    expect(all).toEqual([
      'example.jp. NS',
      'example.jp. SOA',
      '\\052.a.example.jp. A',
      'b.a.example.jp. A',
      'b.example.jp. A one',
      'b.example.jp. A two',
    ])
    const page = await listed({ MaxItems: 5 })
    expect(page).toMatchObject({
      IsTruncated: true,
      NextRecordName: 'b.example.jp.',
      NextRecordType: 'A',
      NextRecordIdentifier: 'two',
    })
    const rest = new ListResourceRecordSetsCommand({
      HostedZoneId: 'Z1',
      StartRecordName: page.NextRecordName,
      StartRecordType: page.NextRecordType,
      StartRecordIdentifier: page.NextRecordIdentifier,
    })
    expect((await client.send(rest)).ResourceRecordSets).toEqual(
      [weighted('two')].map((each) => ({ ...each, Name: 'b.example.jp.' })),
    )
  })

  it.each<[string, readonly Step[], RegExp]>([
    [
      'a second one',
      [
        ['CREATE', record('x.example.jp')],
        ['CREATE', record('x.example.jp')],
      ],
      /already exists/,
    ],
    ['deleting what is not there', [['DELETE', record('x.example.jp')]], /was not found/],
    ['another zone', [['CREATE', record('x.example.com')]], /not permitted in zone/],
    [
      'a CNAME beside an address',
      [
        ['CREATE', record('x.example.jp')],
        ['CREATE', record('x.example.jp', { Type: 'CNAME' })],
      ],
      /conflicts/,
    ],
    ['a CNAME at the apex', [['CREATE', record('example.jp', { Type: 'CNAME' })]], /apex/],
    [
      'simple beside weighted',
      [
        ['CREATE', record('x.example.jp')],
        ['CREATE', alias('x.example.jp', { SetIdentifier: 'a', Weight: 1 })],
      ],
      /mixes simple and weighted/,
    ],
    [
      'different TTLs',
      [
        ['CREATE', record('x.example.jp', { SetIdentifier: 'a', Weight: 1 })],
        ['CREATE', record('x.example.jp', { SetIdentifier: 'b', Weight: 1, TTL: 61 })],
      ],
      /different TTLs/,
    ],
    [
      'a weight of 256',
      [['CREATE', alias('x.example.jp', { SetIdentifier: 'a', Weight: 256 })]],
      /InvalidInput: Invalid Weight/,
    ],
    [
      'a weight without identifier',
      [['CREATE', alias('x.example.jp', { Weight: 1 })]],
      /both SetIdentifier and Weight/,
    ],
    ['an alias with a TTL', [['CREATE', alias('x.example.jp', { TTL: 60 })]], /neither TTL/],
    ['no TTL', [['CREATE', record('x.example.jp', { TTL: undefined })]], /Expected exactly one/],
    ['an unknown health check', [['CREATE', record('x.example.jp', { HealthCheckId: 'x' })]], /NoSuchHealthCheck/],
    ['no change', [], /no changes/],
    [
      'the end of the zone itself',
      [
        [
          'DELETE',
          record('example.jp', { Type: 'NS', TTL: 172_800, ResourceRecords: [{ Value: 'ns-1.awsdns-00.example.' }] }),
        ],
      ],
      /at least one NS/,
    ],
  ])('refuses %s, and with it the whole batch', async (_what, steps, expected) => {
    const before = lab.state()
    const first: readonly Step[] = steps.length === 0 ? [] : [['CREATE', record('good.example.jp')]]
    expect(await change(...first, ...steps)).toMatch(expected)
    expect(lab.state().zones).toEqual(before.zones)
  })

  it('deletes only what is the same in everything', async () => {
    expect(await change(['CREATE', record('x.example.jp')])).toBe('accepted')
    expect(await change(['DELETE', record('x.example.jp', { TTL: 61 })])).toMatch(/do not match/)
    expect(await change(['UPSERT', record('x.example.jp', { TTL: 61 })])).toBe('accepted')
    expect(await change(['DELETE', record('X.example.jp.', { TTL: 61 })])).toBe('accepted')
    expect((await listed()).names).toHaveLength(2)
  })

  it.each<[string, Partial<ResourceRecordSet>, RegExp]>([
    ['an IPv6 address in an A', { ResourceRecords: [{ Value: '2001:db8::1' }] }, /IllegalIPv4Address/],
    ['an IPv4 address in an AAAA', { Type: 'AAAA' }, /IllegalIPv6Address/],
    ['a TXT without quotes', { Type: 'TXT', ResourceRecords: [{ Value: 'a b' }] }, /enclosed in quotation marks/],
    ['a quote inside one', { Type: 'TXT', ResourceRecords: [{ Value: '"a"b"' }] }, /enclosed in quotation marks/],
    ['a long string', { Type: 'TXT', ResourceRecords: [{ Value: `"${'x'.repeat(256)}"` }] }, /StringTooLong/],
    [
      'a long text',
      { Type: 'TXT', ResourceRecords: [{ Value: Array.from({ length: 16 }, () => `"${'x'.repeat(255)}"`).join(' ') }] },
      /TXTRDATATooLong/,
    ],
    [
      'two values with a weight',
      { SetIdentifier: 'a', Weight: 1, ResourceRecords: [{ Value: '10.0.0.1' }, { Value: '10.0.0.2' }] },
      /more than one value/,
    ],
    ['a weighted NS', { Type: 'NS', SetIdentifier: 'a', Weight: 1 }, /cannot be weighted/],
    ['a long identifier', { SetIdentifier: 'x'.repeat(129), Weight: 1 }, /1 to 128/],
    ['a long label', { Name: `${'x'.repeat(64)}.example.jp` }, /at most 63/],
    ['an empty label', { Name: 'x..example.jp' }, /at most 63/],
    ['a TTL beyond 31 bits', { TTL: 2_147_483_648 }, /Invalid TTL/],
  ])('refuses %s', async (_what, more, expected) => {
    expect(await change(['CREATE', record('x.example.jp', more)])).toMatch(expected)
  })

  it.each<[string, Partial<ResourceRecordSet>]>([
    ['escapes in a TXT', { Type: 'TXT', ResourceRecords: [{ Value: String.raw`"a\"b\134c" "d"` }] }],
    ['255 characters', { Type: 'TXT', ResourceRecords: [{ Value: `"${'x'.repeat(255)}"` }] }],
    ['an IPv6 address', { Type: 'AAAA', ResourceRecords: [{ Value: '2001:db8::1' }] }],
    ['two values', { ResourceRecords: [{ Value: '10.0.0.1' }, { Value: '10.0.0.2' }] }],
    ['a wildcard', { Name: '*.example.jp' }],
  ])('takes %s', async (_what, more) => {
    expect(await change(['CREATE', record('x.example.jp', more)])).toBe('accepted')
  })

  it('names everything that is wrong with a batch', async () => {
    const answer = await change(
      ['DELETE', record('a.example.jp')],
      ['CREATE', record('good.example.jp')],
      ['DELETE', record('b.example.jp')],
    )
    expect(answer).toMatch(/^InvalidChangeBatch: \[.*a\.example\.jp.*not found, .*b\.example\.jp.*not found\]/)
  })

  it('refuses a comment of more than 256 characters', async () => {
    const ChangeBatch = {
      Comment: 'x'.repeat(257),
      Changes: [{ Action: 'CREATE' as const, ResourceRecordSet: record('x.example.jp') }],
    }
    const command = new ChangeResourceRecordSetsCommand({ HostedZoneId: 'Z1', ChangeBatch })
    expect(await refusal(client.send(command))).toMatch(/^InvalidInput: Invalid Comment/)
  })

  it('keeps the health check of a record, and deletes only with it', async () => {
    const made = await client.send(
      new CreateHealthCheckCommand({
        CallerReference: 'x',
        HealthCheckConfig: { Type: 'TCP', IPAddress: '203.0.113.1', Port: 443 },
      }),
    )
    const checked = record('x.example.jp', { SetIdentifier: 'a', Weight: 9, HealthCheckId: made.HealthCheck?.Id })
    expect(await change(['CREATE', checked])).toBe('accepted')
    const { ResourceRecordSets } = await listed({ StartRecordName: 'x.example.jp' })
    expect(ResourceRecordSets).toEqual([{ ...checked, Name: 'x.example.jp.' }])
    const { HealthCheckId: _, ...unchecked } = checked
    expect(await change(['DELETE', unchecked])).toMatch(/do not match/)
    expect(await change(['DELETE', checked])).toBe('accepted')
  })

  it('has at most 100 weighted records of a name and type', async () => {
    const steps = Array.from({ length: 100 }, (_, at): Step => {
      return ['CREATE', record('x.example.jp', { SetIdentifier: String(at), Weight: 1 })]
    })
    expect(await change(...steps)).toBe('accepted')
    const more = record('x.example.jp', { SetIdentifier: 'more', Weight: 1 })
    expect(await change(['CREATE', more])).toMatch(/More than 100/)
    const [first] = steps
    expect(await change(...(first ? [['DELETE', first[1]] as const] : []), ['CREATE', more])).toBe('accepted')
  })

  it('takes 32 000 characters of values a batch, an UPSERT counting twice', async () => {
    const texts = (count: number, action: ChangeAction) =>
      Array.from({ length: count }, (_, at): Step => {
        const values = { Type: 'TXT' as const, ResourceRecords: [{ Value: `"${'x'.repeat(198)}"` }] }
        return [action, record(`t${at}.example.jp`, values)]
      })
    expect(await change(...texts(161, 'CREATE'))).toMatch(/characters limit of 32000/)
    expect(await change(...texts(160, 'CREATE'))).toBe('accepted')
    expect(await change(...texts(81, 'UPSERT'))).toMatch(/characters limit of 32000/)
    // DELETE and CREATE both count.
    expect(await change(...texts(81, 'DELETE'), ...texts(80, 'CREATE'))).toMatch(/characters limit of 32000/)
    expect(await change(...texts(80, 'DELETE'), ...texts(80, 'CREATE'))).toBe('accepted')
  })

  it('takes 1 000 records a batch, an UPSERT counting twice', async () => {
    const many = (count: number, action: ChangeAction) =>
      Array.from({ length: count }, (_, at): Step => [action, record(`n${at}.example.jp`)])
    expect(await change(...many(501, 'UPSERT'))).toMatch(/limit of 1000/)
    expect(await change(...many(500, 'UPSERT'))).toBe('accepted')
  })

  it('is signed for its Region or us-east-1, and for itself', async () => {
    const at = (region: string) => new Route53Client({ ...lab.client, region }).send(new ListHostedZonesCommand({}))
    expect(await refusal(at('us-east-1'))).toBe('accepted')
    expect(await refusal(at('eu-central-1'))).toMatch(/^SignatureDoesNotMatch/)
    expect(await refusal(client.send(new ListResourceRecordSetsCommand({ HostedZoneId: 'ZX' })))).toMatch(
      /^NoSuchHostedZone/,
    )
  })
})

describe('the XML of requests', () => {
  it('is elements and text', () => {
    expect(parseXml('<?xml version="1.0"?>\n<a x="1"><b>1 &lt; 2 &#x41;&#66;</b><c/><b> </b></a>')).toEqual({
      name: 'a',
      text: '',
      children: [
        { name: 'b', text: '1 < 2 AB', children: [] },
        { name: 'c', text: '', children: [] },
        { name: 'b', text: ' ', children: [] },
      ],
    })
  })

  it.each(['', 'text', '<a>', '<a></b>', '</a>', '<a/><b/>', '<a>&nbsp;</a>', '<a', '<a/>x'])('is not %j', (text) => {
    expect(() => parseXml(text)).toThrow(/not well-formed/)
  })
})
