import { describe, expect, it } from 'vitest'
import { byHand } from '../../../src/lib/failover/by-hand.ts'
import type { RecordSet } from '../../../src/lib/ports/dns.ts'
import { record } from '../dns/fakes.ts'

const octavia = record({ setIdentifier: 'octavia', weight: 90, healthCheckId: 'c-1' })
const aws: RecordSet = {
  ...octavia,
  setIdentifier: 'aws',
  weight: 10,
  ttl: null,
  values: [],
  alias: {
    zoneId: 'Z31USIVHYNEOWT',
    dnsName: 'nyah-shop.elb.ap-northeast-1.amazonaws.com',
    evaluateTargetHealth: true,
  },
  healthCheckId: null,
}

describe('by hand', () => {
  const moved = byHand(
    [
      {
        zoneId: 'Z0123',
        names: 1,
        changes: [
          { action: 'DELETE', record: octavia },
          { action: 'CREATE', record: { ...octavia, weight: 0 } },
          { action: 'DELETE', record: aws },
        ],
      },
    ],
    'INC-4711',
    'k3f9',
    "/home/o'hara",
  )[0]

  it('the command names the file, quoted for a shell', () => {
    expect(moved?.file).toBe('nyah-by-hand-k3f9-Z0123-1.json')
    expect(moved?.command).toBe(
      `aws route53 change-resource-record-sets --hosted-zone-id Z0123 --change-batch 'file:///home/o'\\''hara/nyah-by-hand-k3f9-Z0123-1.json'`,
    )
  })

  it('the batch is in words of the aws CLI, DELETE exactly as the record is', () => {
    const { Comment, Changes } = JSON.parse(moved?.text ?? '')
    expect(Comment).toBe('INC-4711')
    expect(Changes).toHaveLength(3)
    expect(Changes[0]).toEqual({
      Action: 'DELETE',
      ResourceRecordSet: {
        Name: 'shop.example.jp.',
        Type: 'A',
        SetIdentifier: 'octavia',
        Weight: 90,
        TTL: 60,
        ResourceRecords: [{ Value: '203.0.113.11' }],
        HealthCheckId: 'c-1',
      },
    })
    expect(Changes[1].ResourceRecordSet.Weight).toBe(0)
    expect(Changes[2].ResourceRecordSet).toEqual({
      Name: 'shop.example.jp.',
      Type: 'A',
      SetIdentifier: 'aws',
      Weight: 10,
      AliasTarget: {
        HostedZoneId: 'Z31USIVHYNEOWT',
        DNSName: 'nyah-shop.elb.ap-northeast-1.amazonaws.com.',
        EvaluateTargetHealth: true,
      },
    })
  })
})
