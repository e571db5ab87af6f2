import { fault, invalid } from './fault.ts'
import { ARN } from './ids.ts'
import type { Params } from './query.ts'
import { integer, text } from './query.ts'
import type { AwsState, ListenerState, LoadBalancerState, TargetGroupState } from './state.ts'

const found = <T>(record: Readonly<Record<string, T>>, arn: string, pattern: RegExp, noun: string, code: string): T => {
  if (!pattern.test(arn)) throw invalid(`'${arn}' is not a valid ${noun} ARN`)
  const thing = record[arn]
  if (thing === undefined) throw fault(code, `One or more ${noun}s not found`)
  return thing
}

export const loadBalancerOf = (state: AwsState, arn: string): LoadBalancerState =>
  found(state.loadBalancers, arn, ARN.loadBalancer, 'load balancer', 'LoadBalancerNotFound')

export const listenerOf = (state: AwsState, arn: string): ListenerState =>
  found(state.listeners, arn, ARN.listener, 'listener', 'ListenerNotFound')

export const targetGroupOf = (state: AwsState, arn: string): TargetGroupState =>
  found(state.targetGroups, arn, ARN.targetGroup, 'target group', 'TargetGroupNotFound')

export const listenersOf = (state: AwsState, loadBalancerArn: string): readonly ListenerState[] =>
  Object.values(state.listeners).filter((listener) => listener.loadBalancerArn === loadBalancerArn)

/** ARNs of the load balancers that a target group is used by: none or one. */
export const usersOf = (state: AwsState, targetGroupArn: string): readonly string[] => [
  ...new Set(
    Object.values(state.listeners)
      .filter(({ targetGroups }) => targetGroups.some(({ arn }) => arn === targetGroupArn))
      .map(({ loadBalancerArn }) => loadBalancerArn),
  ),
]

export interface Page<T> {
  readonly items: readonly T[]
  readonly marker: string | null
}

const MARKER = /^nyah([0-9a-z]{1,12})$/

/** `PageSize` 1-400 (also the default) and `Marker`, which is the last one shown: a deleted one does not shift pages. */
export function pageOf<T extends { readonly ordinal: number }>(params: Params, items: readonly T[]): Page<T> {
  const size = integer(params, 'PageSize', 1, 400) ?? 400
  const marker = text(params, 'Marker')
  const digits = marker === undefined ? null : MARKER.exec(marker)?.[1]
  if (digits === undefined) throw invalid(`Invalid marker '${marker}'`)
  const after = digits === null ? -1 : Number.parseInt(digits, 36)
  const left = items.filter(({ ordinal }) => ordinal > after).sort((a, b) => a.ordinal - b.ordinal)
  const shown = left.slice(0, size)
  const last = shown.at(-1)
  return { items: shown, marker: last !== undefined && left.length > size ? `nyah${last.ordinal.toString(36)}` : null }
}

// CreateLoadBalancer and CreateTargetGroup, `Name`: ≤ 32, alphanumeric and hyphens, not at either end.
export function checkName(name: string, noun: string): void {
  if (name.length > 32) throw invalid(`${noun} name '${name}' cannot be longer than '32' characters`)
  if (!/^[A-Za-z0-9-]+$/.test(name)) {
    throw invalid(`${noun} name '${name}' can only contain characters that are alphanumeric characters and hyphens(-)`)
  }
  if (name.startsWith('-') || name.endsWith('-')) throw invalid(`${noun} name '${name}' cannot begin or end with '-'`)
}
