import {
  ChangeResourceRecordSetsCommand,
  ChangeTagsForResourceCommand,
  CreateHealthCheckCommand,
  DeleteHealthCheckCommand,
  GetChangeCommand,
  GetHealthCheckCommand,
  GetHealthCheckStatusCommand,
  GetHostedZoneCommand,
  type HealthCheckConfig,
  ListHealthChecksCommand,
  ListResourceRecordSetProtectionsCommand,
  ListResourceRecordSetsCommand,
  ListTagsForResourceCommand,
  ListTagsForResourcesCommand,
  Route53Client,
  UpdateHealthCheckCommand,
} from '@aws-sdk/client-route-53'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { checkVerdict } from '../../../src/lib/sandbox/aws/route53-verdict.ts'
import type { Lab } from './lab.ts'
import { refusal, startLab, WORLD } from './lab.ts'

const ENDPOINT = '203.0.113.11:443'
const TCP: HealthCheckConfig = { Type: 'TCP', IPAddress: '203.0.113.11', Port: 443, RequestInterval: 10 }

let lab: Lab
let client: Route53Client
beforeAll(async () => {
  lab = await startLab({
    ...WORLD,
    healthChecksLimit: 6,
    hostedZones: [
      {
        id: 'Z1',
        name: 'example.jp',
        records: [
          {
            name: 'p.example.jp',
            type: 'A',
            ttl: 60,
            values: ['203.0.113.9'],
            setIdentifier: 'a',
            routing: { Failover: 'PRIMARY' },
          },
          { name: 'locked.example.jp', type: 'A', ttl: 60, values: ['203.0.113.9'] },
        ],
        protections: [
          { name: 'locked.example.jp', type: 'A', comment: 'payments' },
          { name: 'locked2.example.jp', type: 'A' },
        ],
      },
      { id: 'Z2', name: 'corp.example.jp', private: true },
    ],
  })
  client = new Route53Client(lab.client)
})
beforeEach(() => lab.reset())
afterAll(async () => {
  client.destroy()
  await lab.close()
})

const create = (CallerReference: string, config: HealthCheckConfig = TCP) =>
  client.send(new CreateHealthCheckCommand({ CallerReference, HealthCheckConfig: config }))
const made = async (reference: string, config: HealthCheckConfig = TCP): Promise<string> =>
  (await create(reference, config)).HealthCheck?.Id ?? ''
const update = (HealthCheckId: string, input: Partial<UpdateHealthCheckCommand['input']>) =>
  client.send(new UpdateHealthCheckCommand({ HealthCheckId, ...input }))
const verdict = (id: string) => checkVerdict(lab.state(), id, lab.surroundings.now, lab.surroundings.down)
const fall = (...hosts: readonly string[]) => {
  lab.surroundings.down = new Set(hosts)
}
const change = (name: string) =>
  client.send(
    new ChangeResourceRecordSetsCommand({
      HostedZoneId: 'Z1',
      ChangeBatch: {
        Comment: 'why',
        Changes: [
          {
            Action: 'CREATE',
            ResourceRecordSet: { Name: name, Type: 'A', TTL: 60, ResourceRecords: [{ Value: '203.0.113.9' }] },
          },
        ],
      },
    }),
  )

