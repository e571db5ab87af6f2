import { DescribeSecurityGroupsCommand, EC2Client, RevokeSecurityGroupIngressCommand } from '@aws-sdk/client-ec2'
import {
  CreateListenerCommand,
  DeleteListenerCommand,
  DeleteTargetGroupCommand,
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2'

/** Somebody's hand in an account with one mirror, who does not know of nyah. */
export interface Hand {
  /** Nobody is let in on any port. */
  closeSecurityGroup(): Promise<void>
  /** Those of the lowest port: the listener, then its target group. */
  deleteTargetGroup(): Promise<void>
  /** A listener of their own, on port 9999. */
  addListener(): Promise<void>
}

export function handOn(endpoint: string): Hand {
  const config = { endpoint, region: 'ap-northeast-1', credentials: { accessKeyId: 'AKIAHAND', secretAccessKey: 'x' } }
  const elb = new ElasticLoadBalancingV2Client(config)
  const ec2 = new EC2Client(config)
  const lowest = async () => {
    const { LoadBalancers: [balancer] = [] } = await elb.send(new DescribeLoadBalancersCommand({}))
    const LoadBalancerArn = there(balancer?.LoadBalancerArn)
    const { Listeners = [] } = await elb.send(new DescribeListenersCommand({ LoadBalancerArn }))
    const [listener] = Listeners.toSorted((a, b) => there(a.Port) - there(b.Port))
    return {
      LoadBalancerArn,
      ListenerArn: there(listener?.ListenerArn),
      TargetGroupArn: there(listener?.DefaultActions?.[0]?.TargetGroupArn),
    }
  }
  return {
    async closeSecurityGroup() {
      const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}))
      const group = there(SecurityGroups.find(({ GroupName = '' }) => GroupName.startsWith('nyah-')))
      const input = { GroupId: there(group.GroupId), IpPermissions: there(group.IpPermissions) }
      await ec2.send(new RevokeSecurityGroupIngressCommand(input))
    },
    async deleteTargetGroup() {
      const { ListenerArn, TargetGroupArn } = await lowest()
      await elb.send(new DeleteListenerCommand({ ListenerArn }))
      await elb.send(new DeleteTargetGroupCommand({ TargetGroupArn }))
    },
    async addListener() {
      const { LoadBalancerArn, TargetGroupArn } = await lowest()
      const DefaultActions = [{ Type: 'forward' as const, TargetGroupArn }]
      await elb.send(new CreateListenerCommand({ LoadBalancerArn, Protocol: 'TCP', Port: 9999, DefaultActions }))
    },
  }
}

function there<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('there is nothing to lay hands on')
  return value
}
