import type { JsonObject } from '../../core/json.ts'
import type { Service, WireRequest, WireResponse } from '../service.ts'
import { stamp, uuidOf } from './ids.ts'
import { PENDING_MS, tick } from './lifecycle.ts'
import type { Octavia, OpenStackState } from './model.ts'
import { actorOf } from './policy.ts'
import { read } from './reads.ts'
import { empty, isRefusal, reply, titled } from './reply.ts'
import { write } from './writes.ts'

/** Octavia API v2.30, below `/load-balancer`: as recorded from a real one, refusals too. */

/** When v2.0 to v2.30 came. There is no microversion header: all of them are the same `/v2`. */
const DATES = (
  '2016-12-11 2018-04-20 2018-07-31 2018-12-18 2018-12-19 2019-01-21 2019-01-25 2018-01-25T12 ' +
  '2019-02-12 2019-03-04 2019-03-05 2019-06-24 2019-09-11 2019-09-13 2019-11-10 2020-03-10 2020-03-15 ' +
  '2020-04-29 2020-04-29T01 2020-05-12 2020-08-02 2020-09-03 2020-09-04 2020-09-07 2020-10-15 ' +
  '2021-10-02 2022-08-29 2023-05-05 2023-11-08 2024-10-15 2025-02-26'
).split(' ')

function discovery(request: WireRequest): JsonObject {
  return {
    versions: DATES.map((date, minor) => ({
      id: `v2.${minor}`,
      status: minor === DATES.length - 1 ? 'CURRENT' : 'SUPPORTED',
      updated: `${date.length > 10 ? date : `${date}T00`}:00:00Z`,
      links: [{ href: `${request.baseUrl}/v2`, rel: 'self' }],
    })),
  }
}

/** The path below `/v2/lbaas`, in parts; a string where it ends above that. */
function partsOf(path: string): string[] | 'root' | 'health' | 'version' {
  const [first, second, ...rest] = path.split('/').filter((part) => part !== '')
  if (first === undefined) return 'root'
  if (first === 'healthcheck' && second === undefined) return 'health'
  if (first !== 'v2' && first !== 'v2.0') throw titled(404, 'Not Found', null)
  if (second === undefined || (second === 'lbaas' && rest.length === 0)) return 'version'
  if (second !== 'lbaas') throw titled(404, 'Not Found', '')
  try {
    return rest.map(decodeURIComponent)
  } catch {
    throw titled(400, 'Bad Request', 'the path is not valid UTF-8')
  }
}

interface Step {
  readonly state: OpenStackState
  readonly response: WireResponse
}

function route(state: OpenStackState, request: WireRequest, now: number): Step {
  const parts = partsOf(request.path)
  if (parts === 'root') return { state, response: reply(200, discovery(request)) }
  if (parts === 'health') {
    const spoken = (request.headers['accept'] ?? '').includes('application/json')
    return { state, response: spoken ? reply(200, { detailed: false, reasons: [] }) : empty(204) }
  }
  const actor = actorOf(state, request, now)
  if (parts === 'version') return { state, response: reply(200, 'v2') }
  if (request.method === 'GET' || request.method === 'HEAD') {
    return { state, response: read(state.octavia, parts, actor, request) }
  }
  const draft: Octavia = structuredClone(state.octavia)
  let { seq } = state
  const making = {
    now,
    projectId: actor.project.id,
    settlesAt: now + PENDING_MS,
    id: () => uuidOf(`made ${++seq} ${stamp(now)}`),
  }
  const response = write(draft, parts, actor, request, making)
  return { state: { ...state, seq, octavia: draft }, response }
}

/** What happened by itself until now; the server calls it when something stops answering, every request does too. */
export const passed = (state: OpenStackState, now: number, down: ReadonlySet<string>): OpenStackState => {
  const octavia = tick(state.octavia, now, down)
  return octavia === state.octavia ? state : { ...state, octavia }
}

export const octavia: Service<OpenStackState> = (before, request, { now, down }) => {
  const state = passed(before, now, down)
  const common = { 'x-openstack-request-id': `req-${uuidOf(`${now} ${state.seq} ${request.method} ${request.path}`)}` }
  try {
    const { state: after, response } = route(state, request, now)
    return { state: after, response: { ...response, headers: { ...common, ...response.headers } } }
  } catch (error) {
    if (!isRefusal(error)) throw error
    const headers = error.response.status === 401 ? error.response.headers : { ...common, ...error.response.headers }
    return { state, response: { ...error.response, headers } }
  }
}
