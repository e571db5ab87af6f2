import { token } from '../../../src/lib/core/change.ts'
import type { Change } from '../../../src/lib/core/change.ts'
import { EXIT, errorData, nyahError } from '../../../src/lib/core/errors.ts'
import type { ErrorData } from '../../../src/lib/core/errors.ts'
import type { EventData, EventType, NyahEvent } from '../../../src/lib/core/events.ts'
import type { Json, JsonObject } from '../../../src/lib/core/json.ts'
import type { Finding, Plan } from '../../../src/lib/core/plan.ts'
import type { Fidelity, ScopeReport } from '../../../src/lib/core/report.ts'

/** Plans and event streams as the lb domain makes them, for the views. */

export const SHOP = '5f0c7c1e-6f7b-4f6a-8d3a-0e2f2b9f6f11'
export const KESSAI = '2496bf56-a720-489f-896c-c866f13bbf56'
const IDLE = '9c1f8a52-31c7-4c55-9f0e-2b1f0a7d6e01'
const DNS = 'd0530000-0000-4000-8000-000000000005'

const tags = (name: string, role: string): JsonObject => ({
  'nyah:managed': 'true',
  'nyah:octavia-id': SHOP,
  'nyah:role': role,
  'nyah:schema': '1',
  'nyah:source-name': name,
})

/** A token inside a plan's data: its `$token` is plain JSON. */
const known = (changeId: string, output: string): JsonObject => ({ ...token(changeId, output) })

const target = (address: string, port = 8080): JsonObject => ({ address, port, availabilityZone: 'all' })

export const members = (amount: number, port = 8080): readonly JsonObject[] =>
  Array.from({ length: amount }, (_, index) => target(`10.20.${Math.floor(index / 250)}.${11 + (index % 240)}`, port))

const healthCheck: JsonObject = {
  protocol: 'TCP',
  port: 'traffic-port',
  intervalSeconds: 10,
  timeoutSeconds: 5,
  healthyThreshold: 3,
  unhealthyThreshold: 3,
}

interface Step {
  readonly scope?: string
  readonly type: string
  readonly name: string
  readonly key?: string
  readonly kind?: Change['kind']
  readonly before?: JsonObject | null
  readonly after?: JsonObject | null
  readonly needs?: readonly string[]
  readonly reason: string
  readonly risk?: Change['risk']
}

export function change(step: Step): Change {
  const { scope = SHOP, type, name, kind = 'create', key = name } = step
  return {
    id: `${scope}/${type}/${key}/${kind}`,
    scope,
    ref: {
      type,
      id: kind === 'create' ? null : `arn:aws:elasticloadbalancing:ap-northeast-1:1234:${type}/${name}`,
      name,
    },
    kind,
    before: step.before ?? null,
    after: step.after ?? null,
    needs: step.needs ?? [],
    reason: step.reason,
    risk: step.risk ?? 'changes',
  }
}

const groupOf = (name: string, port: number, reason: string): Change =>
  change({
    type: 'target-group',
    name,
    key: String(port),
    after: {
      name,
      protocol: 'TCP',
      port,
      vpcId: 'vpc-0a1b2c3d4e5f60718',
      ipAddressType: 'ipv4',
      healthCheck,
      attributes: { 'preserve_client_ip.enabled': 'false', 'deregistration_delay.timeout_seconds': '300' },
      tags: tags('shop-front', 'target-group'),
    },
    reason,
    risk: 'none',
  })

const targetsOf = (name: string, port: number, register: readonly Json[], reason: string): Change =>
  change({
    type: 'targets',
    name,
    key: String(port),
    after: { targetGroupArn: known(`${SHOP}/target-group/${port}/create`, 'arn'), targets: register },
    needs: [`${SHOP}/target-group/${port}/create`],
    reason,
    risk: 'none',
  })

const listenerOf = (name: string, port: number): Change =>
  change({
    type: 'listener',
    name: `TCP ${port}`,
    key: String(port),
    after: {
      protocol: 'TCP',
      port,
      loadBalancerArn: known(`${SHOP}/load-balancer/nlb/create`, 'arn'),
      forward: [{ targetGroupArn: known(`${SHOP}/target-group/${port}/create`, 'arn'), weight: 1 }],
      certificates: [],
      sslPolicy: null,
      alpnPolicy: null,
      attributes: { 'tcp.idle_timeout.seconds': '60' },
      tags: tags('shop-front', 'listener'),
    },
    needs: [`${SHOP}/load-balancer/nlb/create`, `${SHOP}/targets/${port}/create`],
    reason: `listener ${name} (port ${port}) exists in Octavia`,
    risk: 'none',
  })

