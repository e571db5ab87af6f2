import type { Clock } from '../../ports/clock.ts'
import { isLoopback } from '../http/url.ts'
import { type Bucket, fullBucket, type Rate, takeToken } from './bucket.ts'

/** What AWS counts apart: looking, changing, and (ELBv2) moving targets in and out. */
export type CallKind = 'read' | 'write' | 'targets'

export type Rates = Readonly<Record<CallKind, Rate>>

/**
 * Below what is documented: Describe* has a bucket of 40 that refills with 10/s, for the whole account and Region, so
 * that something is left for everybody else (elb-api-throttling.html). The smaller buckets of changes are not
 * published; these are what the AWS load balancer controller paces itself at, less a margin.
 */
export const ELBV2_RATES: Rates = {
  read: { perSecond: 8, burst: 30 },
  write: { perSecond: 2.5, burst: 15 },
  targets: { perSecond: 3.5, burst: 15 },
}

/** EC2: filtered, paged Describe* has 100 and 20/s; changes of security groups at least 50 and 5/s. */
export const EC2_RATES: Rates = {
  read: { perSecond: 15, burst: 60 },
  write: { perSecond: 4, burst: 20 },
  targets: { perSecond: 4, burst: 20 },
}

/**
 * Route 53 was long documented to take 5 requests a second of a whole account, and says that of no other figure. A failover
 * of hundreds of names is three changes: they do not wait for each other.
 */
export const ROUTE53_RATES: Rates = {
  read: { perSecond: 4, burst: 4 },
  write: { perSecond: 1, burst: 3 },
  targets: { perSecond: 1, burst: 1 },
}

/** S3 takes thousands a second of one prefix; a switch is one object. */
export const S3_RATES: Rates = {
  read: { perSecond: 10, burst: 10 },
  write: { perSecond: 10, burst: 10 },
  targets: { perSecond: 10, burst: 10 },
}

/** DescribeAlarms has 9/s of an account and Region ("CloudWatch service quotas" page); dashboards ask too. */
export const CLOUDWATCH_RATES: Rates = {
  read: { perSecond: 3, burst: 5 },
  write: { perSecond: 1, burst: 1 },
  targets: { perSecond: 1, burst: 1 },
}

/** IAM publishes nothing; a doctor asks a handful of questions. */
export const IAM_RATES: Rates = {
  read: { perSecond: 5, burst: 10 },
  write: { perSecond: 1, burst: 1 },
  targets: { perSecond: 1, burst: 1 },
}

/** Resolves when a call of this kind may go out. */
export type Pace = (kind: CallKind, signal?: AbortSignal) => Promise<void>

export function createPace(clock: Clock, rates: Rates): Pace {
  const buckets = new Map<CallKind, Bucket>()
  return async (kind, signal) => {
    const now = clock.now()
    const taken = takeToken(buckets.get(kind) ?? fullBucket(rates[kind], now), rates[kind], now)
    buckets.set(kind, taken.bucket)
    if (taken.waitMs > 0) await clock.sleep(taken.waitMs, signal)
  }
}

/** What stands on this machine (a sandbox, a test's server) has no account that is shared with others: it is not spared. */
export const paceTowards = (endpoint: string | null, clock: Clock, rates: Rates): Pace =>
  endpoint !== null && isLoopback(endpoint) ? () => Promise.resolve() : createPace(clock, rates)
