import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import type {
  CreateListenerCommandInput,
  CreateLoadBalancerCommandInput,
  CreateTargetGroupCommandInput,
  TargetDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { CreateSecurityGroupCommand } from '@aws-sdk/client-ec2'
import type { Lab } from './lab.ts'
import { VPC } from './lab.ts'

/** Well-formed ARNs of what does not exist. */
export const MISSING = {
  balancer: 'arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/net/none/0123456789abcdef',
  group: 'arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/none/0123456789abcdef',
  listener:
    'arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:listener/net/none/0123456789abcdef/0123456789abcdef',
  certificate: 'arn:aws:acm:ap-northeast-1:123456789012:certificate/99999999-9999-4999-8999-999999999999',
}

/** Those that a world without certificates of its own has. */
export const CERTIFICATES = ['1', '2'].map((digit) => {
  const id = '99999999-9999-4999-8999-999999999999'.replaceAll('9', digit)
  return `arn:aws:acm:ap-northeast-1:123456789012:certificate/${id}`
})

export type Balancer = Partial<CreateLoadBalancerCommandInput>
export type Group = Partial<CreateTargetGroupCommandInput>
export type Listener = Partial<CreateListenerCommandInput>

export const long = (length: number) => 'a'.repeat(length)
export const many = (count: number) => Array.from({ length: count }, (_, index) => ({ Key: `k${index}`, Value: '' }))

export const securityGroup = async (lab: Lab, VpcId: string): Promise<string> => {
  const command = new CreateSecurityGroupCommand({ GroupName: 'nyah-x', Description: 'x', VpcId })
  return String((await lab.ec2.send(command)).GroupId)
}

/** Makes what is acceptable, but for what the test says otherwise. */
export function makers(lab: () => Lab, securityGroups: () => string[]) {
  const balancer = (input: Balancer = {}) =>
    lab().elb.send(
      new CreateLoadBalancerCommand({
        Name: 'lb',
        Type: 'network',
        Scheme: 'internal',
        ...(input.SubnetMappings === undefined ? { Subnets: ['subnet-0a', 'subnet-0c'] } : {}),
        SecurityGroups: securityGroups(),
        ...input,
      }),
    )
  const targetGroup = (input: Group = {}) =>
    lab().elb.send(
      new CreateTargetGroupCommand({ Name: 'tg', Protocol: 'TCP', Port: 80, VpcId: VPC, TargetType: 'ip', ...input }),
    )
  return {
    balancer,
    balancerArn: async (input?: Balancer) => String((await balancer(input)).LoadBalancers?.[0]?.LoadBalancerArn),
    targetGroup,
    groupArn: async (input?: Group) => String((await targetGroup(input)).TargetGroups?.[0]?.TargetGroupArn),
    listener: (LoadBalancerArn: string, TargetGroupArn: string, input: Listener = {}) =>
      lab().elb.send(
        new CreateListenerCommand({
          LoadBalancerArn,
          Protocol: 'TCP',
          Port: 80,
          DefaultActions: [{ Type: 'forward', TargetGroupArn }],
          ...input,
        }),
      ),
    register: (TargetGroupArn: string, ...Targets: TargetDescription[]) =>
      lab().elb.send(new RegisterTargetsCommand({ TargetGroupArn, Targets })),
  }
}