const created: readonly Change[] = [
  change({
    type: 'security-group',
    name: 'nyah-shop-front-3fa9c2d1',
    key: 'sg',
    after: {
      name: 'nyah-shop-front-3fa9c2d1',
      description: 'nyah mirror of shop-front',
      vpcId: 'vpc-0a1b2c3d4e5f60718',
      ingress: [
        { protocol: 'tcp', port: 80, cidr: '10.0.0.0/8' },
        { protocol: 'tcp', port: 443, cidr: '10.0.0.0/8' },
      ],
      tags: tags('shop-front', 'security-group'),
    },
    reason: 'each mirror has a security group of its own, which admits what the listeners admit',
    risk: 'none',
  }),
  groupOf('nyah-shop-front-3fa9c2d1-80', 80, 'pool web is the default of listener tcp-80'),
  targetsOf(
    'nyah-shop-front-3fa9c2d1-80',
    80,
    members(3),
    '3 members of pool web take traffic: 10.20.0.11:8080, 10.20.0.12:8080, 10.20.0.13:8080',
  ),
  groupOf('nyah-shop-front-3fa9c2d1-443', 443, 'pool web-tls is the default of listener tcp-443'),
  targetsOf('nyah-shop-front-3fa9c2d1-443', 443, members(150, 8443), '150 members of pool web-tls take traffic'),
  change({
    type: 'load-balancer',
    name: 'nyah-shop-front-3fa9c2d1',
    key: 'nlb',
    after: {
      name: 'nyah-shop-front-3fa9c2d1',
      scheme: 'internal',
      subnets: ['subnet-0a', 'subnet-0c'],
      securityGroups: [known(`${SHOP}/security-group/sg/create`, 'id')],
      ipAddressType: 'ipv4',
      tags: tags('shop-front', 'load-balancer'),
    },
    needs: [`${SHOP}/security-group/sg/create`],
    reason: 'no mirror of this load balancer exists in context production',
    risk: 'none',
  }),
  listenerOf('tcp-80', 80),
  listenerOf('tcp-443', 443),
]

export const finding = (part: Partial<Finding>): Finding => ({
  code: 'LB_TIMEOUT_APPROXIMATED',
  severity: 'info',
  scope: SHOP,
  subject: 'listener tcp-80 (port 80)',
  evidence: 'Octavia ends idle connections after 50 s; an NLB listener allows 60 s at the least.',
  remedy: '',
  allowable: false,
  ...part,
})

export const plan = (part: Partial<Plan>): Plan => ({
  v: 1,
  request: { operation: 'lb.mirror', arguments: { id: SHOP }, allowances: [], context: 'production' },
  scopes: [SHOP],
  names: { [SHOP]: 'shop-front', [KESSAI]: 'k-ロードバランサー' },
  observedAt: '2026-11-22T21:03:11.123Z',
  basis: { [SHOP]: '4f8a1c' },
  changes: [],
  findings: [],
  reports: {},
  hash: 'c0ffee5eed0123456789abcdef0123456789abcdef0123456789abcdef012345',
  ...part,
})

const verdict = (part: Partial<Fidelity> & Pick<Fidelity, 'field' | 'verdict'>): Fidelity => ({
  code: `LB_FIDELITY_${part.field.toUpperCase()}`,
  subject: 'listener tcp-80 (port 80)',
  source: '50 s',
  copy: part.verdict === 'dropped' ? null : '60 s',
  why: part.verdict === 'exact' ? '' : 'an NLB takes 60 to 6000 s',
  remedy: '',
  ...part,
})

const subnets = [
  { from: '10.64.0.0/24', fromName: 'subnet-0a (ap-northeast-1a)' },
  { from: '10.64.1.0/24', fromName: 'subnet-0c (ap-northeast-1c)' },
]

