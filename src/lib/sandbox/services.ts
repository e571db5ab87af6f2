import { keystone } from './openstack/keystone.ts'
import type { OpenStackState } from './openstack/model.ts'
import { octavia, passed } from './openstack/octavia.ts'
import { initialOpenStack } from './openstack/seed.ts'
import type { Service, WireResponse } from './service.ts'
import type { World } from './world.ts'

/** All the sandbox is, apart from the time and what does not answer. */
export interface SandboxState {
  readonly openstack: OpenStackState
}

export const initialState = (world: World, now: number, tokenLifetimeSeconds?: number): SandboxState => ({
  openstack: initialOpenStack(world.openstack, now, tokenLifetimeSeconds),
})

/** A service on its own part of the state. */
const on =
  <K extends keyof SandboxState>(part: K, service: Service<SandboxState[K]>): Service<SandboxState> =>
  (state, request, surroundings) => {
    const { state: next, response } = service(state[part], request, surroundings)
    return { state: next === state[part] ? state : { ...state, [part]: next }, response }
  }

const absent: WireResponse = { status: 501, headers: { 'content-type': 'text/plain' }, body: 'not in this sandbox' }

/** By the first part of the path. */
export const SERVICES: Readonly<Record<string, Service<SandboxState>>> = {
  identity: on('openstack', keystone),
  'load-balancer': on('openstack', octavia),
  aws: (state) => ({ state, response: absent }),
}

/** What happened by itself until now; called when something stops answering, or answers again. */
export const settle = (state: SandboxState, now: number, down: ReadonlySet<string>): SandboxState => {
  const openstack = passed(state.openstack, now, down)
  return openstack === state.openstack ? state : { ...state, openstack }
}
