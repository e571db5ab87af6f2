import type { AlarmSeed, AlarmState } from './cloudwatch-state.ts'
import { alarmOf } from './cloudwatch-state.ts'
import type { Policy } from './iam-policy.ts'
import { securityGroupId } from './ids.ts'
import type { CheckSeed } from './route53-check-state.ts'
import { seededCheck } from './route53-check-state.ts'
import type { HostedZoneSeed, Route53State, ZoneState } from './route53-state.ts'
import { zoneOf } from './route53-state.ts'
import type { BucketSeed, BucketState } from './s3-state.ts'
import { bucketOf } from './s3-state.ts'

/** What the sandbox's AWS account holds before anybody does anything. */
export interface AwsWorld {
  /** 12 digits. */
  readonly accountId: string
  readonly region: string
  readonly vpcs: readonly { readonly id: string; readonly cidrs: readonly string[] }[]
  readonly subnets: readonly SubnetState[]
  /** Elastic IP addresses. */
  readonly addresses: readonly { readonly allocationId: string; readonly publicIp: string }[]
  /** ARNs of certificates in ACM (of this Region) or IAM. Absent: two in ACM. */
  readonly certificates?: readonly string[] | undefined
  /** Quota: target groups per action on a Network Load Balancer. Absent: 5. */
  readonly groupsPerAction?: number | undefined
  /** Quota: targets per Availability Zone of a Network Load Balancer. Absent: 500. */
  readonly targetsPerZone?: number | undefined
  /** What everybody may do in the account. Absent: everything. */
  readonly policy?: Policy | undefined
  readonly hostedZones?: readonly HostedZoneSeed[] | undefined
  readonly healthChecks?: readonly CheckSeed[] | undefined
  /** Quota: health checks of the account. Absent: 200. */
  readonly healthChecksLimit?: number | undefined
  readonly buckets?: readonly BucketSeed[] | undefined
  readonly alarms?: readonly AlarmSeed[] | undefined
}

export interface SubnetState {
  readonly id: string
  readonly vpcId: string
  readonly availabilityZone: string
  readonly cidr: string
  /** Absent or null: it has none. */
  readonly ipv6Cidr?: string | null | undefined
  readonly freeAddresses: number
}

export type Tags = Readonly<Record<string, string>>

/** One network interface of an NLB: one per enabled subnet. */
export interface Node {
  readonly subnetId: string
  readonly zone: string
  readonly privateIp: string
  /** The operator asked for this very address (`PrivateIPv4Address`). */
  readonly privateIpAsked: boolean
  readonly allocationId: string | null
}

export interface LoadBalancerState {
  /** Order of creation; also the marker of paging. */
  readonly ordinal: number
  readonly arn: string
  readonly name: string
  readonly scheme: 'internal' | 'internet-facing'
  readonly vpcId: string
  readonly createdAt: number
  readonly dnsName: string
  readonly ipAddressType: 'ipv4' | 'dualstack'
  readonly nodes: readonly Node[]
  /** Empty: made without one, and then never to get one. */
  readonly securityGroups: readonly string[]
  /** Only what differs from the defaults. */
  readonly attributes: Tags
  readonly tags: Tags
}

export interface HealthCheckState {
  readonly protocol: 'TCP' | 'HTTP' | 'HTTPS'
  readonly port: string
  readonly path: string | null
  readonly matcher: string | null
  readonly intervalSeconds: number
  readonly timeoutSeconds: number
  readonly healthyThreshold: number
  readonly unhealthyThreshold: number
}

export interface TargetState {
  readonly id: string
  readonly port: number
  /** An Availability Zone, or `all`. */
  readonly zone: string
  readonly registeredAt: number
  /** Set: deregistered, gone at that time. */
  readonly drainsUntil: number | null
}

export interface TargetGroupState {
  readonly ordinal: number
  readonly arn: string
  readonly name: string
  readonly protocol: string
  readonly port: number
  readonly vpcId: string
  readonly targetType: 'ip' | 'instance'
  readonly ipAddressType: 'ipv4' | 'ipv6'
  readonly healthCheck: HealthCheckState
  readonly attributes: Tags
  readonly tags: Tags
  /** Since when a listener forwards to it; null: none does. */
  readonly inUseSince: number | null
  readonly targets: readonly TargetState[]
}

export interface TlsState {
  /** ARN of the default certificate. */
  readonly certificate: string
  /** ARNs of the certificate list, chosen from by SNI. */
  readonly further: readonly string[]
  readonly policy: string
  readonly alpn: string | null
}

export interface ListenerState {
  readonly ordinal: number
  readonly arn: string
  readonly loadBalancerArn: string
  readonly protocol: string
  readonly port: number
  readonly targetGroups: readonly { readonly arn: string; readonly weight: number | null }[]
  /** Null but for TLS. */
  readonly tls: TlsState | null
  readonly attributes: Tags
  readonly tags: Tags
}

export interface RuleState {
  readonly id: string
  /** tcp, udp, icmp, icmpv6, `-1` (all) or a number. */
  readonly protocol: string
  /** -1 where the protocol has no ports. */
  readonly from: number
  readonly to: number
  /** A CIDR, or a security group's id. */
  readonly peer: string
  readonly description: string | null
}

