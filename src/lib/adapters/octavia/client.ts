import type { Retry } from '../../ports/retry.ts'
import type { Door } from '../http/door.ts'
import { jsonAnswer, type Asked } from './answers.ts'
import type { Keystone, Session } from './keystone.ts'

/** One successful read. */
interface Answer {
  readonly data: unknown
  readonly asked: Asked
  /** Octavia's own clock when it answered, ms since the epoch, 1 s resolution; null: it did not say. */
  readonly at: number | null
}

export interface OctaviaClient {
  /** GET below `/v2/lbaas`; a query value may be repeated (`fields`). Retried by the engine's rules. */
  get(path: string, query: Query, signal?: AbortSignal): Promise<Answer>
  session(signal?: AbortSignal): Promise<Session>
}

export type Query = readonly (readonly [name: string, value: string])[]

export interface OctaviaClientOptions {
  readonly keystone: Keystone
  readonly door: Door
  readonly retry: Retry
  /** For messages: `user operator`. */
  readonly as: string
}

export function createOctaviaClient({ keystone, door, retry, as }: OctaviaClientOptions): OctaviaClient {
  const session = (signal?: AbortSignal): Promise<Session> =>
    retry('authenticate with Keystone', () => keystone.session(signal), signal)

  const send = async (with_: Session, path: string, query: Query, signal: AbortSignal | undefined) => {
    const search = query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')
    const url = `${with_.lbaas}${path}${search && `?${search}`}`
    const secrets = [with_.token]
    const response = await door({
      method: 'GET',
      url,
      headers: { 'x-auth-token': with_.token.reveal() },
      secrets,
      signal,
    })
    return { response, asked: { area: 'OCTAVIA', method: 'GET', url, secrets, as } satisfies Asked }
  }

  return {
    session,
    async get(path, query, signal) {
      let using = await session(signal)
      return retry(
        `GET ${path}`,
        async () => {
          let sent = await send(using, path, query, signal)
          if (sent.response.status === 401) {
            // Expired, revoked and never valid look the same: one new token tells them apart.
            using = await keystone.renewed(using, signal)
            sent = await send(using, path, query, signal)
          }
          const { response, asked } = sent
          return { data: jsonAnswer(asked, response), asked, at: Date.parse(response.headers['date'] ?? '') || null }
        },
        signal,
      )
    },
  }
}
