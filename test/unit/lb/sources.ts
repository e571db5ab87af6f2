import type {
  SourceHealthMonitor,
  SourceListener,
  SourceLoadBalancer,
  SourceMember,
  SourcePool,
  SourceTree,
} from '../../../src/lib/ports/source.ts'
import type { Placement } from '../../../src/lib/lb/model.ts'
import type { NetworkFacts } from '../../../src/lib/ports/network.ts'

/** Octavia objects with every field at its default, as a plain TCP load balancer has them. */

export const ID = '5f0c7c1e-0000-4000-8000-000000000001'

export const loadBalancer = (over: Partial<SourceLoadBalancer> = {}): SourceLoadBalancer => ({
  id: ID,
  name: 'shop',
  description: '',
  provisioning_status: 'ACTIVE',
  operating_status: 'ONLINE',
  admin_state_up: true,
  project_id: 'p',
  vip_address: '198.51.100.1',
  additional_vips: [],
  vip_sg_ids: [],
  vip_qos_policy_id: null,
  provider: 'amphora',
  flavor_id: null,
  availability_zone: null,
  vip_vnic_type: 'normal',
  tags: [],
  created_at: '2026-11-22T19:37:03',
  updated_at: null,
  ...over,
})

export const member = (address: string, over: Partial<SourceMember> = {}): SourceMember => ({
  id: `m-${address}-${over.protocol_port ?? 8080}`,
  name: '',
  provisioning_status: 'ACTIVE',
  operating_status: 'ONLINE',
  admin_state_up: true,
  address,
  protocol_port: 8080,
  weight: 1,
  backup: false,
  subnet_id: null,
  monitor_address: null,
  monitor_port: null,
  vnic_type: 'normal',
  tags: [],
  ...over,
})

export const monitor = (over: Partial<SourceHealthMonitor> = {}): SourceHealthMonitor => ({
  id: 'hm',
  name: '',
  type: 'TCP',
  admin_state_up: true,
  delay: 10,
  timeout: 5,
  max_retries: 3,
  max_retries_down: 3,
  http_method: null,
  url_path: null,
  expected_codes: null,
  http_version: null,
  domain_name: null,
  ...over,
})

export const httpMonitor = (over: Partial<SourceHealthMonitor> = {}): SourceHealthMonitor =>
  monitor({ type: 'HTTP', http_method: 'GET', url_path: '/', expected_codes: '200', ...over })

export const pool = (over: Partial<SourcePool> = {}): SourcePool => ({
  id: 'p-web',
  name: 'web',
  provisioning_status: 'ACTIVE',
  operating_status: 'ONLINE',
  admin_state_up: true,
  protocol: 'TCP',
  lb_algorithm: 'ROUND_ROBIN',
  session_persistence: null,
  tls_enabled: false,
  tls_container_ref: null,
  ca_tls_container_ref: null,
  crl_container_ref: null,
  tls_ciphers: null,
  tls_versions: [],
  alpn_protocols: [],
  healthmonitor: monitor(),
  members: [member('10.20.0.11'), member('10.20.0.12')],
  tags: [],
  ...over,
})

export const listener = (over: Partial<SourceListener> = {}): SourceListener => ({
  id: `l-${over.protocol ?? 'TCP'}-${over.protocol_port ?? 80}`,
  name: 'web',
  provisioning_status: 'ACTIVE',
  operating_status: 'ONLINE',
  admin_state_up: true,
  protocol: 'TCP',
  protocol_port: 80,
  connection_limit: -1,
  default_pool_id: 'p-web',
  l7policies: [],
  insert_headers: {},
  timeout_client_data: 50_000,
  timeout_member_connect: 5_000,
  timeout_member_data: 50_000,
  timeout_tcp_inspect: 0,
  allowed_cidrs: null,
  default_tls_container_ref: null,
  sni_container_refs: [],
  client_authentication: 'NONE',
  client_ca_tls_container_ref: null,
  client_crl_container_ref: null,
  tls_ciphers: null,
  tls_versions: [],
  alpn_protocols: [],
  hsts_max_age: null,
  tags: [],
  ...over,
})

export const tree = (over: Partial<SourceTree> = {}): SourceTree => ({
  loadbalancer: loadBalancer(),
  listeners: [listener()],
  pools: [pool()],
  ...over,
})

export const placement = (over: Partial<Placement> = {}): Placement => ({
  name: 'internal',
  vpcId: 'vpc-1',
  scheme: 'internal',
  subnets: ['subnet-a', 'subnet-c'],
  routableCidrs: null,
  addresses: {},
  certificates: {},
  ...over,
})

export const facts = (over: Partial<NetworkFacts> = {}): NetworkFacts => ({
  vpcId: 'vpc-1',
  vpcCidrs: ['172.31.0.0/16'],
  subnets: [
    {
      id: 'subnet-a',
      vpcId: 'vpc-1',
      availabilityZone: 'ap-northeast-1a',
      cidr: '172.31.0.0/20',
      ipv6Cidr: null,
      freeAddresses: 4000,
    },
    {
      id: 'subnet-c',
      vpcId: 'vpc-1',
      availabilityZone: 'ap-northeast-1c',
      cidr: '172.31.16.0/20',
      ipv6Cidr: null,
      freeAddresses: 4000,
    },
  ],
  ...over,
})
