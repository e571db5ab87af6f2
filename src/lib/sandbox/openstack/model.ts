/**
 * The sandbox's private cloud as one value. Rows hold what Octavia keeps in its database, under its own column names;
 * what an answer embeds (ids of listeners, pools, members) is derived when it is shown (views.ts).
 */

type Provisioning = 'ACTIVE' | 'PENDING_CREATE' | 'PENDING_UPDATE' | 'PENDING_DELETE' | 'ERROR'

export type Operating = 'ONLINE' | 'DRAINING' | 'OFFLINE' | 'DEGRADED' | 'ERROR' | 'NO_MONITOR'

export type Row = {
  id: string
  name: string
  provisioning_status: Provisioning
  operating_status: Operating
  admin_state_up: boolean
  project_id: string
  /** UTC without a zone, whole seconds, as Octavia writes it. */
  created_at: string
  updated_at: string | null
  tags: string[]
  /** When a PENDING_* status ends, in milliseconds since the epoch; null: it is settled. */
  settles_at: number | null
}

export type Vip = { subnet_id: string | null; ip_address: string; port_id: string }

export type LoadBalancerRow = Row & {
  description: string
  vip_address: string
  vip_port_id: string
  vip_subnet_id: string | null
  vip_network_id: string
  vip_sg_ids: string[]
  additional_vips: Vip[]
  provider: string
  flavor_id: string | null
  vip_qos_policy_id: string | null
  availability_zone: string | null
  vip_vnic_type: string
}

export type ListenerRow = Row & {
  description: string
  loadbalancer_id: string
  protocol: string
  protocol_port: number
  connection_limit: number
  default_tls_container_ref: string | null
  sni_container_refs: string[]
  default_pool_id: string | null
  insert_headers: Record<string, string>
  timeout_client_data: number
  timeout_member_connect: number
  timeout_member_data: number
  timeout_tcp_inspect: number
  client_ca_tls_container_ref: string | null
  client_authentication: string
  client_crl_container_ref: string | null
  allowed_cidrs: string[] | null
  tls_ciphers: string | null
  tls_versions: string[] | null
  alpn_protocols: string[] | null
  hsts_max_age: number | null
  hsts_include_subdomains: boolean
  hsts_preload: boolean
}

export type SessionPersistence = {
  type: string
  cookie_name: string | null
  persistence_timeout: number | null
  persistence_granularity: string | null
}

export type PoolRow = Row & {
  description: string
  loadbalancer_id: string
  protocol: string
  lb_algorithm: string
  session_persistence: SessionPersistence | null
  tls_container_ref: string | null
  ca_tls_container_ref: string | null
  crl_container_ref: string | null
  tls_enabled: boolean
  tls_ciphers: string | null
  tls_versions: string[] | null
  alpn_protocols: string[] | null
}

export type MemberRow = Row & {
  pool_id: string
  address: string
  protocol_port: number
  weight: number
  backup: boolean
  subnet_id: string | null
  monitor_address: string | null
  monitor_port: number | null
  vnic_type: string
}

export type HealthMonitorRow = Row & {
  pool_id: string
  type: string
  delay: number
  timeout: number
  max_retries: number
  max_retries_down: number
  http_method: string | null
  url_path: string | null
  expected_codes: string | null
  http_version: number | null
  domain_name: string | null
}

export type L7PolicyRow = Row & {
  description: string
  listener_id: string
  action: string
  redirect_pool_id: string | null
  redirect_url: string | null
  redirect_prefix: string | null
  redirect_http_code: number | null
  position: number
}

export type RuleRow = Row & {
  l7policy_id: string
  type: string
  compare_type: string
  key: string | null
  value: string
  invert: boolean
}

type Table<R> = Record<string, R>

export type Octavia = {
  loadbalancers: Table<LoadBalancerRow>
  listeners: Table<ListenerRow>
  pools: Table<PoolRow>
  members: Table<MemberRow>
  healthmonitors: Table<HealthMonitorRow>
  l7policies: Table<L7PolicyRow>
  rules: Table<RuleRow>
}

export const TABLES = [
  'loadbalancers',
  'listeners',
  'pools',
  'members',
  'healthmonitors',
  'l7policies',
  'rules',
] as const satisfies readonly (keyof Octavia)[]

export type Project = { id: string; name: string }

export type User = {
  id: string
  name: string
  password: string
  /** Roles by project name; the first project is the default one. */
  roles: Record<string, string[]>
}

type ApplicationCredential = {
  id: string
  name: string
  secret: string
  /** Names. */
  user: string
  project: string
}

export type IssuedToken = {
  methods: string[]
  userId: string
  /** Null: unscoped. */
  projectId: string | null
  /** The application credential it came from. */
  credentialId: string | null
  /** Milliseconds since the epoch. */
  issuedAt: number
  expiresAt: number
  audit: string[]
}

export type Identity = {
  region: string
  domain: { id: string; name: string }
  projects: Project[]
  users: User[]
  applicationCredentials: ApplicationCredential[]
  tokenLifetimeSeconds: number
  /** By token. */
  tokens: Record<string, IssuedToken>
}

/** A public address in front of a fixed one. */
export type FloatingIp = {
  floatingAddress: string
  /** Null, as the port: it is in front of nothing. */
  fixedAddress: string | null
  portId: string | null
  projectId: string
}

export type OpenStackState = {
  /** Counts what was created; ids are made of it, so that the same requests give the same ids. */
  seq: number
  identity: Identity
  octavia: Octavia
  /** Null: the cloud has no Neutron that its catalogue would name. */
  floatingIps: FloatingIp[] | null
}
