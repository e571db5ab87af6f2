import type { Credential } from './signature.ts'
import type { Params } from './query.ts'
import type { AwsState } from './state.ts'
import type { XmlObject } from './xml.ts'

/** One request, as an action sees it. */
export interface Call {
  readonly state: AwsState
  readonly params: Params
  /** Milliseconds since the epoch, on the sandbox's clock. */
  readonly now: number
  readonly credential: Credential
}

export interface Reply {
  readonly state: AwsState
  readonly result: XmlObject
}

/** Throws an AwsFault; nothing is changed then. */
export type Action = (call: Call) => Reply

export type Actions = Readonly<Record<string, Action>>
