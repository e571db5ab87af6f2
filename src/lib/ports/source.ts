/**
 * Where load balancers come from: OpenStack Octavia. Field names are Octavia's own, so that what an operator
 * reads in a plan is what `openstack loadbalancer show` prints. Keys that older clouds lack are filled with
 * their documented default by the adapter (docs/octavia.md).
 */

export type ProvisioningStatus = 'ACTIVE' | 'PENDING_CREATE' | 'PENDING_UPDATE' | 'PENDING_DELETE' | 'ERROR' | 'DELETED'

export type OperatingStatus = 'ONLINE' | 'DRAINING' | 'OFFLINE' | 'DEGRADED' | 'ERROR' | 'NO_MONITOR'

export interface SourceLoadBalancer {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly provisioning_status: ProvisioningStatus
  readonly operating_status: OperatingStatus
  readonly admin_state_up: boolean
  readonly project_id: string
  readonly vip_address: string
  readonly additional_vips: readonly string[]
  /** Neutron security groups the operator put on the VIP (API 2.29); absent on older clouds. */
  readonly vip_sg_ids?: readonly string[]
  /** Bandwidth limit on the VIP's port. */
  readonly vip_qos_policy_id?: string | null
  readonly provider: string
  /** API 2.6; null: the default. */
  readonly flavor_id: string | null
  /** API 2.14. */
  readonly availability_zone: string | null
  /** normal, direct, vdpa (API 2.28). */
  readonly vip_vnic_type: string
  readonly tags: readonly string[]
  readonly created_at: string
  /** UTC without a zone, 1 s resolution; null on a new one. Bumped by every configuration change below it. */
  readonly updated_at: string | null
}

export interface SourceMember {
  readonly id: string
  readonly name: string
  readonly provisioning_status: ProvisioningStatus
  readonly operating_status: OperatingStatus
  readonly admin_state_up: boolean
  /** IPv4 or IPv6 address. */
  readonly address: string
  readonly protocol_port: number
  /** 0-256; 0 drains. */
  readonly weight: number
  readonly backup: boolean
  readonly subnet_id: string | null
  readonly monitor_address: string | null
  readonly monitor_port: number | null
  /** normal, direct, … (API 2.30). */
  readonly vnic_type: string
  readonly tags: readonly string[]
}

export interface SourceHealthMonitor {
  readonly id: string
  readonly name: string
  /** TCP, HTTP, HTTPS, PING, TLS-HELLO, UDP-CONNECT, SCTP, or newer. */
  readonly type: string
  readonly admin_state_up: boolean
  /** Seconds. */
  readonly delay: number
  /** Seconds. */
  readonly timeout: number
  readonly max_retries: number
  readonly max_retries_down: number
  readonly http_method: string | null
  readonly url_path: string | null
  readonly expected_codes: string | null
  readonly http_version: number | null
  readonly domain_name: string | null
}

export interface SessionPersistence {
  /** SOURCE_IP, HTTP_COOKIE, APP_COOKIE */
  readonly type: string
  readonly cookie_name: string | null
  /** Seconds; UDP only. */
  readonly persistence_timeout: number | null
  /** A netmask; UDP only. */
  readonly persistence_granularity: string | null
}

export interface SourcePool {
  readonly id: string
  readonly name: string
  readonly provisioning_status: ProvisioningStatus
  readonly operating_status: OperatingStatus
  readonly admin_state_up: boolean
  /** TCP, HTTP, HTTPS, PROXY, PROXYV2, UDP, SCTP, or newer. */
  readonly protocol: string
  readonly lb_algorithm: string
  readonly session_persistence: SessionPersistence | null
  /** Octavia speaks TLS to the members. */
  readonly tls_enabled: boolean
  readonly tls_container_ref: string | null
  readonly ca_tls_container_ref: string | null
  readonly crl_container_ref: string | null
  readonly tls_ciphers: string | null
  readonly tls_versions: readonly string[]
  readonly alpn_protocols: readonly string[]
  readonly healthmonitor: SourceHealthMonitor | null
  readonly members: readonly SourceMember[]
  readonly tags: readonly string[]
}

export interface SourceListener {
  readonly id: string
  readonly name: string
  readonly provisioning_status: ProvisioningStatus
  readonly operating_status: OperatingStatus
  readonly admin_state_up: boolean
  /** TCP, HTTP, HTTPS, TERMINATED_HTTPS, UDP, SCTP, PROMETHEUS, or newer. */
  readonly protocol: string
  readonly protocol_port: number
  /** -1 is unlimited. */
  readonly connection_limit: number
  readonly default_pool_id: string | null
  /** Ids of its L7 policies. */
  readonly l7policies: readonly string[]
  readonly insert_headers: Readonly<Record<string, string>>
  /** Milliseconds. */
  readonly timeout_client_data: number
  readonly timeout_member_connect: number
  readonly timeout_member_data: number
  readonly timeout_tcp_inspect: number
  /** Null or empty: everybody. */
  readonly allowed_cidrs: readonly string[] | null
  readonly default_tls_container_ref: string | null
  readonly sni_container_refs: readonly string[]
  /** NONE, OPTIONAL, MANDATORY */
  readonly client_authentication: string
  readonly client_ca_tls_container_ref: string | null
  readonly client_crl_container_ref: string | null
  readonly tls_ciphers: string | null
  /** `TLSv1.2`, `TLSv1.3`; empty: not said. */
  readonly tls_versions: readonly string[]
  /** `h2`, `http/1.1`; empty: none. */
  readonly alpn_protocols: readonly string[]
  /** Seconds; null: no HSTS (API 2.27). */
  readonly hsts_max_age: number | null
  readonly tags: readonly string[]
}

/** One load balancer and all below it, read consistently: nothing changed in Octavia between first and last call. */
export interface SourceTree {
  readonly loadbalancer: SourceLoadBalancer
  readonly listeners: readonly SourceListener[]
  /** Every pool of the load balancer, also those that no listener uses. */
  readonly pools: readonly SourcePool[]
}

/** One line of the change poll. */
export interface SourceChange {
  readonly id: string
  readonly updated_at: string | null
  readonly provisioning_status: ProvisioningStatus
}

export interface SourceChanges {
  /** Octavia's own clock (its Date header), milliseconds since the epoch, to the second; null: it sent none. */
  readonly at: number | null
  readonly loadbalancers: readonly SourceChange[]
}

export interface LoadBalancerSource {
  /** What moved: one request per 1,000 load balancers, three fields each. */
  changes(signal?: AbortSignal): Promise<SourceChanges>
  /** All load balancers the credentials can see, pages joined. */
  list(signal?: AbortSignal): Promise<readonly SourceLoadBalancer[]>
  /**
   * The whole tree. Null: it does not exist (404). Read once more while a change lands in between; a load balancer
   * that keeps changing is OCTAVIA_CHANGING (retryable). Whether it is PENDING or ERROR is for the caller to judge.
   */
  read(id: string, signal?: AbortSignal): Promise<SourceTree | null>
  /**
   * The floating IP in front of its VIP, which Neutron knows. Null: the catalogue has no Neutron, or these credentials see
   * no such load balancer or no such address. Throws also NEUTRON_*.
   */
  floatingIp(id: string, signal?: AbortSignal): Promise<string | null>
  /** For `doctor`: who am I, where; throws what is wrong. */
  check(signal?: AbortSignal): Promise<SourceIdentity>
}

export interface SourceIdentity {
  readonly authUrl: string
  readonly endpoint: string
  readonly region: string | null
  readonly user: string
  readonly project: string | null
  readonly roles: readonly string[]
}
