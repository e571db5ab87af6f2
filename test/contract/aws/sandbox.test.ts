import { AWS_WORLD, awsSandbox } from '../../support/aws-sandbox.ts'
import { virtualClock } from '../../support/clock.ts'
import { awsContract } from './suite.ts'

awsContract('sandbox', false, async () => {
  const clock = virtualClock()
  const sandbox = await awsSandbox(clock)
  const [first, second] = AWS_WORLD.subnets
  return {
    url: sandbox.url,
    region: AWS_WORLD.region,
    vpcId: AWS_WORLD.vpcs[0]!.id,
    subnets: [first!.id, second!.id],
    clock,
    stamp: 'abcd',
    close: () => sandbox.close(),
  }
})
