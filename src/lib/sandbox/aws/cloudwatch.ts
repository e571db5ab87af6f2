/**
 * CloudWatch, as much as a look at alarms by name needs: DescribeAlarms, in AWS JSON 1.0 with errors that say their names of
 * the Query protocol as well (`x-amzn-query-error`), as the SDK asks for them (`x-amzn-query-mode`).
 */
import * as z from 'zod/mini'
import type { WireRequest, WireResponse } from '../service.ts'
import type { AlarmState } from './cloudwatch-state.ts'
import { type AwsFault, fault, isFault } from './fault.ts'
import { judged } from './iam-policy.ts'
import type { Credential } from './signature.ts'
import type { AwsState } from './state.ts'
import { callerOf } from './sts.ts'

const TARGET = /^GraniteServiceVersion20100801\.(\w+)$/

// API_DescribeAlarms: at most 100 names of 1 to 255 characters; without types, alarms of metrics alone.
const asked = z.strictObject({
  AlarmNames: z.optional(z.array(z.string().check(z.minLength(1), z.maxLength(255))).check(z.maxLength(100))),
  AlarmTypes: z.optional(z.array(z.enum(['MetricAlarm', 'CompositeAlarm', 'LogAlarm']))),
})

const invalid = (message: string) => fault('ValidationError', message)

function described({ alarms, accountId }: AwsState, region: string, body: string): object {
  let given: unknown
  try {
    given = JSON.parse(body)
  } catch {
    throw fault('SerializationException', 'The body is no JSON')
  }
  const parsed = asked.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw invalid(
      issue?.code === 'unrecognized_keys'
        ? `${issue.keys.join(', ')} of DescribeAlarms is not built in the sandbox`
        : `${issue?.path.map(String).join('.')}: ${issue?.message}`,
    )
  }
  const { AlarmNames: names, AlarmTypes: types = ['MetricAlarm'] } = parsed.data
  const found = alarms.filter((alarm) => alarm.region === region && (names === undefined || names.includes(alarm.name)))
  const shown = (composite: boolean, type: (typeof types)[number]): readonly object[] =>
    types.includes(type)
      ? found.filter((alarm) => alarm.composite === composite).map((alarm) => shapeOf(alarm, accountId))
      : []
  return { MetricAlarms: shown(false, 'MetricAlarm'), CompositeAlarms: shown(true, 'CompositeAlarm') }
}

const shapeOf = ({ name, region, composite, state, updatedAt }: AlarmState, accountId: string): object => ({
  AlarmName: name,
  AlarmArn: `arn:aws:cloudwatch:${region}:${accountId}:alarm:${name}`,
  ActionsEnabled: true,
  StateValue: state,
  StateReason: state === 'INSUFFICIENT_DATA' ? 'Unchecked: Initial alarm creation' : `The sandbox was told: ${state}`,
  StateUpdatedTimestamp: updatedAt / 1000,
  StateTransitionedTimestamp: updatedAt / 1000,
  ...(composite ? { AlarmRule: 'FALSE' } : { Namespace: 'nyah/sandbox', MetricName: name }),
})

/** Is this a request of the protocol that CloudWatch speaks? */
export const isCloudWatch = ({ headers }: WireRequest): boolean => headers['x-amz-target'] !== undefined

/** @param credential as the request was signed; its Region's alarms are shown */
export function cloudWatch(state: AwsState, request: WireRequest, credential: Credential): object {
  const { headers } = request
  const target = headers['x-amz-target'] ?? ''
  const [, action = ''] = TARGET.exec(target) ?? []
  if (headers['content-type'] !== 'application/x-amz-json-1.0')
    throw fault(
      'UnknownOperationException',
      `${headers['content-type'] ?? 'no type'} is not application/x-amz-json-1.0`,
    )
  if (action !== 'DescribeAlarms')
    throw fault('UnknownOperationException', `${target} is not built in the sandbox (monitoring 2010-08-01)`)
  if (state.policy !== null && judged(state.policy, `cloudwatch:${action}`, '*', {}).decision !== 'allowed') {
    const { arn } = callerOf(state, credential.accessKeyId)
    throw fault('AccessDenied', `User: ${arn} is not authorized to perform: cloudwatch:${action}`, 403)
  }
  return described(state, credential.region, request.body)
}

const respond = (
  status: number,
  body: object,
  id: string,
  headers: Readonly<Record<string, string>>,
): WireResponse => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': id, ...headers },
  body: JSON.stringify(body),
})

export function answerOfCloudWatch(ask: () => object, id: string): WireResponse {
  try {
    return respond(200, ask(), id, {})
  } catch (error) {
    if (!isFault(error)) throw error
    return refusalOfCloudWatch(error, id)
  }
}

const refusalOfCloudWatch = ({ code, message, status }: Error & AwsFault, id: string): WireResponse =>
  respond(status, { __type: `com.amazonaws.cloudwatch#${code}`, message }, id, {
    'x-amzn-query-error': `${code};${status < 500 ? 'Sender' : 'Receiver'}`,
  })