describe('health checks', () => {
  it('are created once by a reference, with what AWS fills in', async () => {
    const first = await create('nyah-1')
    expect(first.HealthCheck).toMatchObject({ CallerReference: 'nyah-1', HealthCheckVersion: 1 })
    expect(first.HealthCheck?.HealthCheckConfig).toMatchObject({ ...TCP, FailureThreshold: 3, Inverted: false })
    expect(first.Location).toMatch(/\/2013-04-01\/healthcheck\/[0-9a-f-]{36}$/)
    expect((await create('nyah-1')).HealthCheck).toEqual(first.HealthCheck)
    expect(await refusal(create('nyah-1', { ...TCP, Port: 80 }))).toMatch(/^HealthCheckAlreadyExists/)
    expect(await made('nyah-2')).not.toBe(first.HealthCheck?.Id)
    const id = first.HealthCheck?.Id ?? ''
    expect((await client.send(new GetHealthCheckCommand({ HealthCheckId: id }))).HealthCheck).toEqual(first.HealthCheck)
  })

  it('keep the reference of a deleted one', async () => {
    const id = await made('nyah-1')
    await client.send(new DeleteHealthCheckCommand({ HealthCheckId: id }))
    expect(await refusal(create('nyah-1'))).toMatch(/^HealthCheckAlreadyExists/)
    for (const gone of [new GetHealthCheckCommand({ HealthCheckId: id })]) {
      expect(await refusal(client.send(gone))).toMatch(/^NoSuchHealthCheck/)
    }
    expect(await refusal(client.send(new DeleteHealthCheckCommand({ HealthCheckId: id })))).toMatch(
      /^NoSuchHealthCheck/,
    )
  })

  it('are listed page by page', async () => {
    const ids = [await made('a'), await made('b'), await made('c')]
    const first = await client.send(new ListHealthChecksCommand({ MaxItems: 2 }))
    expect(first.HealthChecks?.map(({ Id }) => Id)).toEqual(ids.slice(0, 2))
    expect(first).toMatchObject({ IsTruncated: true, NextMarker: ids[2] })
    const second = await client.send(new ListHealthChecksCommand({ Marker: first.NextMarker }))
    expect(second.HealthChecks?.map(({ Id }) => Id)).toEqual(ids.slice(2))
    expect(second.IsTruncated).toBe(false)
    expect(await refusal(client.send(new ListHealthChecksCommand({ Marker: 'none' })))).toMatch(/^InvalidInput/)
  })

  it('are as many as the account may have', async () => {
    for (const reference of ['1', '2', '3', '4', '5', '6']) await made(reference)
    expect(await refusal(create('7'))).toMatch(/^TooManyHealthChecks: .* limit of 6/)
  })

  it.each<[string, Partial<HealthCheckConfig>, RegExp]>([
    ['a private address', { IPAddress: '10.0.0.1' }, /private/],
    ['a shared address', { IPAddress: '100.64.0.1' }, /carrierGradeNat/],
    ['a multicast address', { IPAddress: '224.0.0.1' }, /multicast/],
    ['a unique local address', { IPAddress: 'fd00::1' }, /uniqueLocal/],
    ['a loopback address', { IPAddress: '::1' }, /loopback/],
    ['what is no address', { IPAddress: 'shop' }, /no IP address/],
    ['no endpoint', { IPAddress: undefined }, /IPAddress or FullyQualifiedDomainName/],
    ['TCP without a port', { Port: undefined }, /needs a Port/],
    ['port 0', { Port: 0 }, /Invalid Port/],
    ['an interval of 20', { RequestInterval: 20 }, /10 or 30/],
    ['a threshold of 11', { FailureThreshold: 11 }, /Invalid FailureThreshold/],
    ['a path with TCP', { ResourcePath: '/' }, /no ResourcePath/],
    ['a path without a slash', { Type: 'HTTP', ResourcePath: 'health' }, /begin with/],
    ['a search string with HTTP', { Type: 'HTTP', SearchString: 'ok' }, /SearchString/],
    ['no search string where it matches', { Type: 'HTTPS_STR_MATCH' }, /SearchString/],
    ['SNI with HTTP', { Type: 'HTTP', EnableSNI: true }, /EnableSNI/],
    ['two Regions', { Regions: ['us-east-1', 'us-west-1'] }, /at least 3/],
    ['children of TCP', { ChildHealthChecks: ['x'], HealthThreshold: 1 }, /belong to CALCULATED/],
    ['an endpoint of CALCULATED', { Type: 'CALCULATED', HealthThreshold: 1 }, /no endpoint/],
    ['alarms', { Type: 'CLOUDWATCH_METRIC' }, /not built/],
  ])('refuse %s', async (_what, config, expected) => {
    expect(await refusal(create('x', { ...TCP, ...config }))).toMatch(/^InvalidInput/)
    expect(await refusal(create('x', { ...TCP, ...config }))).toMatch(expected)
  })

  it('refuse a calculated one without a threshold or of what is not there', async () => {
    expect(await refusal(create('x', { Type: 'CALCULATED' }))).toMatch(/must have a health threshold/)
    expect(await refusal(create('x', { Type: 'CALCULATED', HealthThreshold: 1, ChildHealthChecks: ['y'] }))).toMatch(
      /no health check y/,
    )
    expect(await refusal(create('x'.repeat(65)))).toMatch(/64 characters/)
  })

  it('change by version, and never in type or interval', async () => {
    const id = await made('x', { ...TCP, Type: 'HTTP', ResourcePath: '/up' })
    const { HealthCheck } = await update(id, {
      HealthCheckVersion: 1,
      FailureThreshold: 5,
      ResetElements: ['ResourcePath'],
    })
    expect(HealthCheck).toMatchObject({ HealthCheckVersion: 2, HealthCheckConfig: { FailureThreshold: 5, Port: 443 } })
    expect(HealthCheck?.HealthCheckConfig?.ResourcePath).toBeUndefined()
    expect(await refusal(update(id, { HealthCheckVersion: 1, Port: 80 }))).toMatch(/^HealthCheckVersionMismatch/)
    expect(await refusal(update(id, { IPAddress: '10.0.0.1' }))).toMatch(/^InvalidInput/)
    const host = await made('y', { Type: 'HTTPS', FullyQualifiedDomainName: 'shop.example.jp' })
    expect(await refusal(update(host, { IPAddress: '203.0.113.1' }))).toMatch(/cannot be added/)
    expect(await refusal(update(host, { ResetElements: ['FullyQualifiedDomainName'] }))).toMatch(/^InvalidInput/)
    expect(await refusal(update('none', { Port: 80 }))).toMatch(/^NoSuchHealthCheck/)
  })

  it('are not deleted under a calculated one', async () => {
    const child = await made('child')
    const parent = await made('parent', { Type: 'CALCULATED', HealthThreshold: 1, ChildHealthChecks: [child] })
    const remove = (HealthCheckId: string) => refusal(client.send(new DeleteHealthCheckCommand({ HealthCheckId })))
    expect(await remove(child)).toMatch(/^HealthCheckInUse/)
    expect(await refusal(update(parent, { ChildHealthChecks: [parent] }))).toMatch(/monitor itself/)
    expect(await remove(parent)).toBe('accepted')
    expect(await remove(child)).toBe('accepted')
  })

  it('show what the checkers saw last', async () => {
    const id = await made('x')
    const seen = async (HealthCheckId: string) =>
      (await client.send(new GetHealthCheckStatusCommand({ HealthCheckId }))).HealthCheckObservations ?? []
    expect(await seen(id)).toHaveLength(16)
    expect((await seen(id))[0]?.StatusReport).toMatchObject({ Status: expect.stringMatching(/^Success/) })
    fall(ENDPOINT)
    lab.pass(5)
    expect((await seen(id))[0]?.StatusReport?.Status).toMatch(/^Success/)
    lab.pass(10)
    expect((await seen(id))[0]?.StatusReport).toEqual({
      Status: expect.stringMatching(/^Failure: Connection timed out/),
      CheckedTime: new Date(lab.surroundings.now - 5000),
    })
    expect(verdict(id)).toBe('healthy')
    await update(id, { Disabled: true })
    expect(await seen(id)).toEqual([])
    const calculated = await made('c', { Type: 'CALCULATED', HealthThreshold: 1, ChildHealthChecks: [id] })
    expect(await refusal(seen(calculated))).toMatch(/^InvalidInput/)
  })
})

