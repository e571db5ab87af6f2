import * as z from 'zod/mini'
import type { JsonObject } from '../core/json.ts'
import { noticed } from './aws/elbv2-health.ts'
import type { AwsState, AwsWorld } from './aws/service.ts'
import { awsService, initialAws } from './aws/service.ts'
import { s3 } from './aws/s3.ts'
import { ALARM_STATES } from './aws/cloudwatch-state.ts'
import { keystone } from './openstack/keystone.ts'
import type { OpenStackState } from './openstack/model.ts'
import { neutron } from './openstack/neutron.ts'
import { octavia, passed } from './openstack/octavia.ts'
import { initialOpenStack } from './openstack/seed.ts'
import { isSeries, type MetricsState, prometheus, type Series } from './prometheus.ts'
import type { Service, Surroundings } from './service.ts'
import type { World } from './world.ts'
import { unusableWorld } from './world.ts'

/** All the sandbox is, apart from the time and what does not answer. */
export interface SandboxState {
  readonly openstack: OpenStackState
  readonly aws: AwsState
  readonly metrics: MetricsState
}

const patterns = z.union([z.string(), z.array(z.string())])

const policySchema = z.object({
  Statement: z.array(
    z.object({
      Effect: z.enum(['Allow', 'Deny']),
      Action: patterns,
      Resource: patterns,
      Condition: z.optional(z.record(z.string(), z.record(z.string(), patterns))),
    }),
  ),
})

const leaf = z.union([z.string(), z.number(), z.boolean()])

const zoneSchema = z.object({
  id: z.string(),
  name: z.string(),
  private: z.optional(z.boolean()),
  records: z.optional(
    z.array(
      z.object({
        name: z.string(),
        type: z.string(),
        ttl: z.optional(z.number()),
        values: z.optional(z.array(z.string())),
        alias: z.optional(z.object({ zoneId: z.string(), dnsName: z.string(), evaluateTargetHealth: z.boolean() })),
        setIdentifier: z.optional(z.string()),
        weight: z.optional(z.number()),
        healthCheckId: z.optional(z.string()),
        routing: z.optional(
          z.record(z.string(), z.union([leaf, z.record(z.string(), z.union([z.string(), z.number()]))])),
        ),
      }),
    ),
  ),
  protections: z.optional(z.array(z.object({ name: z.string(), type: z.string(), comment: z.optional(z.string()) }))),
})

const checkSchema = z.object({
  id: z.string(),
  reference: z.string(),
  type: z.string(),
  tags: z.optional(z.record(z.string(), z.string())),
  address: z.optional(z.string()),
  port: z.optional(z.number()),
  path: z.optional(z.string()),
  host: z.optional(z.string()),
  search: z.optional(z.string()),
  intervalSeconds: z.optional(z.number()),
  failureThreshold: z.optional(z.number()),
  inverted: z.optional(z.boolean()),
  disabled: z.optional(z.boolean()),
  sni: z.optional(z.boolean()),
  children: z.optional(z.array(z.string())),
  healthThreshold: z.optional(z.number()),
  other: z.optional(
    z.record(z.string(), z.union([z.string(), z.number(), z.record(z.string(), z.union([z.string(), z.number()]))])),
  ),
})

const awsSchema = z.object({
  accountId: z.string().check(z.regex(/^\d{12}$/)),
  region: z.string(),
  vpcs: z.array(z.object({ id: z.string(), cidrs: z.array(z.string()) })),
  subnets: z.array(
    z.object({
      id: z.string(),
      vpcId: z.string(),
      availabilityZone: z.string(),
      cidr: z.string(),
      ipv6Cidr: z.optional(z.string()),
      freeAddresses: z.number(),
    }),
  ),
  addresses: z.array(z.object({ allocationId: z.string(), publicIp: z.string() })),
  certificates: z.optional(z.array(z.string())),
  groupsPerAction: z.optional(z.number()),
  targetsPerZone: z.optional(z.number()),
  policy: z.optional(policySchema),
  hostedZones: z.optional(z.array(zoneSchema)),
  healthChecks: z.optional(z.array(checkSchema)),
  healthChecksLimit: z.optional(z.number()),
  buckets: z.optional(z.array(z.object({ name: z.string(), region: z.string(), publicRead: z.optional(z.boolean()) }))),
  alarms: z.optional(
    z.array(
      z.object({
        name: z.string(),
        region: z.optional(z.string()),
        composite: z.optional(z.boolean()),
        state: z.optional(z.enum(ALARM_STATES)),
      }),
    ),
  ),
})

const seriesSchema = z.record(z.string().check(z.refine(isSeries, 'a series like up{job="nyah"}')), z.string())

function usualSeries(section: JsonObject): Series {
  const parsed = seriesSchema.safeParse(section)
  if (parsed.success) return parsed.data
  throw unusableWorld('(section metrics)', parsed.error.issues.map(({ message }) => message).join('; '))
}

function awsWorld(section: JsonObject): AwsWorld {
  const parsed = awsSchema.safeParse(section)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw unusableWorld('(section aws)', `${issue?.path.map(String).join('.')}: ${issue?.message}`)
}

/** Throws SANDBOX_WORLD_INVALID. */
export function initialState(world: World, now: number, tokenLifetimeSeconds?: number): SandboxState {
  const usual = usualSeries(world.metrics ?? {})
  return {
    openstack: initialOpenStack(world.openstack, now, tokenLifetimeSeconds),
    aws: initialAws(awsWorld(world.aws), now),
    metrics: { usual, now: usual },
  }
}

/** A service on its own part of the state. */
const on =
  <K extends keyof SandboxState>(part: K, service: Service<SandboxState[K]>): Service<SandboxState> =>
  (state, request, surroundings) => {
    const { state: next, response } = service(state[part], request, surroundings)
    return { state: next === state[part] ? state : { ...state, [part]: next }, response }
  }

/** By the first part of the path. */
export const SERVICES: Readonly<Record<string, Service<SandboxState>>> = {
  identity: on('openstack', keystone),
  'load-balancer': on('openstack', octavia),
  aws: on('aws', awsService),
  s3: on('aws', s3),
  network: on('openstack', neutron),
  prometheus: on('metrics', prometheus),
}

/** What happened by itself until now; called when something stops answering, or answers again. */
export function settle(state: SandboxState, surroundings: Surroundings): SandboxState {
  const openstack = passed(state.openstack, surroundings.now, surroundings.down)
  const aws = noticed(state.aws, surroundings)
  return openstack === state.openstack && aws === state.aws ? state : { ...state, openstack, aws }
}