export const report: ScopeReport = {
  fidelity: [
    verdict({ field: 'protocol', verdict: 'exact', source: 'TCP', copy: 'TCP' }),
    verdict({ field: 'delay', verdict: 'exact', source: '10 s', copy: '10 s', subject: 'pool web (port 80)' }),
    verdict({ field: 'timeout_client_data', verdict: 'approximate' }),
    verdict({ field: 'timeout_client_data', verdict: 'approximate', subject: 'listener tcp-443 (port 443)' }),
    verdict({ field: 'timeout_member_data', verdict: 'approximate' }),
    verdict({ field: 'timeout_member_data', verdict: 'approximate', subject: 'listener tcp-443 (port 443)' }),
    verdict({
      field: 'vip_address',
      verdict: 'approximate',
      subject: 'load balancer shop-front',
      source: '203.0.113.11',
      copy: 'one address per subnet',
      why: 'an address cannot move to AWS, a name can',
      remedy: 'Let clients come by a name, not by the address',
    }),
    verdict({
      field: 'description',
      verdict: 'dropped',
      subject: 'load balancer shop-front',
      source: 'The shop, as customers see it since the summer of 2019: TLS ends at the proxies behind it',
      why: 'an NLB has no description',
    }),
    verdict({
      code: 'LB_UNSUPPORTED_MONITOR_DOMAIN_NAME',
      field: 'domain_name',
      verdict: 'refused',
      subject: 'pool web (port 80)',
      source: 'shop.example.jp',
      copy: null,
      why: 'the Host header of its requests cannot be set',
      remedy: 'Let the members answer the check for any Host, then allow the mirror to go without it',
    }),
  ],
  firewall: subnets.flatMap((subnet) => [
    {
      ...subnet,
      protocol: 'tcp',
      to: ['10.20.0.13', '10.20.0.11', '10.20.0.12'],
      port: 8080,
      purpose: 'traffic and health checks',
    },
    {
      ...subnet,
      protocol: 'tcp',
      to: Array.from({ length: 9 }, (_, index) => `10.20.${index}.7`),
      port: 8443,
      purpose: 'traffic',
    },
    { ...subnet, protocol: 'tcp', to: ['10.20.0.11', '2001:db8::11'], port: 9000, purpose: 'health checks' },
  ]),
  quotas: [
    { name: 'NLBs in the Region', used: 3, needed: 4, limit: 50, origin: 'account' },
    { name: 'targets per NLB', used: 0, needed: 450, limit: 500, origin: 'account' },
    { name: 'listeners per NLB', used: 0, needed: 51, limit: 50, origin: 'documented' },
    { name: 'target groups in the Region', used: null, needed: 2, limit: null, origin: 'account' },
  ],
  shared: ['150 of 153 targets are the same members that Octavia sends to: a lost member is lost on both sides'],
}

export const mirrorPlan: Plan = plan({
  changes: created,
  reports: { [SHOP]: report },
  findings: [
    finding({
      code: 'LB_HEALTH_PATH_DROPPED',
      severity: 'warn',
      subject: 'health monitor web-check (pool web)',
      evidence: 'Octavia sends HTTP HEAD; the NLB sends GET: a back end that answers only HEAD would be unhealthy.',
      remedy: 'openstack loadbalancer healthmonitor set --http-method GET web-check',
    }),
    finding({}),
  ],
})

const removal = change({
  type: 'targets',
  name: 'nyah-shop-front-3fa9c2d1-80',
  key: '80-',
  kind: 'delete',
  before: { targetGroupArn: 'arn:aws:elasticloadbalancing:…/80', targets: members(2) },
  reason: '10.20.0.11:8080: no member of pool web, 10.20.0.12:8080: its weight is 0',
  risk: 'removes',
})