describe('what a health check says', () => {
  it('changes after a whole row of probes', async () => {
    const id = await made('x')
    fall(ENDPOINT)
    expect(verdict(id)).toBe('healthy')
    // Any request notes what fell silent.
    await client.send(new ListHealthChecksCommand({}))
    lab.pass(29)
    expect(verdict(id)).toBe('healthy')
    lab.pass(1)
    expect(verdict(id)).toBe('unhealthy')
    fall()
    await client.send(new ListHealthChecksCommand({}))
    lab.pass(29)
    expect(verdict(id)).toBe('unhealthy')
    lab.pass(1)
    expect(verdict(id)).toBe('healthy')
  })

  it('follows intervals of 30 seconds and other thresholds', async () => {
    const id = await made('x', { ...TCP, RequestInterval: 30, FailureThreshold: 2 })
    fall(ENDPOINT)
    await client.send(new ListHealthChecksCommand({}))
    lab.pass(59)
    expect(verdict(id)).toBe('healthy')
    lab.pass(1)
    expect(verdict(id)).toBe('unhealthy')
  })

  it('is turned round by Inverted, healthy while disabled, and both together', async () => {
    const id = await made('x')
    await update(id, { Inverted: true })
    expect(verdict(id)).toBe('unhealthy')
    await update(id, { Disabled: true })
    expect(verdict(id)).toBe('unhealthy')
    await update(id, { Inverted: false })
    fall(ENDPOINT)
    await client.send(new ListHealthChecksCommand({}))
    lab.pass(100)
    expect(verdict(id)).toBe('healthy')
    await update(id, { Disabled: false })
    expect(verdict(id)).toBe('unhealthy')
  })

  it('counts the children of a calculated one', async () => {
    const ids = [await made('a'), await made('b', { ...TCP, Port: 80 })]
    const sum = await made('c', { Type: 'CALCULATED', HealthThreshold: 2, ChildHealthChecks: ids })
    expect(verdict(sum)).toBe('healthy')
    fall(ENDPOINT)
    await client.send(new ListHealthChecksCommand({}))
    lab.pass(30)
    expect(verdict(sum)).toBe('unhealthy')
    await update(sum, { HealthThreshold: 1 })
    expect(verdict(sum)).toBe('healthy')
    await update(sum, { HealthThreshold: 3 })
    expect(verdict(sum)).toBe('unhealthy')
    fall(ENDPOINT, '203.0.113.11:80')
    await client.send(new ListHealthChecksCommand({}))
    lab.pass(30)
    await update(sum, { HealthThreshold: 0 })
    expect(verdict(sum)).toBe('healthy')
  })

  it('begins anew with another endpoint, and is healthy for one that is gone', async () => {
    const id = await made('x')
    fall(ENDPOINT, '203.0.113.11:80')
    await client.send(new ListHealthChecksCommand({}))
    lab.pass(60)
    expect(verdict(id)).toBe('unhealthy')
    await update(id, { Port: 80 })
    expect(verdict(id)).toBe('healthy')
    lab.pass(30)
    expect(verdict(id)).toBe('unhealthy')
    await client.send(new DeleteHealthCheckCommand({ HealthCheckId: id }))
    expect(verdict(id)).toBe('healthy')
  })
})

