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
  /** The same below Neutron's `/v2.0`; null: the catalogue has no Neutron. */
  getNetwork(path: string, query: Query, signal?: AbortSignal): Promise<Answer | null>
  session(signal?: AbortSignal): Promise<Session>
}

export type Query = readonly (readonly [name: string, value: string])[]

export interface OctaviaClientOptions {
  readonly keystone: Keystone
  readonly door: Door
  /** To Neutron. Absent: the same. */
  readonly networkDoor?: Door
  readonly retry: Retry
  /** For messages: `user operator`. */
  readonly as: string
}

export function createOctaviaClient({
  keystone,
  door,
  networkDoor = door,
  retry,
  as,
}: OctaviaClientOptions): OctaviaClient {
  const session = (signal?: AbortSignal): Promise<Session> =>
    retry('authenticate with Keystone', () => keystone.session(signal), signal)

  const send = async (area: Asked['area'], with_: Session, path: string, query: Query, signal?: AbortSignal) => {
    const search = query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')
    const root = area === 'NEUTRON' ? `${with_.network ?? ''}/v2.0` : with_.lbaas
    const url = `${root}${path}${search && `?${search}`}`
    const secrets = [with_.token]
    const response = await (area === 'NEUTRON' ? networkDoor : door)({
      method: 'GET',
      url,
      headers: { 'x-auth-token': with_.token.reveal() },
      secrets,
      signal,
    })
    return { response, asked: { area, method: 'GET', url, secrets, as } satisfies Asked }
  }

  const read = async (area: Asked['area'], path: string, query: Query, signal?: AbortSignal): Promise<Answer> => {
    let using = await session(signal)
    return retry(
      `GET ${path}`,
      async () => {
        let sent = await send(area, using, path, query, signal)
        if (sent.response.status === 401) {
          // Expired, revoked and never valid look the same: one new token tells them apart.
          using = await keystone.renewed(using, signal)
          sent = await send(area, using, path, query, signal)
        }
        const { response, asked } = sent
        return { data: jsonAnswer(asked, response), asked, at: Date.parse(response.headers['date'] ?? '') || null }
      },
      signal,
    )
  }

  return {
    session,
    get: (path, query, signal) => read('OCTAVIA', path, query, signal),
    getNetwork: async (path, query, signal) =>
      (await session(signal)).network === null ? null : read('NEUTRON', path, query, signal),
  }
}
