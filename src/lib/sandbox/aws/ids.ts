import { createHash } from 'node:crypto'

/** Ids look random and are not: the same requests in the same order give the same ids. */
export const hex = (seed: string, digits: number): string =>
  createHash('sha256').update(seed).digest('hex').slice(0, digits)

export const securityGroupId = (seed: string): string => `sg-0${hex(`security-group/${seed}`, 16)}`

export const ruleId = (seed: string): string => `sgr-0${hex(`rule/${seed}`, 16)}`

export const networkInterfaceId = (loadBalancerArn: string, subnetId: string): string =>
  `eni-0${hex(`interface/${loadBalancerArn}/${subnetId}`, 16)}`

/** A request id, in the form of a UUID. */
export function requestId(seed: string): string {
  const digits = hex(`request/${seed}`, 32)
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join(
    '-',
  )
}

/** `arn:aws:elasticloadbalancing:<region>:<account>:` (Service Authorization Reference, "ELB v2"). */
export const elbArn = (region: string, accountId: string, rest: string): string =>
  `arn:aws:elasticloadbalancing:${region}:${accountId}:${rest}`

export const ARN = {
  loadBalancer: /^arn:aws:elasticloadbalancing:[a-z0-9-]+:\d{12}:loadbalancer\/net\/[A-Za-z0-9-]{1,32}\/[0-9a-f]{16}$/,
  listener:
    /^arn:aws:elasticloadbalancing:[a-z0-9-]+:\d{12}:listener\/net\/[A-Za-z0-9-]{1,32}\/[0-9a-f]{16}\/[0-9a-f]{16}$/,
  targetGroup: /^arn:aws:elasticloadbalancing:[a-z0-9-]+:\d{12}:targetgroup\/[A-Za-z0-9-]{1,32}\/[0-9a-f]{16}$/,
} as const

// "Elastic Load Balancing endpoints and quotas" page of the AWS General Reference: NLB's own zone per Region.
const ZONES: Readonly<Record<string, string>> = {
  'us-east-1': 'Z26RNL4JYFTOTI',
  'us-east-2': 'ZLMOA37VPKANP',
  'us-west-1': 'Z24FKFUX50B4VW',
  'us-west-2': 'Z18D5FSROUN65G',
  'ap-northeast-1': 'Z31USIVHYNEOWT',
  'ap-northeast-2': 'ZIBE1TIR4HY56',
  'ap-northeast-3': 'Z1GWIQ4HH19I5X',
  'ap-southeast-1': 'ZKVM4W9LS7TM',
  'ap-southeast-2': 'ZCT6FZBF4DROD',
  'eu-central-1': 'Z3F0SRJ5LGBH90',
  'eu-west-1': 'Z2IFOLAFXWLO4F',
  'eu-west-2': 'ZD4D7Y8KGAS4G',
  'sa-east-1': 'ZTK26PT1VY4CU',
}

/** CanonicalHostedZoneId of the NLBs of a Region; one that is not in the table gets a made-up one. */
export const hostedZoneId = (region: string): string => ZONES[region] ?? `Z${hex(`zone/${region}`, 13).toUpperCase()}`
