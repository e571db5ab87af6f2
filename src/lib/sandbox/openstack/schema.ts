import type { Field, Fields } from './fields.ts'

/** What each kind's body may say: Octavia API v2.30's own names, limits and defaults. */

const name: Field = { type: 'string', initial: '' }
const description: Field = { type: 'string', initial: '' }
const on: Field = { type: 'bool', initial: true }
const off: Field = { type: 'bool', initial: false }
const tags: Field = { type: 'strings', initial: [] }
const fixed = { update: false } as const
const project: Field = { type: 'string', ...fixed }
const url: Field = { type: 'string', initial: null, max: 2048 }
const container: Field = { type: 'string', initial: null, max: 255 }
const ciphers: Field = { type: 'string', initial: null, max: 2048 }
const versions: Field = { type: 'strings', initial: null, max: 32 }
const alpn: Field = { type: 'alpn', initial: null }
const port: Field = { type: 'int', min: 1, max: 65535, required: true, ...fixed }
const milliseconds = (initial: number): Field => ({ type: 'int', min: 0, max: 2073600000, initial })
const nested: Field = { type: 'any', ...fixed }

export const LOAD_BALANCER: Fields = {
  name,
  description,
  admin_state_up: on,
  vip_address: { type: 'ip', ...fixed },
  vip_port_id: { type: 'uuid', ...fixed },
  vip_subnet_id: { type: 'uuid', ...fixed },
  vip_network_id: { type: 'uuid', ...fixed },
  vip_qos_policy_id: { type: 'uuid', initial: null },
  vip_sg_ids: { type: 'uuids', initial: [] },
  additional_vips: { type: 'any', initial: [], ...fixed },
  project_id: project,
  tenant_id: project,
  provider: { type: 'string', initial: 'amphora', ...fixed },
  flavor_id: { type: 'uuid', initial: null, ...fixed },
  availability_zone: { type: 'string', initial: null, ...fixed },
  tags,
  listeners: nested,
  pools: nested,
}

export const LISTENER: Fields = {
  name,
  description,
  admin_state_up: on,
  protocol: {
    type: 'enum',
    values: ['HTTP', 'UDP', 'PROMETHEUS', 'SCTP', 'TERMINATED_HTTPS', 'HTTPS', 'TCP'],
    required: true,
    ...fixed,
  },
  protocol_port: port,
  connection_limit: { type: 'int', min: -1, initial: -1 },
  default_tls_container_ref: container,
  sni_container_refs: { type: 'strings', initial: [] },
  project_id: project,
  tenant_id: project,
  default_pool_id: { type: 'uuid', initial: null },
  default_pool: nested,
  l7policies: nested,
  insert_headers: { type: 'any', initial: {} },
  loadbalancer_id: { type: 'uuid', required: true, ...fixed },
  timeout_client_data: milliseconds(50000),
  timeout_member_connect: milliseconds(5000),
  timeout_member_data: milliseconds(50000),
  timeout_tcp_inspect: milliseconds(0),
  tags,
  client_ca_tls_container_ref: container,
  client_authentication: { type: 'enum', values: ['NONE', 'OPTIONAL', 'MANDATORY'], initial: 'NONE' },
  client_crl_container_ref: container,
  allowed_cidrs: { type: 'cidrs', initial: null },
  tls_ciphers: ciphers,
  tls_versions: versions,
  alpn_protocols: alpn,
  hsts_max_age: { type: 'int', min: 0, initial: null },
  hsts_include_subdomains: off,
  hsts_preload: off,
}

export const POOL: Fields = {
  name,
  description,
  admin_state_up: on,
  protocol: {
    type: 'enum',
    values: ['HTTP', 'UDP', 'SCTP', 'PROXYV2', 'PROXY', 'HTTPS', 'TCP'],
    required: true,
    ...fixed,
  },
  lb_algorithm: {
    type: 'enum',
    values: ['ROUND_ROBIN', 'LEAST_CONNECTIONS', 'SOURCE_IP_PORT', 'SOURCE_IP'],
    required: true,
  },
  session_persistence: { type: 'any', initial: null },
  project_id: project,
  tenant_id: project,
  listener_id: { type: 'uuid', initial: null, ...fixed },
  loadbalancer_id: { type: 'uuid', initial: null, ...fixed },
  healthmonitor: nested,
  members: nested,
  tags,
  tls_container_ref: container,
  ca_tls_container_ref: container,
  crl_container_ref: container,
  tls_enabled: off,
  tls_ciphers: ciphers,
  tls_versions: versions,
  alpn_protocols: alpn,
}

const COOKIE = String.raw`^[^\s,;\\]+$`

