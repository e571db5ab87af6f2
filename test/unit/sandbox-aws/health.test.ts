import {
  DeleteListenerCommand,
  DeregisterTargetsCommand,
  DescribeTargetHealthCommand,
  ModifyTargetGroupAttributesCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Lab } from './lab.ts'
import { startLab } from './lab.ts'
import type { Group } from './makers.ts'
import { makers } from './makers.ts'

let lab: Lab
beforeAll(async () => {
  lab = await startLab()
})
beforeEach(() => lab.reset())
afterAll(() => lab.close())

const { balancerArn, groupArn, listener, register } = makers(
  () => lab,
  () => [],
)

const HOST = '10.20.0.1:80'

/** One target behind an active load balancer, probed each 10 s: 3 good ones make it healthy, 2 bad ones unhealthy. */
async function target(input: Group = {}) {
  const TargetGroupArn = await groupArn({
    HealthCheckIntervalSeconds: 10,
    HealthCheckTimeoutSeconds: 5,
    HealthyThresholdCount: 3,
    UnhealthyThresholdCount: 2,
    ...input,
  })
  const balancer = await balancerArn()
  lab.pass(120)
  const { Listeners } = await listener(balancer, TargetGroupArn)
  await register(TargetGroupArn, { Id: '10.20.0.1', AvailabilityZone: 'all' })
  return { TargetGroupArn, ListenerArn: Listeners?.[0]?.ListenerArn }
}

const look = async (TargetGroupArn: string) => {
  const { TargetHealthDescriptions } = await lab.elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }))
  return (TargetHealthDescriptions ?? [])
    .map(({ TargetHealth }) => `${TargetHealth?.State} ${TargetHealth?.Reason ?? ''}`.trim())
    .join()
}

/** What a test does and sees: seconds pass; `down` and `up` switch hosts; the rest is what it sees. */
async function story(arn: string, steps: readonly (number | { down: string[] } | string)[]) {
  for (const step of steps) {
    if (typeof step === 'number') lab.pass(step)
    else if (typeof step === 'string') expect(await look(arn)).toBe(step)
    else {
      lab.surroundings.down = new Set(step.down)
      await look(arn)
    }
  }
}

const INITIAL = 'initial Elb.InitialHealthChecking'
const FAILED = 'unhealthy Target.FailedHealthChecks'
const down = { down: [HOST] }
const up = { down: [] }

describe('the health of a target', () => {
  it.each<[string, (number | { down: string[] } | string)[]]>([
    ['is good after a row of good probes', [INITIAL, 29, INITIAL, 1, 'healthy']],
    ['is bad after a row of bad ones', [down, INITIAL, 19, INITIAL, 1, FAILED, 1000, FAILED]],
    ['starts a row anew after a bad probe', [20, down, 5, up, 10, INITIAL, 19, INITIAL, 1, 'healthy']],
    ['survives less than a row of bad probes', [30, 'healthy', down, 19, 'healthy', up, 'healthy', 100, 'healthy']],
    ['is lost and comes back row by row', [30, down, 20, FAILED, up, 29, FAILED, 1, 'healthy']],
    ['is lost again', [30, down, 20, up, 30, 'healthy', down, 19, 'healthy', 1, FAILED]],
    ['stays bad while it flaps', [30, down, 20, FAILED, up, 10, down, 5, FAILED, up, 29, FAILED, 1, 'healthy']],
    ['was good before a silence that nobody looked at', [30, down, up, 5, down, 15, 'healthy', 5, FAILED]],
    ['does not care for other hosts', [{ down: ['10.20.0.2:80', '10.20.0.1:81'] }, 30, 'healthy']],
  ])('%s', async (_what, steps) => {
    const { TargetGroupArn } = await target()
    await story(TargetGroupArn, steps)
    expect(await look(TargetGroupArn)).not.toBe('')
  })

  it.each([
    ['its own', '10.20.0.1:80'],
    ['that of the check', '10.20.0.1:9000'],
  ])('hears of silence on both its ports: %s', async (_what, host) => {
    const { TargetGroupArn } = await target({ HealthCheckPort: '9000', HealthCheckProtocol: 'HTTP' })
    await story(TargetGroupArn, [{ down: [host] }, 20])
    expect(await look(TargetGroupArn)).toBe('unhealthy Target.Timeout')
  })

  it('drains before it is unhealthy, where connections are not to be cut', async () => {
    const { TargetGroupArn } = await target()
    const Attributes = [
      { Key: 'target_health_state.unhealthy.connection_termination.enabled', Value: 'false' },
      { Key: 'target_health_state.unhealthy.draining_interval_seconds', Value: '60' },
    ]
    await lab.elb.send(new ModifyTargetGroupAttributesCommand({ TargetGroupArn, Attributes }))
    await story(TargetGroupArn, [30, down, 20, 'unhealthy.draining Target.FailedHealthChecks', 59])
    expect(await look(TargetGroupArn)).toBe('unhealthy.draining Target.FailedHealthChecks')
    lab.pass(1)
    expect(await look(TargetGroupArn)).toBe(FAILED)
  })

  it('ends with the last listener, and so does draining', async () => {
    const { TargetGroupArn, ListenerArn } = await target()
    await register(TargetGroupArn, { Id: '10.20.0.2', AvailabilityZone: 'all' })
    lab.pass(30)
    await lab.elb.send(new DeregisterTargetsCommand({ TargetGroupArn, Targets: [{ Id: '10.20.0.2' }] }))
    expect(await look(TargetGroupArn)).toBe('healthy,draining Target.DeregistrationInProgress')
    await lab.elb.send(new DeleteListenerCommand({ ListenerArn }))
    expect(await look(TargetGroupArn)).toBe('unused Target.NotInUse')
  })
})
