import type { SourceListener, SourcePool, SourceTree } from '../../src/lib/ports/source.ts'
import { uuidOf } from '../../src/lib/sandbox/openstack/ids.ts'
import { remove } from '../../src/lib/sandbox/openstack/lifecycle.ts'
import type { LoadBalancerRow, Octavia, Row } from '../../src/lib/sandbox/openstack/model.ts'
import { seeded } from '../../src/lib/sandbox/openstack/seed.ts'
import type { Sandbox } from '../../src/lib/sandbox/server.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/**
 * Puts load balancers into a running sandbox's Octavia as they are, at once and past its checks: what a real Octavia
 * would refuse, or what only a newer one has, is there all the same. `createOctaviaSource(…).read(id)` then gives the
 * same tree back, but for four things: health (`operating_status`) is the sandbox's own, `project_id` is that of the
 * operator's project, ids below the load balancer that are no UUIDs become one (`idBelow`: of load balancer, parent and
 * id, so always the same), and lists come in the order of ids. L7 policies, of which a tree has only the ids, are plain REJECTs.
 *
 * Each tree's load balancer id must be a UUID; one that is there already is replaced, with all below it. A PENDING_*
 * or ERROR status stays until `sandbox.force(id, 'ACTIVE')`. Everything else in the sandbox stays as it is.
 */
export function buildWorld(sandbox: Sandbox, ...trees: readonly SourceTree[]): void {
  sandbox.change((state, now) => {
    const octavia = structuredClone(state.openstack.octavia)
    const projectId = state.openstack.identity.projects[0]?.id ?? ''
    for (const tree of trees) put(octavia, tree, projectId)
    return { ...state, openstack: { ...state.openstack, octavia: seeded(octavia, now) } }
  })
}

/** The id that something below a load balancer has in the sandbox: the same where it is a UUID already. */
export const idBelow = (loadBalancerId: string, parentId: string, id: string): string =>
  UUID.test(id) ? id : uuidOf(`${loadBalancerId} ${parentId} ${id}`)

/** What Octavia keeps of every object. */
function base(of: Partial<Row> & { readonly id: string; readonly name: string }, home: LoadBalancerRow): Row {
  return {
    id: of.id,
    name: of.name,
    provisioning_status: of.provisioning_status ?? 'ACTIVE',
    operating_status: of.operating_status ?? 'ONLINE',
    admin_state_up: of.admin_state_up ?? true,
    project_id: home.project_id,
    created_at: of.created_at ?? home.created_at,
    updated_at: of.updated_at ?? home.updated_at,
    tags: [...(of.tags ?? [])],
    settles_at: null,
  }
}

/** A tree that a test made never says DELETED: what is deleted is not there. */
const row = <T extends { readonly provisioning_status: string; readonly tags: readonly string[] }>(of: T) => {
  if (of.provisioning_status === 'DELETED') throw new Error('what is DELETED is no part of a cloud')
  return { ...of, tags: [...of.tags] } as Omit<T, 'provisioning_status' | 'tags'> &
    Pick<Row, 'provisioning_status' | 'tags'>
}

function put(o: Octavia, { loadbalancer, listeners, pools }: SourceTree, projectId: string): void {
  if (!UUID.test(loadbalancer.id)) throw new Error(`${loadbalancer.id} is no UUID, so nobody could ask for it`)
  if (Object.hasOwn(o.loadbalancers, loadbalancer.id)) remove(o, 'loadbalancers', loadbalancer.id)
  const { additional_vips, vip_sg_ids = [], vip_qos_policy_id = null, ...own } = row(loadbalancer)
  const home: LoadBalancerRow = {
    ...own,
    project_id: projectId,
    settles_at: null,
    vip_sg_ids: [...vip_sg_ids],
    vip_qos_policy_id,
    vip_port_id: uuidOf(`${own.id} port`),
    vip_subnet_id: null,
    vip_network_id: uuidOf(`${own.id} network`),
    additional_vips: additional_vips.map((ip_address, index) => ({
      ip_address,
      subnet_id: uuidOf(`${own.id} subnet ${index}`),
      port_id: uuidOf(`${own.id} port ${index}`),
    })),
  }
  o.loadbalancers[home.id] = home
  for (const pool of pools) putPool(o, home, pool)
  for (const listener of listeners) putListener(o, home, listener)
}

function putPool(o: Octavia, home: LoadBalancerRow, pool: SourcePool): void {
  const id = idBelow(home.id, home.id, pool.id)
  const { members, healthmonitor, session_persistence, tls_versions, alpn_protocols, ...own } = row(pool)
  o.pools[id] = {
    ...own,
    ...base({ ...own, id }, home),
    description: '',
    loadbalancer_id: home.id,
    session_persistence: session_persistence === null ? null : { ...session_persistence },
    tls_versions: tls_versions.length === 0 ? null : [...tls_versions],
    alpn_protocols: alpn_protocols.length === 0 ? null : [...alpn_protocols],
  }
  for (const member of members) {
    const each = row(member)
    const memberId = idBelow(home.id, id, each.id)
    o.members[memberId] = { ...each, ...base({ ...each, id: memberId }, home), pool_id: id }
  }
  if (healthmonitor === null) return
  const monitorId = idBelow(home.id, id, healthmonitor.id)
  const { admin_state_up, name } = healthmonitor
  o.healthmonitors[monitorId] = {
    ...healthmonitor,
    ...base({ id: monitorId, name, admin_state_up }, home),
    pool_id: id,
  }
}

function putListener(o: Octavia, home: LoadBalancerRow, listener: SourceListener): void {
  const id = idBelow(home.id, home.id, listener.id)
  const { l7policies, default_pool_id, allowed_cidrs, sni_container_refs, insert_headers, ...own } = row(listener)
  o.listeners[id] = {
    ...own,
    ...base({ ...own, id }, home),
    description: '',
    loadbalancer_id: home.id,
    default_pool_id: default_pool_id === null ? null : idBelow(home.id, home.id, default_pool_id),
    insert_headers: { ...insert_headers },
    allowed_cidrs: allowed_cidrs === null ? null : [...allowed_cidrs],
    sni_container_refs: [...sni_container_refs],
    tls_versions: own.tls_versions.length === 0 ? null : [...own.tls_versions],
    alpn_protocols: own.alpn_protocols.length === 0 ? null : [...own.alpn_protocols],
    hsts_include_subdomains: false,
    hsts_preload: false,
  }
  for (const [index, policy] of l7policies.entries()) {
    const policyId = idBelow(home.id, id, policy)
    o.l7policies[policyId] = {
      ...base({ id: policyId, name: '' }, home),
      description: '',
      listener_id: id,
      action: 'REJECT',
      redirect_pool_id: null,
      redirect_url: null,
      redirect_prefix: null,
      redirect_http_code: null,
      position: index + 1,
    }
  }
}
