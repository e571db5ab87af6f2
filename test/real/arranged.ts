import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { newHome, nyah } from '../support/cli.ts'
import { type OpenStack, openStack } from '../support/openstack.ts'
import { awsCli, awsEnv, octaviaEnv } from './lane.ts'

/** A home for the built `bin`, the real Octavia and moto, all seen without nyah. Everything made here is taken down. */
export interface Arranged {
  readonly home: string
  readonly octavia: OpenStack
  /** The `OS_*` of the lane. */
  readonly lane: Readonly<Record<string, string>>
  readonly vpc: string
  readonly subnets: readonly string[]
  /** Starts the name of every load balancer. */
  readonly prefix: string
  readonly aws: ReturnType<typeof awsCli>
  /** The bin, with nothing around it but the lane's variables. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): ReturnType<typeof nyah>
  /** The same, and any other end than this one fails the test with all that was said. */
  demand(exit: number, args: readonly string[], env?: Readonly<Record<string, string>>): ReturnType<typeof nyah>
  /** A load balancer, its id. */
  create(spec: Parameters<OpenStack['createLoadBalancer']>[0]): Promise<string>
  mirrorOf(id: string): Promise<Mirror>
  tagsOf(arn: string): Promise<Readonly<Record<string, string>>>
  attributesOf(targetGroup: any): Promise<Readonly<Record<string, string>>>
  /** `10.20.0.11:8080`, sorted. */
  targetsOf(targetGroup: any): Promise<readonly string[]>
  close(): Promise<void>
}

/** What AWS has of one mirror, as its command line tells it. */
export interface Mirror {
  readonly loadBalancers: readonly any[]
  readonly targetGroups: readonly any[]
  readonly securityGroups: readonly any[]
}

export const NOTHING: Mirror = { loadBalancers: [], targetGroups: [], securityGroups: [] }

/** The hash in all AWS names of a mirror. */
export const hashOf = (id: string): string => createHash('sha256').update(id).digest('hex').slice(0, 8)

export const keyed = (tags: readonly { Key: string; Value: string }[]): Record<string, string> =>
  Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]))

/** @param region one of its own, so that nothing else is in it */
export async function arrange(region: string, short: string, routable = '10.20.0.0/16'): Promise<Arranged> {
  const prefix = `${short}-${process.pid}-`
  const home = newHome()
  const lane = octaviaEnv()
  const aws = awsCli(region)
  const octavia = await openStack({
    authUrl: lane['OS_AUTH_URL'] ?? '',
    username: lane['OS_USERNAME'] ?? '',
    password: lane['OS_PASSWORD'] ?? '',
    project: lane['OS_PROJECT_NAME'] ?? '',
  })
  const made: string[] = []

  const run: Arranged['run'] = (args, env = lane) => nyah(home, args, { env: { ...env, ...awsEnv(region) } })
  const demand: Arranged['demand'] = async (exit, args, env) => {
    const ended = await run(args, env)
    const { code, stdout, stderr } = ended
    if (code !== exit) throw new Error(`nyah ${args.join(' ')} ended with ${code}, not ${exit}\n${stdout}\n${stderr}`)
    return ended
  }

  const mirrorOf: Arranged['mirrorOf'] = async (id) => {
    const mine = hashOf(id)
    const [{ LoadBalancers }, { TargetGroups }, { SecurityGroups }] = await Promise.all([
      aws('elbv2', 'describe-load-balancers'),
      aws('elbv2', 'describe-target-groups'),
      aws('ec2', 'describe-security-groups', '--filters', `Name=group-name,Values=nyah-${mine}`),
    ])
    return {
      loadBalancers: LoadBalancers.filter((one: any) => one.LoadBalancerName.endsWith(`-${mine}`)),
      targetGroups: TargetGroups.filter((one: any) => one.TargetGroupName.includes(`-${mine}-`)),
      securityGroups: SecurityGroups,
    }
  }

  const removeMirror = async (id: string): Promise<void> => {
    const { loadBalancers, targetGroups, securityGroups } = await mirrorOf(id)
    for (const { LoadBalancerArn } of loadBalancers)
      await aws('elbv2', 'delete-load-balancer', '--load-balancer-arn', LoadBalancerArn)
    for (const { TargetGroupArn } of targetGroups)
      await aws('elbv2', 'delete-target-group', '--target-group-arn', TargetGroupArn)
    for (const { GroupId } of securityGroups) await aws('ec2', 'delete-security-group', '--group-id', GroupId)
  }

  const { Subnets } = await aws('ec2', 'describe-subnets', '--filters', 'Name=default-for-az,Values=true')
  const vpc: string = Subnets[0].VpcId
  const subnets: readonly string[] = Subnets.slice(0, 2).map(({ SubnetId }: any) => SubnetId)
  const network = ['--vpc', vpc, ...subnets.flatMap((id) => ['--subnet', id]), '--routable', routable]
  await demand(0, ['init', '--region', region, ...network])

  return {
    home,
    octavia,
    lane,
    vpc,
    subnets,
    prefix,
    aws,
    run,
    demand,
    async create(spec) {
      const { id } = await octavia.createLoadBalancer({ ...spec, name: `${prefix}${spec.name}` })
      made.push(id)
      return id
    },
    mirrorOf,
    async tagsOf(arn) {
      const { TagDescriptions } = await aws('elbv2', 'describe-tags', '--resource-arns', arn)
      return keyed(TagDescriptions[0].Tags)
    },
    async attributesOf({ TargetGroupArn }) {
      const { Attributes } = await aws(
        'elbv2',
        'describe-target-group-attributes',
        '--target-group-arn',
        TargetGroupArn,
      )
      return keyed(Attributes)
    },
    async targetsOf({ TargetGroupArn }) {
      const { TargetHealthDescriptions } = await aws(
        'elbv2',
        'describe-target-health',
        '--target-group-arn',
        TargetGroupArn,
      )
      return TargetHealthDescriptions.map(({ Target }: any) => `${Target.Id}:${Target.Port}`).toSorted()
    },
    async close() {
      for (const id of made) {
        await octavia.deleteLoadBalancer(id)
        await removeMirror(id)
      }
      rmSync(home, { recursive: true, force: true })
    },
  }
}
