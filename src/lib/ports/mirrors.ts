/**
 * Where mirrors live: AWS ELBv2 (a Network Load Balancer, its listeners and target groups). All creates are
 * `ensure`: the same name with nyah's ownership tags for the same mirror is returned as it is (a lost answer never
 * doubles anything); the same name owned by somebody else throws AWS_NAME_TAKEN.
 */

export type Tags = Readonly<Record<string, string>>

export type Scheme = 'internal' | 'internet-facing'

/** State of an NLB. */
export type LoadBalancerState = 'provisioning' | 'active' | 'active_impaired' | 'failed'

export interface HealthCheck {
  readonly protocol: 'TCP' | 'HTTP' | 'HTTPS'
  /** A number, or `traffic-port`. */
  readonly port: string
  /** Seconds, 5-300. */
  readonly intervalSeconds: number
  /** Seconds, 2-120. */
  readonly timeoutSeconds: number
  /** 2-10. */
  readonly healthyThreshold: number
  /** 2-10. */
  readonly unhealthyThreshold: number
  /** HTTP and HTTPS only. */
  readonly path?: string
  /** HTTP and HTTPS only: `200`, `200,202` or `200-204`. */
  readonly matcher?: string
}

/** What identifies a target: one host may stand twice with different ports. */
export interface Target {
  /** IPv4 or IPv6 address. */
  readonly address: string
  readonly port: number
  /** `all` for an address outside the VPC (Direct Connect), else null. */
  readonly availabilityZone: 'all' | null
}

export type TargetState =
  | 'initial'
  | 'healthy'
  | 'unhealthy'
  | 'unhealthy.draining'
  | 'draining'
  | 'unused'
  | 'unavailable'

export interface TargetHealth extends Target {
  readonly state: TargetState
  /** AWS's reason code, `Target.Timeout`; null when healthy. */
  readonly reason: string | null
}

export interface TargetGroupSpec {
  /** ≤ 32, unique per account and Region. */
  readonly name: string
  /** TLS: the NLB speaks TLS to the targets. */
  readonly protocol: 'TCP' | 'TLS'
  readonly port: number
  readonly vpcId: string
  readonly ipAddressType: 'ipv4' | 'ipv6'
  readonly healthCheck: HealthCheck
  /** `preserve_client_ip.enabled` and the like; those named here are kept true, others are left alone. */
  readonly attributes: Readonly<Record<string, string>>
  readonly tags: Tags
}

export interface TargetGroup extends TargetGroupSpec {
  readonly arn: string
  readonly loadBalancerArns: readonly string[]
  /** Everything registered, draining targets too. */
  readonly targets: readonly TargetHealth[]
}

/** Where a listener sends to; of several, shares go by weight. */
export interface Forward {
  readonly targetGroupArn: string
  /** 0-999; a single one has 1. 0: no traffic, but health checks. */
  readonly weight: number
}

export interface ListenerSpec {
  /** TLS: the NLB terminates it. */
  readonly protocol: 'TCP' | 'TLS'
  readonly port: number
  /** Never empty. */
  readonly forward: readonly Forward[]
  /** ARNs, TLS only: the default one first, then those chosen by SNI (sorted). Else empty. */
  readonly certificates: readonly string[]
  /** TLS only, else null. */
  readonly sslPolicy: string | null
  /** TLS only: `HTTP2Preferred` and the like; null: none. */
  readonly alpnPolicy: string | null
  /** `tcp.idle_timeout.seconds`; those named here are kept true, others are left alone. */
  readonly attributes: Readonly<Record<string, string>>
  readonly tags: Tags
}

export interface Listener {
  readonly arn: string
  /** TCP, TLS, UDP …: somebody may have edited it. */
  readonly protocol: string
  readonly port: number
  /** Empty when its action is no forward. Sorted by ARN. */
  readonly forward: readonly Forward[]
  readonly certificates: readonly string[]
  readonly sslPolicy: string | null
  readonly alpnPolicy: string | null
  readonly attributes: Readonly<Record<string, string>>
  readonly tags: Tags
}

export interface LoadBalancerSpec {
  readonly name: string
  readonly scheme: Scheme
  readonly subnets: readonly string[]
  /** By subnet: an Elastic IP's allocation id (internet-facing), or a private IPv4 address (internal). Absent: AWS chooses. */
  readonly addresses?: Readonly<Record<string, string>>
  readonly securityGroups: readonly string[]
  readonly ipAddressType: 'ipv4' | 'dualstack'
  readonly tags: Tags
}

/** An NLB without what is below it. */
export interface LoadBalancer extends LoadBalancerSpec {
  readonly arn: string
  readonly type: string
  readonly vpcId: string
  readonly dnsName: string
  /** CanonicalHostedZoneId, for Route 53 aliases. */
  readonly hostedZoneId: string
  readonly state: LoadBalancerState
}

/** Everything in ELBv2 that carries the name of one mirror, owned or not: the planner and the guards judge. */
export interface MirrorTree {
  /**
   * The 8 hex digits with which its names end. Not that of the Octavia id after a retarget: names cannot be changed, the
   * load balancer's tags say whose it is.
   */
  readonly hash: string
  readonly loadBalancer: LoadBalancer | null
  /** Further ones with nyah's tags: two machines made one each while the load balancer was renamed. Absent: none. */
  readonly spareLoadBalancers?: readonly LoadBalancer[]
  readonly listeners: readonly Listener[]
  /** Attached to it, or (after a crash between two creates) still without a load balancer. */
  readonly targetGroups: readonly TargetGroup[]
}

