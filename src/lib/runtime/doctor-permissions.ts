import { EXIT, nyahError } from '../core/errors.ts'
import type { Permissions, Simulation } from '../ports/permissions.ts'
import { count } from '../render/words.ts'
import { unknown, type Look } from './doctor-check.ts'

/** What nyah's parts call in AWS; the smallest roles that can do them (docs/aws.md). */

const elb = (...names: readonly string[]): readonly string[] => names.map((name) => `elasticloadbalancing:${name}`)
const ec2 = (...names: readonly string[]): readonly string[] => names.map((name) => `ec2:${name}`)

const READS = [
  ...elb('DescribeLoadBalancers', 'DescribeListeners', 'DescribeListenerAttributes', 'DescribeListenerCertificates'),
  ...elb('DescribeTargetGroups', 'DescribeTargetGroupAttributes', 'DescribeTargetHealth', 'DescribeTags'),
  ...elb('DescribeAccountLimits'),
  ...ec2('DescribeSubnets', 'DescribeVpcs', 'DescribeSecurityGroups', 'DescribeAddresses'),
]

/** In the order in which an operator gives them out: the smallest first. */
export const PURPOSES: readonly { readonly name: string; readonly actions: readonly string[] }[] = [
  { name: 'may plan, list and show', actions: READS },
  { name: 'may sync --members-only', actions: elb('RegisterTargets', 'DeregisterTargets', 'AddTags') },
  {
    name: 'may mirror and sync',
    actions: [
      ...elb('CreateLoadBalancer', 'CreateTargetGroup', 'CreateListener', 'AddTags', 'RemoveTags'),
      ...elb('SetSecurityGroups', 'SetSubnets', 'SetIpAddressType', 'RegisterTargets', 'DeregisterTargets'),
      ...elb('ModifyTargetGroup', 'ModifyTargetGroupAttributes', 'ModifyListener', 'ModifyListenerAttributes'),
      ...elb('AddListenerCertificates', 'RemoveListenerCertificates', 'DeleteListener', 'DeleteTargetGroup'),
      ...ec2('CreateSecurityGroup', 'AuthorizeSecurityGroupIngress', 'RevokeSecurityGroupIngress', 'CreateTags'),
    ],
  },
  {
    name: 'may unmirror',
    actions: [
      ...elb('DeleteListener', 'DeleteLoadBalancer', 'DeleteTargetGroup'),
      ...ec2('DeleteSecurityGroup'),
      // A mirror that a name still points to is not deleted: the names have to be read.
      'route53:ListHostedZones',
      'route53:ListResourceRecordSets',
    ],
  },
]

/**
 * One check per purpose; IAM is asked once. `who`: whom the credentials are; what it throws, every check does.
 */
export function permissionLooks(
  permissions: () => Promise<Permissions>,
  who: () => Promise<string>,
  signal: AbortSignal,
): readonly (readonly [name: string, look: Look])[] {
  let asked: Promise<{ readonly arn: string; readonly simulation: Simulation }> | null = null
  const ask = async () => {
    const arn = await who()
    const actions = [...new Set(PURPOSES.flatMap((purpose) => purpose.actions))]
    return { arn, simulation: await (await permissions()).simulate(actions, signal) }
  }
  return PURPOSES.map(({ name, actions }) => [
    name,
    async () => {
      asked ??= ask()
      const { arn, simulation } = await asked
      return judge(name, actions, arn, simulation)
    },
  ])
}

/** What IAM denies is told once, for all purposes; the others point there. */
function judge(
  name: string,
  actions: readonly string[],
  arn: string,
  { decisions, why }: Simulation,
): ReturnType<typeof unknown> | string {
  const denied = actions.filter((action) => decisions[action] === 'denied')
  const open = actions.filter((action) => (decisions[action] ?? 'unknown') === 'unknown')
  if (denied.length > 0) {
    const all = (of: readonly string[]): readonly string[] => of.filter((action) => decisions[action] === 'denied')
    const hit = PURPOSES.filter((purpose) => all(purpose.actions).length > 0)
    const [first] = hit
    throw first === undefined || first.name === name
      ? missing([...new Set(hit.flatMap((purpose) => all(purpose.actions)))], arn)
      : missingToo(denied.length, name)
  }
  if (open.length === actions.length) return unknown(why ?? "IAM's simulator does not say")
  if (open.length > 0) return unknown(`${open.join(', ')}: ${why ?? "IAM's simulator does not say"}`)
  return `${count(actions.length, 'action')} allowed`
}

const missing = (denied: readonly string[], arn: string) =>
  nyahError({
    code: 'AWS_PERMISSION_MISSING',
    message: `IAM's simulator denies ${denied.join(', ')} to ${arn}`,
    exit: EXIT.configuration,
    tries: [`add to a policy of ${arn}: "Effect": "Allow", "Action": ${JSON.stringify(denied)}, "Resource": "*"`],
  })

const missingToo = (amount: number, name: string) =>
  nyahError({
    code: 'AWS_PERMISSION_MISSING',
    message: `${name}: ${count(amount, 'action')} of those that are denied above`,
    exit: EXIT.configuration,
  })
