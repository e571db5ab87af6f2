import type { Judge, Verdict } from '../../ports/conditions.ts'
import * as sdk from './cloudwatch.sdk.ts'
import { guarded } from './door.ts'
import { CLOUDWATCH_RATES, paceTowards } from './pace.ts'
import type { AwsDeps } from './session.ts'
import { createWire } from './wire.ts'

/** What is looked at of a metric's or a composite alarm. */
interface Alarm {
  readonly StateValue?: string | undefined
  readonly StateReason?: string | undefined
  /** Of a metric's alarm, where the last evaluation was not a whole one. */
  readonly EvaluationState?: string | undefined
  readonly StateUpdatedTimestamp?: Date | undefined
}

/** Alarms of CloudWatch, by name. Errors: the AWS_ codes of docs/aws.md. */
export function createAlarms({ session, clock, retry }: AwsDeps): Judge<'alarm'> {
  const wire = createWire(
    'cloudwatch',
    paceTowards(session.settings.endpoints.CLOUDWATCH, clock, CLOUDWATCH_RATES),
    retry,
  )
  const clients = new Map<string, InstanceType<typeof sdk.CloudWatchClient>>()
  const clientIn = (region: string): InstanceType<typeof sdk.CloudWatchClient> => {
    const known = clients.get(region)
    if (known !== undefined) return known
    const made = guarded(new sdk.CloudWatchClient({ ...session.clientConfig('CLOUDWATCH'), region }))
    clients.set(region, made)
    return made
  }

  return async ({ name, region: asked }, signal) => {
    const region = asked ?? session.settings.region
    // API_DescribeAlarms: without AlarmTypes, composite alarms are left out.
    const input = { AlarmNames: [name], AlarmTypes: ['MetricAlarm' as const, 'CompositeAlarm' as const] }
    const send = (o: object) => clientIn(region).send(new sdk.DescribeAlarmsCommand(input), o)
    const { MetricAlarms = [], CompositeAlarms = [] } = await wire.read('DescribeAlarms', send, signal)
    const alarm = [...MetricAlarms, ...CompositeAlarms].find(({ AlarmName }) => AlarmName === name)
    return alarm === undefined
      ? { state: 'missing', detail: `there is no such alarm in ${region}`, at: null }
      : verdictOf(alarm)
  }
}

/** An OK that CloudWatch could not make of all the data is none. */
function verdictOf({ StateValue, StateReason = '', EvaluationState, StateUpdatedTimestamp }: Alarm): Verdict {
  const at = StateUpdatedTimestamp?.toISOString() ?? null
  const why = StateReason === '' ? '' : `: ${StateReason.slice(0, 300)}`
  if (StateValue === 'ALARM') return { state: 'broken', detail: `ALARM${why}`, at }
  if (StateValue !== 'OK') return { state: 'missing', detail: `${StateValue ?? 'no state'}${why}`, at }
  if (EvaluationState !== undefined) return { state: 'missing', detail: `OK, but ${EvaluationState}${why}`, at }
  return { state: 'fine', detail: 'OK', at }
}