describe('zones', () => {
  it('take half a minute to change everywhere', async () => {
    const { ChangeInfo } = await change('x.example.jp')
    expect(ChangeInfo).toMatchObject({ Status: 'PENDING', Comment: 'why', SubmittedAt: new Date(lab.surroundings.now) })
    const status = async (Id: string | undefined) =>
      (await client.send(new GetChangeCommand({ Id }))).ChangeInfo?.Status
    lab.pass(29)
    expect(await status(ChangeInfo?.Id)).toBe('PENDING')
    lab.pass(1)
    expect(await status(ChangeInfo?.Id)).toBe('INSYNC')
    expect(await refusal(status('C0'))).toMatch(/^NoSuchChange/)
  })

  it('name their name servers, or their VPCs', async () => {
    const zone = (Id: string) => client.send(new GetHostedZoneCommand({ Id }))
    expect(await zone('Z1')).toMatchObject({
      HostedZone: { Name: 'example.jp.', Config: { PrivateZone: false }, ResourceRecordSetCount: 4 },
      DelegationSet: { NameServers: ['ns-1.awsdns-00.example', 'ns-2.awsdns-01.example'] },
    })
    const own = await zone('Z2')
    expect(own.DelegationSet).toBeUndefined()
    expect(own.VPCs?.map(({ VPCId }) => VPCId)).toEqual(['vpc-0a1b2c3d', 'vpc-0bbbbbbb'])
    expect(await refusal(zone('Z3'))).toMatch(/^NoSuchHostedZone/)
  })

  it('hold what a world gave them, other routing too, and change no such record', async () => {
    const { ResourceRecordSets } = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId: 'Z1' }))
    const found = ResourceRecordSets?.find(({ Name }) => Name === 'p.example.jp.')
    expect(found).toMatchObject({ Failover: 'PRIMARY', SetIdentifier: 'a', TTL: 60 })
    const remove = client.send(
      new ChangeResourceRecordSetsCommand({
        HostedZoneId: 'Z1',
        ChangeBatch: { Changes: [{ Action: 'DELETE', ResourceRecordSet: found }] },
      }),
    )
    expect(await refusal(remove)).toMatch(/Failover is not built/)
    expect(await refusal(change('p.example.jp'))).toMatch(/mixes Failover and simple/)
  })

  it('let nobody change what is protected', async () => {
    const list = (NextToken?: string) =>
      client.send(
        new ListResourceRecordSetProtectionsCommand({
          HostedZoneId: 'Z1',
          MaxResults: 1,
          ...(NextToken ? { NextToken } : {}),
        }),
      )
    const first = await list()
    expect(first.ResourceRecordSetProtections).toEqual([
      { RecordName: 'locked.example.jp.', RecordType: 'A', Comment: 'payments' },
    ])
    const second = await list(first.NextToken)
    expect(second.ResourceRecordSetProtections).toEqual([{ RecordName: 'locked2.example.jp.', RecordType: 'A' }])
    expect(second.NextToken).toBeUndefined()
    expect(await refusal(list('x'))).toMatch(/^InvalidPaginationToken/)
    expect(await refusal(change('locked2.example.jp'))).toMatch(/^InvalidChangeBatch: .*locked2.*protected/)
  })
})

