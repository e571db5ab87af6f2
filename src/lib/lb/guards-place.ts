import type { Guard } from '../engine/operation.ts'
import { isPrivate } from './addresses.ts'
import { each, found, letGo } from './guards-scope.ts'
import { judge } from './judge.ts'
import type { LbWorld, Observed } from './model.ts'
import { exists, ownedOf } from './owned.ts'
import { addressProblems, subnetProblems } from './placed.ts'
import { refusing, some, type Remark } from './remarks.ts'

/** Guards of where a mirror stands: whose it is, in which network, with which addresses, open to whom. */

/** Never touch what nyah does not own, what a newer nyah wrote, or what AWS cannot change. */
export const ownership: Guard<LbWorld> = (_draft, world) =>
  world.scopes.flatMap((observed) => obstaclesOf(observed).map((remark) => found(observed, remark)))

/** Without a source, what is not nyah's is only told where nothing else would be: LB_SOURCE_GONE holds the rest. */
function obstaclesOf(observed: Observed): readonly Remark[] {
  const judged = judge(observed)
  if (judged !== null) return judged.obstacles
  const owned = ownedOf(observed)
  return exists(owned) || observed.unread !== null ? [] : owned.obstacles
}

/** The network of the configuration has to be one that AWS takes. */
export const network: Guard<LbWorld> = each(({ observed, judged }) => [
  ...subnetProblems(observed),
  ...addressProblems(observed, judged.owned),
])

const CERTIFICATE = /^arn:[a-z-]+:(acm|iam):([a-z0-9-]*):(\d{12}):/
const ACCOUNT = /^arn:[a-z-]+:elasticloadbalancing:[a-z0-9-]+:(\d{12}):/
/** `ap-northeast-1` of the zone `ap-northeast-1a`, and of a local one. */
const REGION = /^[a-z]+(?:-[a-z]+)+-\d+/

/**
 * An NLB takes certificates of its own Region (those of IAM have none) and account alone. What the ARN does not tell, whether
 * it exists and is issued, only AWS says, when the listener is made. The account is known once there is an NLB.
 */
export const certificates: Guard<LbWorld> = each(({ observed, judged: { desired, owned } }) => {
  const [region] = REGION.exec(observed.network.subnets[0]?.availabilityZone ?? '') ?? []
  const [, account] = ACCOUNT.exec(owned.loadBalancer?.arn ?? '') ?? []
  return desired.listeners.flatMap(({ subject, certificates: arns }) =>
    arns.flatMap((arn): readonly Remark[] => {
      const [, service, itsRegion, itsAccount] = CERTIFICATE.exec(arn) ?? []
      const remark = refusing(subject)
      const correct =
        "Import the certificate into ACM in the NLB's Region and account, and correct certificates of the context"
      if (service === 'acm' && region !== undefined && itsRegion !== region) {
        return [remark('LB_CERTIFICATE_REGION', `${arn} is in ${itsRegion}, the NLB in ${region}`, correct)]
      }
      if (service !== undefined && account !== undefined && itsAccount !== account) {
        return [remark('LB_CERTIFICATE_ACCOUNT', `${arn} is of account ${itsAccount}, the NLB of ${account}`, correct)]
      }
      return []
    }),
  )
})

/** Whom Octavia lets in says little while its VIP is private; the same words on an internet-facing NLB mean everybody. */
export const exposed: Guard<LbWorld> = each(({ observed: { placement, source }, judged }) => {
  if (placement.scheme !== 'internet-facing' || !isPrivate(source?.loadbalancer.vip_address ?? '')) return []
  const open = judged.desired.securityGroup.ingress.filter(({ cidr }) => cidr === '0.0.0.0/0' || cidr === '::/0')
  if (open.length === 0) return []
  const ports = [...new Set(open.map(({ port }) => port))]
  return [
    {
      code: 'LB_OPEN_TO_THE_INTERNET',
      severity: 'warn',
      subject: `network ${placement.name}`,
      evidence: `its VIP ${source?.loadbalancer.vip_address ?? ''} is private, and the mirror will let the whole internet in on ${some(ports.map((port) => `port ${port}`))}`,
      remedy: 'If that is not meant: set allowed_cidrs on the listeners, or mirror it onto an internal network',
    },
  ]
})

/** An address that the operator brought goes when its subnet goes; AWS gives a subnet that comes back another one. */
export const addressKept: Guard<LbWorld> = each(({ observed, judged: { owned }, changes }) => {
  const { loadBalancer } = owned
  if (loadBalancer === null) return []
  return changes
    .filter(({ ref, kind }) => ref.type === 'load-balancer' && kind === 'update')
    .flatMap((change): readonly Remark[] => {
      const after = change.after?.['subnets'] as readonly string[] | undefined
      if (after === undefined) return []
      const going = loadBalancer.subnets.filter((subnet) => !after.includes(subnet)).toSorted()
      const addresses = going.flatMap((subnet) => {
        const address = loadBalancer.addresses?.[subnet]
        return address === undefined ? [] : [`${address} in ${subnet}`]
      })
      if (addresses.length === 0) return []
      return [
        {
          code: 'LB_ADDRESS_WOULD_GO',
          severity: 'hold',
          subject: `load balancer ${loadBalancer.name}`,
          evidence: `it would leave ${some(going)}, and with ${going.length === 1 ? 'it' : 'them'} lose an address that you brought: ${some(addresses)}; who uses that address would reach nobody`,
          remedy: `Put the subnet back into network ${observed.placement.name}, or once nobody uses the address: ${letGo(observed.id, 'LB_ADDRESS_WOULD_GO')}`,
          allowable: true,
          holds: [change.id],
        },
      ]
    })
})