/** A sync of three load balancers: one altered, one partly held, one as it should be. */
export const syncPlan: Plan = plan({
  request: { operation: 'lb.sync', arguments: { all: true }, allowances: [], context: 'production' },
  scopes: [SHOP, KESSAI, IDLE],
  changes: [
    targetsOf(
      'nyah-shop-front-3fa9c2d1-80',
      80,
      [target('10.20.0.14')],
      'in pool web and not yet registered: 10.20.0.14:8080',
    ),
    change({
      type: 'target-group',
      name: 'nyah-shop-front-3fa9c2d1-443',
      key: '443',
      kind: 'update',
      before: { healthCheck, tags: tags('shop-front', 'target-group') },
      after: { healthCheck: { ...healthCheck, intervalSeconds: 30, unhealthyThreshold: 2 } },
      reason: 'the health monitor of pool web-tls was changed in Octavia',
    }),
    removal,
    change({
      scope: KESSAI,
      type: 'listener',
      name: 'TCP 443',
      key: '443',
      kind: 'delete',
      before: { protocol: 'TCP', port: 443, tags: tags('k-ロードバランサー', 'listener') },
      reason: 'listener 決済-443 was deleted in Octavia',
      risk: 'removes',
    }),
    change({
      scope: KESSAI,
      type: 'target-group',
      name: 'nyah-k-9bd01c7e-443',
      key: '443',
      kind: 'delete',
      before: {
        protocol: 'TCP',
        port: 443,
        targets: members(9, 443),
        tags: tags('k-ロードバランサー', 'target-group'),
      },
      needs: [`${KESSAI}/listener/443/delete`],
      reason: 'no listener uses it any more',
      risk: 'removes',
    }),
  ],
  findings: [
    finding({
      code: 'LB_REMOVAL_BUDGET',
      severity: 'hold',
      scope: SHOP,
      subject: 'target group nyah-shop-front-3fa9c2d1-80',
      evidence: 'Removing 2 of 3 targets (67 %) would exceed 30 % in this hour.',
      remedy: `nyah lb sync ${SHOP} --allow LB_REMOVAL_BUDGET --reason "…"`,
      allowable: true,
      since: '2026-11-22T19:00:00Z',
      holds: [removal.id],
    }),
    finding({
      code: 'LB_LISTENER_GONE',
      severity: 'hold',
      scope: KESSAI,
      subject: 'listener 決済-443 (port 443)',
      evidence: '41 clients were connected a minute ago.',
      remedy: `nyah lb sync ${KESSAI} --allow LB_LISTENER_GONE --reason "…"`,
      allowable: true,
      holds: [`${KESSAI}/listener/443/delete`],
      allowed: { reason: 'OPS-1187: the payment front moved' },
    }),
  ],
})

/** Of four load balancers one is refused: the others go on. */
export const fleetPlan: Plan = plan({
  ...syncPlan,
  request: { operation: 'lb.mirror', arguments: { all: true }, allowances: [], context: 'production' },
  scopes: [...syncPlan.scopes, DNS],
  names: { ...syncPlan.names, [DNS]: 'dns-udp' },
  changes: [
    ...syncPlan.changes,
    change({
      scope: DNS,
      type: 'load-balancer',
      name: 'nyah-dns-udp-0a1b2c3d',
      key: 'nlb',
      reason: 'it has no mirror',
    }),
  ],
  findings: [
    ...syncPlan.findings,
    ...Array.from({ length: 5 }, (_, index) =>
      finding({
        code: 'LB_POOL_UNUSED',
        scope: KESSAI,
        subject: `pool old-${index}`,
        evidence: 'no listener uses it.',
      }),
    ),
    finding({
      code: 'LB_UNSUPPORTED_LISTENER_PROTOCOL',
      severity: 'refuse',
      scope: DNS,
      subject: 'listener dns (port 53)',
      evidence: 'protocol is UDP: answers would not come back over Direct Connect the way they went.',
      remedy: 'Move this listener to a load balancer of its own, which is not mirrored',
    }),
  ],
  reports: {
    [SHOP]: report,
    [KESSAI]: {
      ...report,
      fidelity: report.fidelity.map((item) => ({ ...item, subject: 'listener 決済-443 (port 443)', source: '40 s' })),
      shared: [...report.shared, 'of this one alone'],
    },
    [IDLE]: report,
    [DNS]: { ...report, shared: ['the mirror has no targets now'] },
  },
})

export const refusedPlan: Plan = plan({
  changes: created.slice(0, 2),
  findings: [
    finding({
      code: 'LB_LISTENER_PROTOCOL_UNSUPPORTED',
      severity: 'refuse',
      subject: 'listener udp-53 (port 53)',
      evidence: 'Its protocol is UDP; this nyah translates TCP only, and it never drops a listener silently.',
      remedy: `nyah lb mirror ${SHOP} --allow LB_LISTENER_PROTOCOL_UNSUPPORTED --reason "…"`,
      allowable: true,
    }),
  ],
})

export const emptyPlan: Plan = plan({})

/** Everything a remote could say to move, hide, reverse or forge. */
export const EVIL =
  'a\u001b[2J\u001b]8;;http://x\u0007b\u202egnp.exe\u200b\r\nok \u009b8m`|@admin <img src=x> [x](y) \u{e0041}'

export const throttled: ErrorData = errorData(
  nyahError({
    code: 'AWS_THROTTLED',
    message: 'RegisterTargets: Rate exceeded',
    exit: EXIT.remote,
    retryable: true,
    details: { requestId: '7f3c1d2e', status: 400 },
  }),
)

