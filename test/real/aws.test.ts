import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  PutMetricAlarmCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch'
import { DescribeSubnetsCommand, EC2Client } from '@aws-sdk/client-ec2'
import { CreateHostedZoneCommand, DeleteHostedZoneCommand, Route53Client } from '@aws-sdk/client-route-53'
import { awsContract } from '../contract/aws/suite.ts'
import { virtualClock } from '../support/clock.ts'

/** Started by the lane's global setup; shared with other tests. */
const url = process.env['NYAH_TEST_MOTO'] ?? 'http://127.0.0.1:5555'
const region = 'ap-northeast-1'

/** ACM, without its SDK: moto looks at the scope of a signature and believes it. */
async function requestCertificate(): Promise<string> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'CertificateManager.RequestCertificate',
      authorization: `AWS4-HMAC-SHA256 Credential=AKIATEST/20260101/${region}/acm/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify({ DomainName: 'nyah-test.example' }),
  })
  return ((await answer.json()) as { CertificateArn: string }).CertificateArn
}

function alarmsAt() {
  const client = new CloudWatchClient({
    region,
    endpoint: url,
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
  })
  const made = new Set<string>()
  return {
    async alarm(AlarmName: string, StateValue: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA') {
      made.add(AlarmName)
      await client.send(
        new PutMetricAlarmCommand({
          AlarmName,
          Namespace: 'nyah',
          MetricName: 'errors',
          Statistic: 'Sum',
          ComparisonOperator: 'GreaterThanThreshold',
          Threshold: 1,
          EvaluationPeriods: 1,
          Period: 60,
        }),
      )
      await client.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason: 'a test' }))
    },
    async forget() {
      if (made.size > 0) await client.send(new DeleteAlarmsCommand({ AlarmNames: [...made] }))
      client.destroy()
    },
  }
}

awsContract('moto', true, async () => {
  const client = new EC2Client({
    region,
    endpoint: url,
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
  })
  const { Subnets = [] } = await client.send(
    new DescribeSubnetsCommand({ Filters: [{ Name: 'default-for-az', Values: ['true'] }] }),
  )
  client.destroy()
  const [first, second] = Subnets
  if (first?.VpcId === undefined || first.SubnetId === undefined || second?.SubnetId === undefined)
    throw new Error(`no default subnets at ${url}`)
  const certificates = [await requestCertificate(), await requestCertificate(), await requestCertificate()] as const
  const dns = new Route53Client({
    region,
    endpoint: url,
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
  })
  const { alarm, forget } = alarmsAt()
  const stamp = (Date.now() % 0x10000).toString(16).padStart(4, '0')
  const { HostedZone } = await dns.send(
    new CreateHostedZoneCommand({ Name: `nyah-${stamp}.example`, CallerReference: `nyah-${Date.now()}` }),
  )
  const id = String(HostedZone?.Id).replace('/hostedzone/', '')
  return {
    url,
    region,
    vpcId: first.VpcId,
    subnets: [first.SubnetId, second.SubnetId],
    clock: virtualClock(),
    certificates,
    zone: { id, name: String(HostedZone?.Name) },
    stamp,
    alarm,
    async close() {
      await forget()
      await dns.send(new DeleteHostedZoneCommand({ Id: id }))
      dns.destroy()
    },
  }
})
