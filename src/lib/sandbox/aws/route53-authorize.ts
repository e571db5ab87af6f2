import { fault } from './fault.ts'
import { type Context, judged } from './iam-policy.ts'
import { storedName } from './route53-state.ts'
import type { AwsState } from './state.ts'
import type { Element } from './xml-read.ts'
import { childOf, textOf } from './xml-read.ts'

/** What IAM judges of a request to Route 53 (Service Authorization Reference, "Amazon Route 53"). */
export interface Authorized {
  /** Of IAM: `ChangeResourceRecordSets`. */
  readonly action: string
  /** What it acts on; absent: it knows no resources. */
  readonly resource?: 'hostedzone' | 'healthcheck' | 'change' | 'tagged'
}

/**
 * "Using IAM policy conditions for fine-grained access control" page: names in lower case without the trailing dot, what is
 * no letter, digit, `-`, `_` or `.` as an octal escape.
 */
function batchContext(sent: Element): Context {
  const batch = childOf(sent, 'ChangeBatch')
  const changes = (batch === undefined ? undefined : childOf(batch, 'Changes'))?.children ?? []
  const sets = changes.flatMap((change) => childOf(change, 'ResourceRecordSet') ?? [])
  const some = (values: readonly (string | undefined)[]): readonly string[] => [
    ...new Set(values.flatMap((value) => value ?? [])),
  ]
  return {
    'route53:ChangeResourceRecordSetsActions': some(changes.map((change) => textOf(change, 'Action'))),
    'route53:ChangeResourceRecordSetsRecordTypes': some(sets.map((set) => textOf(set, 'Type'))),
    'route53:ChangeResourceRecordSetsNormalizedRecordNames': some(
      sets.map((set) => storedName(textOf(set, 'Name') ?? '').replace(/\.$/, '')),
    ),
  }
}

/**
 * Throws AccessDenied for what the account's policy does not allow.
 *
 * @param ids what the path names
 */
export function authorizeNames(
  { policy }: AwsState,
  { action, resource }: Authorized,
  ids: readonly string[],
  sent: () => Element,
): void {
  if (policy === null) return
  const [kind, id] = resource === 'tagged' ? ids : [resource, ids[0]]
  const on = kind === undefined ? '*' : `arn:aws:route53:::${kind}/${id}`
  const context = action === 'ChangeResourceRecordSets' ? batchContext(sent()) : {}
  if (judged(policy, `route53:${action}`, on, context).decision === 'allowed') return
  throw fault('AccessDenied', `User is not authorized to perform: route53:${action} on resource: ${on}`, 403)
}