export const forbidden: ErrorData = errorData(
  nyahError({
    code: 'AWS_FORBIDDEN',
    message: 'CreateListener was refused: not authorized to perform elasticloadbalancing:CreateListener',
    exit: EXIT.remote,
    tries: ['grant elasticloadbalancing:CreateListener to the role nyah uses', 'nyah doctor --context production'],
    details: { requestId: '0d1f22aa', status: 403 },
  }),
)

/** Builds a stream whose times and sequence are right: each entry is seconds since the start, type, data. */
export function stream(
  ...entries: readonly { [T in EventType]: readonly [number, T, EventData[T]] }[EventType][]
): readonly NyahEvent[] {
  const start = Date.UTC(2026, 10, 22, 21, 3, 10)
  return entries.map(
    ([seconds, type, data], index) =>
      ({
        v: 1,
        seq: index + 1,
        at: new Date(start + seconds * 1000).toISOString(),
        run: '01JD5S0Q7Z-lb-mirror',
        type,
        scope: 'id' in data ? data.id.split('/')[0] : null,
        data,
      }) as NyahEvent,
  )
}

const group80 = `${SHOP}/target-group/80/create`
const nlb = `${SHOP}/load-balancer/nlb/create`
const id = (index: number): string => created[index]?.id ?? ''

const waiting = (healthy: number): EventData['verify.waiting'] => ({
  deadlineAt: '2026-11-22T21:18:10.000Z',
  waiting: [
    {
      subject: 'target group nyah-shop-front-3fa9c2d1-80',
      detail: `${healthy} of 3 targets healthy; 10.20.0.13:8080 is unhealthy (Target.Timeout)`,
    },
    { subject: 'load balancer nyah-shop-front-3fa9c2d1', detail: 'provisioning' },
  ],
})

const started: EventData['run.started'] = {
  request: mirrorPlan.request,
  actor: 'sato@bastion-1',
  reason: 'OPS-1187',
  nyah: '0.1.0',
  resumes: null,
}

/** A mirror is made; one call is throttled; the targets need a while. */
export const mirrorRun: readonly NyahEvent[] = stream(
  [0, 'run.started', started],
  [0.1, 'observe.started', { pass: 1 }],
  [0.9, 'read.retrying', { what: 'GET /v2/lbaas/pools', attempt: 1, delayMs: 400, error: throttled }],
  [2, 'observe.finished', { pass: 1, ms: 1900 }],
  [2, 'plan.made', { plan: mirrorPlan }],
  [9, 'plan.confirmed', { by: 'terminal' }],
  [9, 'change.started', { id: id(0), attempt: 1 }],
  [9, 'change.started', { id: id(1), attempt: 1 }],
  [9, 'change.started', { id: id(3), attempt: 1 }],
  [9.8, 'change.succeeded', { id: id(1), outputs: { arn: 'arn:80' }, ms: 800 }],
  [9.8, 'change.started', { id: id(2), attempt: 1 }],
  [10.1, 'change.succeeded', { id: id(0), outputs: { id: 'sg-1' }, ms: 1100 }],
  [10.1, 'change.started', { id: id(5), attempt: 1 }],
  [10.2, 'change.succeeded', { id: id(3), outputs: { arn: 'arn:443' }, ms: 1200 }],
  [10.2, 'change.started', { id: id(4), attempt: 1 }],
  [10.9, 'change.retrying', { id: id(4), attempt: 1, delayMs: 2000, error: throttled }],
  [11, 'change.succeeded', { id: id(2), outputs: {}, ms: 1200 }],
  [12.9, 'change.started', { id: id(4), attempt: 2 }],
  [14.4, 'change.succeeded', { id: id(4), outputs: {}, ms: 4200 }],
  [15, 'change.succeeded', { id: id(5), outputs: { arn: 'arn:nlb' }, ms: 4900 }],
  [15, 'change.started', { id: id(6), attempt: 1 }],
  [15, 'change.started', { id: id(7), attempt: 1 }],
  [15.5, 'change.succeeded', { id: id(6), outputs: {}, ms: 500 }],
  [15.6, 'change.succeeded', { id: id(7), outputs: {}, ms: 600 }],
  [16, 'verify.waiting', waiting(1)],
  [20, 'verify.waiting', waiting(1)],
  [30, 'verify.waiting', waiting(2)],
  [47, 'verify.waiting', waiting(2)],
  [70, 'verify.finished', { healthy: true, waiting: [] }],
  [70, 'note', { code: 'CACHE_UNWRITABLE', message: 'the cache cannot be written; the next run is a little slower' }],
  [70, 'run.finished', { outcome: 'applied', exitCode: EXIT.ok, result: { mirrors: [] } }],
)