/** Which mirror: the load balancer whose tags carry this id, else whatever carries this hash in its name. */
export interface MirrorKey {
  readonly octaviaId: string
  /** 8 hex digits: `hashOf(octaviaId)`. */
  readonly hash: string
}

/** Limits of the account, as DescribeAccountLimits tells them, and what is in use. Null: AWS did not say. */
export interface AccountLimits {
  readonly networkLoadBalancers: number | null
  readonly listenersPerLoadBalancer: number | null
  readonly targetGroups: number | null
  readonly targetsPerLoadBalancer: number | null
  readonly targetsPerZone: number | null
  readonly targetsPerTargetGroup: number | null
  readonly certificatesPerLoadBalancer: number | null
  /** Less than 2: no weighted target groups. */
  readonly targetGroupsPerAction: number | null
  readonly used: { readonly networkLoadBalancers: number; readonly targetGroups: number }
}

export interface TargetTally {
  /** Draining ones left out. */
  readonly registered: number
  readonly healthy: number
}

export interface TargetTallies {
  /** How many there are, by name, behind a load balancer. */
  readonly targetGroups: number
  /** By ARN, over its target groups; one without target groups is missing. Null: they were too many to be asked. */
  readonly byLoadBalancer: ReadonlyMap<string, TargetTally> | null
}

/** How one load balancer stands: what users of it would meet. */
export interface Standing {
  /** Without its tags. */
  readonly balancer: LoadBalancer
  /** All that it sends to. */
  readonly targetGroups: readonly Pick<TargetGroup, 'name' | 'loadBalancerArns' | 'targets'>[]
}

export interface Mirrors {
  /**
   * Every network load balancer with nyah's tags, shallow; few calls however many. `named`: also those that have only one of
   * its names: somebody took their tags away, or made them.
   */
  list(signal?: AbortSignal, named?: boolean): Promise<readonly LoadBalancer[]>
  /**
   * Whole trees, one per key, in order, however many. All names of one mirror hold its hash (the load balancer's:
   * `-<hash>`; a target group's: `-<hash>-<port>`, or `-<hash>-<port>-<variant>`). Nothing found: nulls and empty lists.
   */
  read(keys: readonly MirrorKey[], signal?: AbortSignal): Promise<readonly MirrorTree[]>
  /** Limits and usage of the account: one call besides the lists that `read` makes; remembered for some minutes. */
  limits(signal?: AbortSignal): Promise<AccountLimits>
  /**
   * How the targets behind each load balancer of nyah's stand, however many: one call per 400 target groups, then one per
   * target group; with more than `atMost` of those, none of them is asked.
   */
  health(atMost: number, signal?: AbortSignal): Promise<TargetTallies>
  /**
   * How those load balancers stand whose DNS names are asked for, and nothing else of them: two lists at once, then one call
   * per target group. For users who wait. `all`: every load balancer with one of nyah's names, whoever's it is.
   */
  standings(
    isAsked: (dnsName: string) => boolean,
    signal?: AbortSignal,
  ): Promise<{ readonly all: readonly LoadBalancer[]; readonly asked: readonly Standing[] }>
  /** Fresh tags of one thing (ARN); null when it is gone. */
  tags(arn: string, signal?: AbortSignal): Promise<Tags | null>
  /** Sets some tags of one thing and takes some away; others stay. */
  tag(arn: string, set: Tags, remove?: readonly string[]): Promise<void>
  /** Fresh, for verify and for the look in the same breath before a removal. */
  targetHealth(targetGroupArn: string, signal?: AbortSignal): Promise<readonly TargetHealth[]>

  createTargetGroup(spec: TargetGroupSpec): Promise<{ readonly arn: string }>
  /** Only what is given; health check in one call, attributes in one, tags in one. */
  modifyTargetGroup(
    arn: string,
    change: Partial<Pick<TargetGroupSpec, 'healthCheck' | 'attributes' | 'tags'>>,
  ): Promise<void>
  /** Chunks of at most 100. Registering a registered target changes nothing. */
  registerTargets(arn: string, targets: readonly Target[]): Promise<void>
  /**
   * Chunks of at most 100. Deregistering one that is not registered changes nothing. `notAfter` (milliseconds since the
   * epoch): what could be sent only later (pace, throttling) is not sent; then AWS_TOO_LATE.
   */
  deregisterTargets(arn: string, targets: readonly Target[], notAfter?: number): Promise<void>
  /** Deleting what is gone succeeds. Still in use: AWS_IN_USE, retryable. */
  deleteTargetGroup(arn: string): Promise<void>

  createLoadBalancer(
    spec: LoadBalancerSpec,
  ): Promise<{ readonly arn: string; readonly dnsName: string; readonly hostedZoneId: string }>
  modifyLoadBalancer(
    arn: string,
    change: Partial<Pick<LoadBalancerSpec, 'securityGroups' | 'subnets' | 'ipAddressType' | 'tags'>>,
  ): Promise<void>
  /** Deleting what is gone succeeds. */
  deleteLoadBalancer(arn: string): Promise<void>

  createListener(loadBalancerArn: string, spec: ListenerSpec): Promise<{ readonly arn: string }>
  modifyListener(arn: string, change: Partial<ListenerSpec>): Promise<void>
  deleteListener(arn: string): Promise<void>

  /** For `doctor`: who am I, where; throws what is wrong. */
  check(signal?: AbortSignal): Promise<MirrorsIdentity>
}

export interface MirrorsIdentity {
  readonly account: string
  readonly arn: string
  readonly region: string
  readonly endpointUrl: string | null
}