export const MEMBER: Fields = {
  name,
  admin_state_up: on,
  address: { type: 'ip', required: true, ...fixed },
  protocol_port: port,
  weight: { type: 'int', min: 0, max: 256, initial: 1 },
  backup: off,
  subnet_id: { type: 'uuid', initial: null, ...fixed },
  project_id: project,
  tenant_id: project,
  monitor_address: { type: 'ip', initial: null },
  monitor_port: { type: 'int', min: 1, max: 65535, initial: null },
  tags,
  /** A port of its own (SR-IOV), where the flavor allows it. */
  request_sriov: { type: 'bool', initial: false, ...fixed },
}

export const SESSION_PERSISTENCE: Fields = {
  type: { type: 'enum', values: ['SOURCE_IP', 'APP_COOKIE', 'HTTP_COOKIE'], required: true },
  cookie_name: {
    type: 'string',
    initial: null,
    check: (text) => (new RegExp(COOKIE).test(text) ? null : `Value should match the pattern ${COOKIE}`),
  },
  persistence_timeout: { type: 'int', initial: null },
  persistence_granularity: { type: 'ip', initial: null },
}

export const ADDITIONAL_VIP: Fields = {
  subnet_id: { type: 'uuid', required: true },
  ip_address: { type: 'ip', initial: null },
  port_id: { type: 'uuid', initial: null },
}

const CODES = String.raw`^(\d{3}(\s*,\s*\d{3})*)$|^(\d{3}-\d{3})$`

const DOMAIN = String.raw`^(?=.{1,253}\.?$)(?:(?!-|[^.]+_)[A-Za-z0-9-_]{1,63}(?<!-)(?:\.|$))+$`

export const HEALTH_MONITOR: Fields = {
  name,
  type: {
    type: 'enum',
    values: ['HTTP', 'SCTP', 'TLS-HELLO', 'UDP-CONNECT', 'HTTPS', 'PING', 'TCP'],
    required: true,
    ...fixed,
  },
  delay: { type: 'int', min: 0, required: true },
  timeout: { type: 'int', min: 0, required: true },
  max_retries: { type: 'int', min: 1, max: 10, required: true },
  max_retries_down: { type: 'int', min: 1, max: 10, initial: 3 },
  http_method: {
    type: 'enum',
    values: ['CONNECT', 'PUT', 'PATCH', 'POST', 'DELETE', 'TRACE', 'OPTIONS', 'HEAD', 'GET'],
    initial: null,
  },
  url_path: {
    type: 'string',
    initial: null,
    check: (text) => (text.startsWith('/') ? null : 'Value must be a valid URL Path string'),
  },
  expected_codes: {
    type: 'string',
    initial: null,
    check: (text) => (new RegExp(CODES).test(text) ? null : `Value should match the pattern ${CODES}`),
  },
  admin_state_up: on,
  project_id: project,
  tenant_id: project,
  pool_id: { type: 'uuid', required: true, ...fixed },
  tags,
  http_version: { type: 'float', initial: null, values: ['1.0', '1.1'] },
  domain_name: {
    type: 'string',
    initial: null,
    check: (text) => (new RegExp(DOMAIN).test(text) ? null : `Value should match the pattern ${DOMAIN}`),
  },
}

export const L7_POLICY: Fields = {
  name,
  description,
  admin_state_up: on,
  project_id: project,
  tenant_id: project,
  action: {
    type: 'enum',
    values: ['REDIRECT_TO_URL', 'REJECT', 'REDIRECT_TO_POOL', 'REDIRECT_PREFIX'],
    required: true,
  },
  listener_id: { type: 'uuid', required: true, ...fixed },
  redirect_pool_id: { type: 'uuid', initial: null },
  redirect_pool: nested,
  redirect_url: url,
  redirect_prefix: url,
  redirect_http_code: { type: 'int', initial: null },
  position: { type: 'int', min: 1, max: 2147483647, initial: 2147483647 },
  rules: nested,
  tags,
}

export const RULE: Fields = {
  type: {
    type: 'enum',
    values: [
      'COOKIE',
      'FILE_TYPE',
      'HEADER',
      'HOST_NAME',
      'PATH',
      'SSL_CONN_HAS_CERT',
      'SSL_DN_FIELD',
      'SSL_VERIFY_RESULT',
    ],
    required: true,
  },
  compare_type: {
    type: 'enum',
    values: ['CONTAINS', 'ENDS_WITH', 'EQUAL_TO', 'REGEX', 'STARTS_WITH'],
    required: true,
  },
  key: { type: 'string', initial: null },
  value: { type: 'string', required: true },
  invert: off,
  project_id: project,
  tenant_id: project,
  admin_state_up: on,
  tags,
}
