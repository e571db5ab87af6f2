import {
  type ChangeAction,
  ChangeResourceRecordSetsCommand,
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
