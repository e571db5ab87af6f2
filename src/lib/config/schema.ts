import * as z from 'zod/mini'
import { HOSTNAME } from '../core/hostname.ts'

/**
 * The configuration file's shape: a contract (grow it; do not rename). Strict: an unknown key is an error that names
 * it, since a misspelt one would otherwise be dropped in silence.
 */

const text = z.string().check(z.minLength(1))

const cidr = z.string().check(z.regex(/^[0-9a-fA-F.:]+\/\d{1,3}$/, 'must be a CIDR block like 10.0.0.0/8'))

const network = z.strictObject({
  vpcId: z.string().check(z.regex(/^vpc-[0-9a-z-]+$/, 'must be a VPC id like vpc-0a1b')),
  scheme: z.enum(['internal', 'internet-facing']),
  subnets: z
    .array(z.string().check(z.regex(/^subnet-[0-9a-z-]+$/, 'must be a subnet id like subnet-0a1b')))
    .check(z.minLength(1)),
  routableCidrs: z.optional(z.array(cidr).check(z.minLength(1))),
})

const hostname = z
  .string()
  .check(z.regex(HOSTNAME, 'must be a name like shop.example.jp, in lower case and without a dot at its end'))

const mirror = z.strictObject({
  network: z.optional(text),
  addresses: z.optional(z.record(z.string(), text)),
  /** Names that `lb mirror` attaches to it. */
  hostnames: z.optional(z.array(hostname)),
  /** How member weights are kept; absent: as the mirror remembers, else equal shares. */
  weights: z.optional(z.enum(['equal', 'target-groups'])),
})

/** A certificate that an NLB takes, of ACM or IAM. */
const certificate = z
  .string()
  .check(
    z.regex(
      /^arn:aws[a-z-]*:(acm:[a-z0-9-]+:\d{12}:certificate|iam::\d{12}:server-certificate)\/.+$/,
      'must be the ARN of a certificate in ACM or IAM',
    ),
  )

/** Other spellings, and names, would match no load balancer: its mirror would be placed as if nothing were said. */
const uuid = z
  .string()
  .check(z.regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "must be a load balancer's UUID, in lower case"))

const context = z.strictObject({
  /** True: this context is the sandbox. */
  sandbox: z.optional(z.boolean()),
  octavia: z.optional(z.strictObject({ cloud: z.optional(text) })),
  aws: z.optional(
    z.strictObject({
      region: z.optional(text),
      profile: z.optional(text),
      assumeRole: z.optional(z.strictObject({ arn: text, externalId: z.optional(text) })),
      endpointUrl: z.optional(z.string().check(z.regex(/^https?:\/\//, 'must be an http(s) URL'))),
    }),
  ),
  networks: z.optional(z.record(z.string(), network)),
  mirrors: z.optional(z.record(uuid, mirror)),
  /** By Octavia's container reference: the whole URL, or its last part. */
  certificates: z.optional(z.record(text, certificate)),
  dns: z.optional(
    z.strictObject({
      steadyWeights: z.optional(z.strictObject({ octavia: z.number(), aws: z.number() })),
      zones: z.optional(z.record(z.string(), text)),
      /** Answers for the private zones. */
      resolver: z.optional(
        z
          .string()
          .check(z.regex(/^(\[[0-9a-fA-F:.]+\]|[\w.-]+)(:\d{1,5})?$/, 'must be a server like 10.0.0.2 or 10.0.0.2:53')),
      ),
    }),
  ),
  failover: z.optional(
    z.strictObject({
      arc: z.optional(z.never('this nyah does not engage routing controls of ARC yet: take it out')),
      /** An object in S3 with which users can be moved while Route 53's API is down. */
      switch: z.optional(
        z.strictObject({
          bucket: z.string().check(z.regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket in S3')),
          region: z.string().check(z.regex(/^[a-z]{2,3}(-[a-z]+)+-\d$/, 'must be a Region like ap-northeast-3')),
          key: z.optional(
            z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/, 'must be a plain key like nyah/away')),
          ),
        }),
      ),
    }),
  ),
  kubernetes: z.optional(z.strictObject({ kubeconfig: z.optional(text), context: z.optional(text) })),
  gates: z.optional(
    z.strictObject({
      /** What this nyah does not ask yet is not dropped in silence. */
      alertmanager: z.optional(z.never('this nyah does not ask Alertmanager yet: take it out')),
      prometheus: z.optional(
        z
          .string()
          .check(
            z.regex(
              /^https?:\/\/[^\s/?#@]+(\/[^\s?#@]*)?$/,
              'must be a URL like http://prometheus:9090, no user in it',
            ),
          ),
      ),
    }),
  ),
})

export const configFile = z.strictObject({
  currentContext: z.optional(text),
  contexts: z.record(z.string(), context),
})

export type NetworkConfig = z.infer<typeof network>
export type ContextConfig = z.infer<typeof context>
export type ConfigFile = z.infer<typeof configFile>
