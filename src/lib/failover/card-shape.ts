import * as z from 'zod/mini'
import type { JsonObject } from '../core/json.ts'
import type { Card } from './card.ts'

/** A card comes from a file, perhaps from somebody else's machine: nothing is taken for granted. */

const name = z.string().check(z.regex(/^[^\s\p{Cc}]{1,255}$/u))
const moment = z.iso.datetime()
const zone = z.strictObject({ id: name, name, private: z.boolean() })
const weight = z.nullable(z.int().check(z.minimum(0), z.maximum(255)))

const record = z.strictObject({
  name,
  type: name,
  setIdentifier: z.nullable(z.string()),
  weight,
  ttl: z.nullable(z.int()),
  values: z.array(z.string()),
  alias: z.nullable(z.strictObject({ zoneId: name, dnsName: name, evaluateTargetHealth: z.boolean() })),
  healthCheckId: z.nullable(z.string()),
  otherRouting: z.nullable(z.string()),
})

const check = z.strictObject({
  id: name,
  version: z.int(),
  otherType: z.nullable(z.string()),
  disabled: z.boolean(),
  type: z.enum(['HTTP', 'HTTPS', 'HTTP_STR_MATCH', 'HTTPS_STR_MATCH', 'TCP', 'CALCULATED', 'OTHER']),
  address: z.nullable(z.string()),
  port: z.nullable(z.int()),
  host: z.nullable(z.string()),
  path: z.nullable(z.string()),
  search: z.nullable(z.string()),
  intervalSeconds: z.int(),
  failureThreshold: z.int(),
  inverted: z.boolean(),
  children: z.array(z.string()),
  threshold: z.nullable(z.int()),
  tags: z.record(z.string(), z.string()),
})

const entrance = z.strictObject({
  octaviaId: z.nullable(z.string()),
  name,
  dnsName: name,
  zoneId: name,
  ipAddressType: z.enum(['ipv4', 'dualstack']),
  scheme: z.enum(['internet-facing', 'internal']),
  tags: z.optional(z.record(z.string(), z.string())),
})

const card = z.strictObject({
  at: moment,
  context: z.string(),
  account: z.string(),
  covers: z.enum(['all', 'fewer', 'some']),
  names: z.array(
    z.strictObject({
      name,
      at: moment,
      zone,
      records: z.array(record),
      protections: z.nullable(z.array(z.strictObject({ name, type: name }))),
    }),
  ),
  checks: z.record(z.string(), check),
  entrances: z.record(z.string(), entrance),
})

/** The card in a sealed file, or why it is none. Pure. */
export function cardIn(data: JsonObject): Card | { readonly why: string } {
  const parsed = card.safeParse(data)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  return { why: `${issue?.path.map(String).join('.') || 'it'}: ${issue?.message ?? 'it has no card’s shape'}` }
}
