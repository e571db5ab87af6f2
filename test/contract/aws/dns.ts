import {
  type Change,
  ChangeResourceRecordSetsCommand,
  type ResourceRecordSet,
  Route53Client,
} from '@aws-sdk/client-route-53'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { failure, type Stage } from './stage.ts'
import { strictly } from './strict.ts'

/** Who points at a name, in Route 53. */
export function dnsContract(aws: Stage, lenient: boolean): void {
  const strict = strictly(lenient)
  let client: Route53Client
  let made: ResourceRecordSet[] = []

  const change = (Changes: Change[]) =>
    client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: aws.bench.zone.id, ChangeBatch: { Changes } }))
  const put = async (...records: ResourceRecordSet[]) => {
    await change(records.map((ResourceRecordSet) => ({ Action: 'CREATE', ResourceRecordSet })))
    made.push(...records)
  }
  const inZone = (name: string) => `${name}.${aws.bench.zone.name}`
  const alias = (name: string, DNSName: string, more: Partial<ResourceRecordSet> = {}): ResourceRecordSet => ({
    Name: inZone(name),
    Type: 'A',
    AliasTarget: { HostedZoneId: 'Z31USIVHYNEOWT', DNSName, EvaluateTargetHealth: true },
    ...more,
  })
  const cname = (name: string, Value: string): ResourceRecordSet => ({
    Name: inZone(name),
    Type: 'CNAME',
    TTL: 60,
    ResourceRecords: [{ Value }],
  })
  const nlb = 'nyah-shop-1a2b3c4d-0123456789abcdef.elb.ap-northeast-1.amazonaws.com'
  const names = async () => (await aws.dns.pointingAt(nlb)).map(({ name, type }) => `${type} ${name}`).sort()
  const shown = (type: string, name: string) => `${type} ${inZone(name).replace(/\.$/, '')}`

  describe('names', () => {
    beforeAll(() => {
      client = new Route53Client({
        region: aws.bench.region,
        endpoint: aws.bench.url,
        maxAttempts: 1,
        credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
      })
    })
    afterEach(async () => {
      if (made.length > 0) await change(made.map((ResourceRecordSet) => ({ Action: 'DELETE', ResourceRecordSet })))
      made = []
    })
    afterAll(() => client.destroy())

    it('nobody points at what nobody points at', async () => {
      await put(alias('other', `x${nlb}`), cname('c', `${nlb}.example`))
      expect(await aws.dns.pointingAt(nlb)).toEqual([])
    })

    it('finds aliases and CNAMEs however they are written', async () => {
      await put(
        alias('plain', nlb),
        alias('dual', `dualstack.${nlb}.`),
        alias('upper', nlb.toUpperCase()),
        cname('c', nlb),
        cname('dot', `${nlb}.`),
        { Name: inZone('address'), Type: 'A', TTL: 60, ResourceRecords: [{ Value: '10.0.0.1' }] },
      )
      expect(await names()).toEqual([
        shown('A', 'dual'),
        shown('A', 'plain'),
        shown('A', 'upper'),
        shown('CNAME', 'c'),
        shown('CNAME', 'dot'),
      ])
    })

    it('tells of each where it is, a weighted one with its identifier', async () => {
      const weighted = (SetIdentifier: string, Weight: number, target: string) =>
        alias('shop', target, { SetIdentifier, Weight })
      await put(weighted('octavia', 90, `x${nlb}`), weighted('aws', 10, nlb))
      expect(await aws.dns.pointingAt(nlb.toUpperCase())).toEqual([
        {
          zoneId: aws.bench.zone.id,
          zoneName: aws.bench.zone.name.replace(/\.$/, ''),
          name: inZone('shop').replace(/\.$/, ''),
          type: 'A',
          setIdentifier: 'aws',
        },
      ])
    })

    it('shows a wildcard as one', async () => {
      await put(cname('*', nlb))
      expect(await names()).toEqual([shown('CNAME', '*')])
    })

    it('reads every page of a zone', async () => {
      const many = Array.from({ length: 320 }, (_, at) => cname(`n${String(at).padStart(3, '0')}`, 'x.example'))
      await put(...many, cname('zzz', nlb))
      aws.proxy.reset()
      expect(await names()).toEqual([shown('CNAME', 'zzz')])
      expect(aws.proxy.calls('ListResourceRecordSets').length).toBeGreaterThanOrEqual(2)
    })

    it('repeats what was throttled, and tells what may not be read', async () => {
      await put(alias('plain', nlb))
      aws.proxy.inject(
        { action: 'ListHostedZones', kind: 'error', code: 'Throttling' },
        { action: 'ListResourceRecordSets', kind: 'drop-before' },
      )
      expect(await names()).toEqual([shown('A', 'plain')])
      aws.proxy.inject({ action: 'ListHostedZones', kind: 'error', code: 'AccessDenied', status: 403 })
      expect(await failure(aws.dns.pointingAt(nlb))).toMatchObject({
        code: 'AWS_ACCESS_DENIED',
        details: { action: 'route53:ListHostedZones' },
      })
      aws.proxy.inject({
        action: 'ListResourceRecordSets',
        kind: 'error',
        code: 'NoSuchHostedZone',
        status: 404,
        times: 9,
      })
      expect((await names()).length).toBeLessThanOrEqual(1)
      aws.proxy.reset()
    })

    it('asks no more than 4 times a second', async () => {
      const before = aws.bench.clock.now()
      aws.proxy.reset()
      for (const _ of [1, 2, 3, 4]) await aws.dns.pointingAt(nlb)
      const seconds = (aws.bench.clock.now() - before) / 1000
      expect((aws.proxy.calls().length - 4) / 4).toBeLessThanOrEqual(seconds + 0.26)
    })

    strict('a batch is done whole or not at all', 'batches are not atomic', async () => {
      await put(alias('old', `x${nlb}`))
      const both = [alias('good', nlb), alias('old', nlb)]
      const batch = change(both.map((ResourceRecordSet) => ({ Action: 'CREATE', ResourceRecordSet })))
      const answer = await batch.then(
        () => 'done',
        (error: Error) => error.name,
      )
      // Against moto it is done: what a test makes goes away again whatever is expected.
      if (answer === 'done') made = both
      expect(answer).toBe('InvalidChangeBatch')
      expect(await names()).toEqual([])
    })
  })
}
