import type { Retry } from '../../ports/retry.ts'
import { type AwsCall, awsError } from './errors.ts'
import type { CallKind, Pace } from './pace.ts'

/** What `client.send` takes beside the command. */
export interface SendOptions {
  readonly abortSignal?: AbortSignal
}

type Send<T> = (options: SendOptions) => Promise<T>

/** How calls of one service go out: paced, one attempt each, errors as nyah's. */
export interface Wire {
  /** A look: repeated by the engine's retrier. */
  read<T>(operation: string, send: Send<T>, signal?: AbortSignal): Promise<T>
  /** A change that may be sent twice without harm: repeated like a look. */
  repeat<T>(operation: string, kind: CallKind, send: Send<T>): Promise<T>
  /** A create or delete: sent once. The executor repeats the whole change, which looks first. */
  once<T>(operation: string, send: Send<T>): Promise<T>
}

export function createWire(service: AwsCall['service'], pace: Pace, retry: Retry): Wire {
  const attempt = async <T>(operation: string, kind: CallKind, send: Send<T>, signal?: AbortSignal): Promise<T> => {
    await pace(kind, signal)
    try {
      return await send(signal === undefined ? {} : { abortSignal: signal })
    } catch (error) {
      signal?.throwIfAborted()
      throw awsError(error, { service, operation, writes: kind !== 'read' })
    }
  }
  return {
    read: (operation, send, signal) =>
      retry(`${service}:${operation}`, () => attempt(operation, 'read', send, signal), signal),
    repeat: (operation, kind, send) => retry(`${service}:${operation}`, () => attempt(operation, kind, send)),
    once: (operation, send) => attempt(operation, 'write', send),
  }
}

/** `call`, or `absent` when AWS knows no such thing. */
export async function unlessGone<T, A>(call: Promise<T>, absent: A): Promise<T | A> {
  try {
    return await call
  } catch (error) {
    if ((error as { code?: unknown }).code === 'AWS_NOT_FOUND') return absent
    throw error
  }
}