/** The load balancer cannot be made: its scope stops, the exit code is 8. */
export const brokenRun: readonly NyahEvent[] = stream(
  [0, 'run.started', started],
  [2, 'plan.made', { plan: mirrorPlan }],
  [9, 'plan.confirmed', { by: 'yes-flag' }],
  [9, 'change.started', { id: group80, attempt: 1 }],
  [9, 'change.started', { id: nlb, attempt: 1 }],
  [9.8, 'change.succeeded', { id: group80, outputs: { arn: 'arn:80' }, ms: 800 }],
  [10, 'change.failed', { id: nlb, error: forbidden }],
  ...created
    .map((one) => one.id)
    .filter((one) => one !== group80 && one !== nlb)
    .map((one) => [10, 'change.skipped', { id: one, why: 'scope-failed' }] as const),
  [10.1, 'run.error', { error: forbidden }],
  [10.2, 'run.finished', { outcome: 'partly-applied', exitCode: EXIT.partial, result: null }],
)

const step = (reason: string): Plan =>
  plan({ changes: [change({ type: 'weighted-set', name: 'shop.example.jp', kind: 'shift', reason })] })

const firstStep = step('100 % octavia → 99 % octavia, 1 % aws: step 1 of 3')
const secondStep = step('99 % octavia → 95 % octavia, 5 % aws: step 2 of 3')
const stepId = firstStep.changes[0]?.id ?? ''

/** A walk whose second step is made, and whose third is waited for. */
export const walkRun: readonly NyahEvent[] = stream(
  [0, 'run.started', { ...started, request: { ...firstStep.request, operation: 'dns.attach' } }],
  [1, 'plan.made', { plan: firstStep }],
  [2, 'plan.confirmed', { by: 'terminal' }],
  [2, 'change.started', { id: stepId, attempt: 1 }],
  [3, 'change.succeeded', { id: stepId, outputs: {}, ms: 1000 }],
  [4, 'verify.finished', { healthy: true, waiting: [] }],
  [4, 'step.waiting', { untilAt: '2026-11-22T21:05:12.000Z', next: 2 }],
  [34, 'observe.started', { pass: 3 }],
  [35, 'observe.finished', { pass: 3, ms: 1000 }],
  [122, 'plan.made', { plan: secondStep }],
  [122, 'change.started', { id: stepId, attempt: 1 }],
  [123, 'change.succeeded', { id: stepId, outputs: {}, ms: 1100 }],
  [124, 'verify.finished', { healthy: true, waiting: [] }],
  [124, 'step.waiting', { untilAt: '2026-11-22T21:07:12.000Z', next: 3 }],
)

/** Hundreds of names that are all moved alike, and one that is not. */
export const namesPlan: Plan = plan({
  request: { ...firstStep.request, operation: 'failover.to' },
  scopes: Array.from({ length: 301 }, (_, at) => `n${at}.example.jp`),
  changes: Array.from({ length: 301 }, (_, at) =>
    change({
      scope: `n${at}.example.jp`,
      type: 'weighted-set',
      name: `n${at}.example.jp`,
      kind: 'shift',
      reason: `octavia ${at === 7 ? 80 : 90} %, aws ${at === 7 ? 20 : 10} % → octavia 0 %, aws 100 %: failover to aws`,
    }),
  ),
})

export const namesRun: readonly NyahEvent[] = stream(
  [0, 'run.started', { ...started, request: namesPlan.request }],
  [1, 'plan.made', { plan: namesPlan }],
  [2, 'plan.confirmed', { by: 'yes-flag' }],
  ...namesPlan.changes.map((one) => [2, 'change.started', { id: one.id, attempt: 1 }] as const),
  ...namesPlan.changes.map((one) => [3, 'change.succeeded', { id: one.id, outputs: {}, ms: 900 }] as const),
  [3, 'run.finished', { outcome: 'applied', exitCode: 0, result: null }],
)

/** A plan of very many changes in one scope. */
export const manyPlan: Plan = plan({
  changes: members(60).map((member, index) =>
    change({
      type: 'targets',
      name: `nyah-shop-front-3fa9c2d1-${8000 + index}`,
      kind: 'update',
      after: { register: [member] },
      reason: 'a member was added in Octavia',
    }),
  ),
})