export interface SecurityGroupState {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly vpcId: string
  readonly ingress: readonly RuleState[]
}

/** Network interfaces of an NLB that is deleted: for a while they still use its security groups. */
export interface Lingering {
  readonly loadBalancerArn: string
  readonly vpcId: string
  readonly securityGroups: readonly string[]
  readonly nodes: readonly Node[]
  readonly until: number
}

/** When an `address:port` was first seen silent, and when it was first seen to answer again. */
export interface Outage {
  readonly downAt: number
  readonly upAt: number | null
}

export interface Session {
  /** The role that was taken, with its path. */
  readonly roleArn: string
  readonly arn: string
  readonly userId: string
  readonly expiresAt: number
}

/** All of it; plain JSON. Records keep the order of creation. */
export interface AwsState {
  readonly v: 1
  readonly accountId: string
  readonly region: string
  /** Counts what was ever made; ids derive from it. */
  readonly serial: number
  readonly vpcs: AwsWorld['vpcs']
  readonly subnets: readonly SubnetState[]
  readonly addresses: AwsWorld['addresses']
  readonly certificates: readonly string[]
  /** Null: AWS's default. */
  readonly groupsPerAction: number | null
  /** Null: AWS's default. */
  readonly targetsPerZone: number | null
  /** Null: everything is allowed. */
  readonly policy: Policy | null
  /** Hosted zones by id. */
  readonly zones: Readonly<Record<string, ZoneState>>
  readonly route53: Route53State
  /** S3 buckets by name. */
  readonly buckets: Readonly<Record<string, BucketState>>
  readonly alarms: readonly AlarmState[]
  readonly securityGroups: Readonly<Record<string, SecurityGroupState>>
  /** EC2 resources of every kind, by id. */
  readonly ec2Tags: Readonly<Record<string, Tags>>
  readonly loadBalancers: Readonly<Record<string, LoadBalancerState>>
  readonly listeners: Readonly<Record<string, ListenerState>>
  readonly targetGroups: Readonly<Record<string, TargetGroupState>>
  readonly lingering: readonly Lingering[]
  /** By `address:port`, oldest first. */
  readonly outages: Readonly<Record<string, readonly Outage[]>>
  /** By access key id: what AssumeRole gave. */
  readonly sessions: Readonly<Record<string, Session>>
}

/** Those that stand in ACM where the world names none. */
const acmCertificates = ({ region, accountId }: AwsWorld): readonly string[] =>
  ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'].map(
    (id) => `arn:aws:acm:${region}:${accountId}:certificate/${id}`,
  )

// "Quotas" page of Route 53: health checks per account.
const HEALTH_CHECKS = 200

const initialRoute53 = ({ healthChecks = [], healthChecksLimit }: AwsWorld, now: number): Route53State => ({
  healthChecks: Object.fromEntries(healthChecks.map((seed, at) => [seed.id, seededCheck(seed, at, now)])),
  healthChecksLimit: healthChecksLimit ?? HEALTH_CHECKS,
  usedReferences: [],
  changes: {},
  spreading: [],
  tags: Object.fromEntries(healthChecks.map(({ id, tags = {} }) => [`healthcheck/${id}`, tags])),
})

/** The account as `world` describes it; each VPC gets its `default` security group, as in AWS. */
export function initialAws(world: AwsWorld, now: number): AwsState {
  const defaults = world.vpcs.map((vpc) => ({
    id: securityGroupId(`${world.accountId}/${vpc.id}/default`),
    name: 'default',
    description: 'default VPC security group',
    vpcId: vpc.id,
    ingress: [],
  }))
  return {
    v: 1,
    accountId: world.accountId,
    region: world.region,
    // Two sandboxes started at different times do not give the same ids; the same start does.
    serial: Math.floor(now / 1000) * 1000,
    vpcs: world.vpcs,
    subnets: world.subnets,
    addresses: world.addresses,
    certificates: world.certificates ?? acmCertificates(world),
    groupsPerAction: world.groupsPerAction ?? null,
    targetsPerZone: world.targetsPerZone ?? null,
    policy: world.policy ?? null,
    zones: Object.fromEntries((world.hostedZones ?? []).map((seed) => [seed.id, zoneOf(seed)])),
    route53: initialRoute53(world, now),
    buckets: Object.fromEntries((world.buckets ?? []).map((seed) => [seed.name, bucketOf(seed)])),
    alarms: (world.alarms ?? []).map((seed) => alarmOf(seed, world.region, now)),
    securityGroups: Object.fromEntries(defaults.map((group) => [group.id, group])),
    ec2Tags: {},
    loadBalancers: {},
    listeners: {},
    targetGroups: {},
    lingering: [],
    outages: {},
    sessions: {},
  }
}

/** One more thing was made: its number, and the state that counted it. */
export const counted = (state: AwsState): { readonly state: AwsState; readonly ordinal: number } => {
  const ordinal = state.serial + 1
  return { state: { ...state, serial: ordinal }, ordinal }
}

export const without = <T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> =>
  Object.fromEntries(Object.entries(record).filter(([name]) => name !== key))

/** What stands under a name that a request gave: never what every object inherits (`constructor`). */
export const own = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined
