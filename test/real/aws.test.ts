import { DescribeSubnetsCommand, EC2Client } from '@aws-sdk/client-ec2'
import { awsContract } from '../contract/aws/suite.ts'
import { virtualClock } from '../support/clock.ts'

/** Started by the lane's global setup; shared with other tests. */
const url = process.env['NYAH_TEST_MOTO'] ?? 'http://127.0.0.1:5555'
const region = 'ap-northeast-1'

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
  return {
    url,
    region,
    vpcId: first.VpcId,
    subnets: [first.SubnetId, second.SubnetId],
    clock: virtualClock(),
    stamp: (Date.now() % 0x10000).toString(16).padStart(4, '0'),
    close: () => Promise.resolve(),
  }
})
