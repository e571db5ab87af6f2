import type { JsonObject } from '../../core/json.ts'
import type { Service, WireRequest } from '../service.ts'
import { uuidOf } from './ids.ts'
import type { FloatingIp, OpenStackState } from './model.ts'
import { identityError, reply } from './reply.ts'
import { callerOf } from './tokens.ts'
import type { Caller } from './tokens.ts'

/** Neutron v2.0, below `/network`: floating IPs, to be read. Networking API reference, "Floating IPs". */

const FILTERS = [
  'id',
  'fixed_ip_address',
  'floating_ip_address',
  'port_id',
  'project_id',
  'tenant_id',
  'status',
] as const

const refusal = (status: number, type: string, message: string) =>
  reply(status, { NeutronError: { type, message, detail: '' } })

const floatingIp = ({ floatingAddress, fixedAddress, portId, projectId }: FloatingIp): JsonObject => ({
  id: uuidOf(`floating ip ${floatingAddress}`),
  floating_ip_address: floatingAddress,
  fixed_ip_address: fixedAddress,
  port_id: portId,
  floating_network_id: uuidOf('floating network'),
  router_id: portId === null ? null : uuidOf('router'),
  status: portId === null ? 'DOWN' : 'ACTIVE',
  project_id: projectId,
  tenant_id: projectId,
  description: '',
  tags: [],
})

/** A list keeps what the caller may see: a role of the project's, or `admin`. What other projects have is left out. */
function listed(state: OpenStackState, { query }: WireRequest, { project, roles }: Caller) {
  const unknown = [...query.keys()].find((name) => !FILTERS.some((filter) => filter === name))
  // Extension `filter-validation`.
  if (unknown !== undefined) {
    return refusal(
      400,
      'HTTPBadRequest',
      `Invalid input for operation: Attribute '${unknown}' not supported as a filter.`,
    )
  }
  const mine = ({ projectId }: FloatingIp) =>
    roles.includes('admin') || (projectId === project?.id && ['reader', 'member'].some((role) => roles.includes(role)))
  const shown = (state.floatingIps ?? [])
    .filter(mine)
    .map(floatingIp)
    .filter((one) => FILTERS.every((name) => !query.has(name) || query.getAll(name).includes(String(one[name]))))
  return reply(200, { floatingips: shown })
}

export const neutron: Service<OpenStackState> = (state, request, { now }) => {
  const answer = () => {
    if (state.floatingIps === null) return refusal(404, 'HTTPNotFound', 'The resource could not be found.')
    const caller = callerOf(state.identity, request.headers['x-auth-token'], now)
    if (caller === null) {
      return identityError(401, 'Unauthorized', 'The request you have made requires authentication.').response
    }
    if (request.method !== 'GET' || !/^\/v2\.0\/floatingips(\.json)?\/?$/.test(request.path)) {
      return refusal(404, 'HTTPNotFound', `${request.method} ${request.path} is not built in the sandbox.`)
    }
    return listed(state, request, caller)
  }
  return { state, response: answer() }
}
