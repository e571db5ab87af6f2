import * as z from 'zod/mini'
import { isNyahError } from '../../core/errors.ts'
import type { OctaviaClient } from './client.ts'
import { check } from './decode.ts'

const balancer = z.object({ loadbalancer: z.object({ vip_address: z.string(), vip_port_id: z.nullish(z.string()) }) })

const floatingIps = z.object({
  floatingips: z.array(z.object({ floating_ip_address: z.string(), fixed_ip_address: z.nullish(z.string()) })),
})

/**
 * The floating IP of a load balancer's VIP, from Neutron (Networking API v2.0, "Floating IPs"). The port has one for each
 * of its addresses at most: additional VIPs may have their own.
 */
export async function readFloatingIp(client: OctaviaClient, id: string, signal?: AbortSignal): Promise<string | null> {
  if ((await client.session(signal)).network === null) return null
  const one = await client.get(`/loadbalancers/${id}`, [], signal).catch((error: unknown) => {
    if (isNyahError(error) && error.code === 'OCTAVIA_NOT_FOUND') return null
    throw error
  })
  if (one === null) return null
  const { vip_address: vip, vip_port_id: port } = check(balancer, one.asked, 'answer', one.data).loadbalancer
  if (port === null || port === undefined || port === '') return null
  const answer = await client.getNetwork('/floatingips', [['port_id', port]], signal)
  if (answer === null) return null
  const { floatingips } = check(floatingIps, answer.asked, 'answer', answer.data)
  return floatingips.find(({ fixed_ip_address: fixed }) => fixed === vip)?.floating_ip_address ?? null
}
