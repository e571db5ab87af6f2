import { AWS_WORLD, awsSandbox } from '../../support/aws-sandbox.ts'
import { virtualClock } from '../../support/clock.ts'
import { alarmOf, alarmsAs } from '../../../src/lib/sandbox/aws/cloudwatch-state.ts'
import { awsContract } from './suite.ts'

awsContract('sandbox', false, async () => {
  const clock = virtualClock()
  const world = {
    ...AWS_WORLD,
    certificates: ['1', '2', '3'].map((id) => {
      const arn = `arn:aws:acm:${AWS_WORLD.region}:${AWS_WORLD.accountId}:certificate/`
      return `${arn}${id}1111111-1111-4111-8111-111111111111`
    }),
    hostedZones: [
      { id: 'Z1EXAMPLE', name: 'nyah-test.example' },
      { id: 'Z2OTHER', name: 'other.example', private: true },
    ],
  }
  const sandbox = await awsSandbox(clock, world)
  const [first, second] = AWS_WORLD.subnets
  return {
    url: sandbox.url,
    region: AWS_WORLD.region,
    vpcId: AWS_WORLD.vpcs[0]!.id,
    subnets: [first!.id, second!.id],
    certificates: [world.certificates[0]!, world.certificates[1]!, world.certificates[2]!],
    zone: { id: 'Z1EXAMPLE', name: 'nyah-test.example.' },
    clock,
    stamp: 'abcd',
    alarm: async (name, state) =>
      sandbox.change((before) => {
        const others = before.alarms.filter((each) => each.name !== name)
        const alarms = [...others, alarmOf({ name }, before.region, clock.now())]
        return { ...before, alarms: alarmsAs(alarms, { [name]: state }, clock.now()) }
      }),
    close: () => sandbox.close(),
  }
})