describe('tags', () => {
  it('are changed and read, by the ten', async () => {
    const id = await made('x')
    const tag = (input: Partial<ChangeTagsForResourceCommand['input']>) =>
      client.send(new ChangeTagsForResourceCommand({ ResourceType: 'healthcheck', ResourceId: id, ...input }))
    await tag({
      AddTags: [
        { Key: 'Name', Value: 'shop' },
        { Key: 'a', Value: '1' },
      ],
    })
    await tag({ AddTags: [{ Key: 'a', Value: '2' }], RemoveTagKeys: ['Name'] })
    const ask = (ResourceIds: string[]) =>
      client.send(new ListTagsForResourcesCommand({ ResourceType: 'healthcheck', ResourceIds }))
    const sets = (await ask([id])).ResourceTagSets
    expect(sets).toEqual([{ ResourceType: 'healthcheck', ResourceId: id, Tags: [{ Key: 'a', Value: '2' }] }])
    const zone = new ListTagsForResourceCommand({ ResourceType: 'hostedzone', ResourceId: 'Z1' })
    expect((await client.send(zone)).ResourceTagSet).toMatchObject({ ResourceId: 'Z1', Tags: [] })
    const many = Array.from({ length: 10 }, (_, at) => ({ Key: `k${at}`, Value: '' }))
    expect(await refusal(tag({ AddTags: many }))).toMatch(/at most 10 tags/)
    expect(await refusal(tag({ AddTags: [{ Key: '', Value: '' }] }))).toMatch(/^InvalidInput/)
    expect(await refusal(tag({ ResourceId: 'none', AddTags: [{ Key: 'a', Value: '' }] }))).toMatch(/^NoSuchHealthCheck/)
    expect(await refusal(ask(Array.from({ length: 11 }, () => id)))).toMatch(/1 to 10/)
    expect(await refusal(ask(['none']))).toMatch(/^NoSuchHealthCheck/)
  })
})
