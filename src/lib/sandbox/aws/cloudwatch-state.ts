/** Alarms of CloudWatch. They watch nothing: a world, or somebody, says how they are. */

export const ALARM_STATES = ['OK', 'ALARM', 'INSUFFICIENT_DATA'] as const

type StateValue = (typeof ALARM_STATES)[number]

export interface AlarmSeed {
  readonly name: string
  /** Absent: the account's. */
  readonly region?: string | undefined
  /** Absent: of a metric. */
  readonly composite?: boolean | undefined
  /** Absent: OK. */
  readonly state?: StateValue | undefined
}

export interface AlarmState {
  readonly name: string
  readonly region: string
  readonly composite: boolean
  /** The world's word. */
  readonly usual: StateValue
  readonly state: StateValue
  readonly updatedAt: number
}

export const alarmOf = (
  { name, region, composite = false, state = 'OK' }: AlarmSeed,
  usualRegion: string,
  now: number,
): AlarmState => ({ name, region: region ?? usualRegion, composite, usual: state, state, updatedAt: now })

/** Those of these names as said, the others as they are; null in place of all names: every one as usual. */
export const alarmsAs = (
  alarms: readonly AlarmState[],
  said: Readonly<Record<string, StateValue>> | null,
  now: number,
): readonly AlarmState[] =>
  alarms.map((alarm) => {
    const state = said === null ? alarm.usual : Object.hasOwn(said, alarm.name) ? said[alarm.name] : undefined
    return state === undefined || state === alarm.state ? alarm : { ...alarm, state, updatedAt: now }
  })
