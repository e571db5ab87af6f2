import type { ContextEntry, EvaluationResult } from '@aws-sdk/client-iam'
import { EXIT, isNyahError, nyahError } from '../../core/errors.ts'
import type { MirrorsIdentity } from '../../ports/mirrors.ts'
import type { ActedOn, Permissions, Simulation } from '../../ports/permissions.ts'
import { chunks } from './bounded.ts'
import { need } from './decode.ts'
import { guarded } from './door.ts'
import * as sdk from './iam.sdk.ts'
import { createPace, IAM_RATES } from './pace.ts'
import { everyPage } from './pages.ts'
import { conditionName } from './route53-names.ts'
import type { AwsDeps } from './session.ts'
import { createWire, unlessGone } from './wire.ts'

/** IAM says nowhere how many it takes; the answer of so many is one page. */
const ACTIONS_PER_CALL = 50

type Decision = Simulation['decisions'][string]

/** What a policy may ask about what nyah acts on: all that it makes carries this tag, from its first moment on. */
const CONTEXT = ['aws:ResourceTag/nyah:managed', 'aws:RequestTag/nyah:managed'].map((ContextKeyName) => ({
  ContextKeyName,
  ContextKeyType: 'string' as const,
  ContextKeyValues: ['true'],
}))

/** The names of more records than these tell IAM nothing new. */
const NAMES_TOLD = 100

/**
 * What a policy may ask about a change of records. nyah creates and deletes, and never has Route 53 overwrite.
 *
 * @see https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html
 */
const batchContext = ({ names, types }: NonNullable<ActedOn['batch']>): ContextEntry[] =>
  Object.entries({
    Actions: ['CREATE', 'DELETE'],
    RecordTypes: types,
    NormalizedRecordNames: names.slice(0, NAMES_TOLD).map(conditionName),
  })
    .filter(([, values]) => values.length > 0)
    .map(([key, values]) => ({
      ContextKeyName: `route53:ChangeResourceRecordSets${key}`,
      ContextKeyType: 'stringList' as const,
      ContextKeyValues: [...values],
    }))

/** One thing, or anything. */
type On = ActedOn | null

/**
 * Asks IAM's policy simulator for whoever these credentials are. First for all resources; what is denied then may still be
 * allowed on what nyah makes (a policy narrowed to its names or tags), so it is asked again for a thing of that kind.
 */
export function createPermissions({ session, clock, retry }: AwsDeps): Permissions {
  const client = guarded(new sdk.IAMClient(session.clientConfig('IAM')))
  const wire = createWire('iam', createPace(clock, IAM_RATES), retry)

  const evaluate = (source: string, actions: readonly string[], on: On, signal?: AbortSignal) =>
    everyPage('SimulatePrincipalPolicy', async (Marker) => {
      const input = {
        PolicySourceArn: source,
        ActionNames: [...actions],
        ContextEntries: [...CONTEXT, ...(on?.batch === undefined ? [] : batchContext(on.batch))],
        ...(on === null ? {} : { ResourceArns: [on.resource] }),
        ...(Marker === undefined ? {} : { Marker }),
      }
      const page = await wire.read(
        'SimulatePrincipalPolicy',
        (o) => client.send(new sdk.SimulatePrincipalPolicyCommand(input), o),
        signal,
      )
      return { items: page.EvaluationResults ?? [], next: page.IsTruncated === true ? page.Marker : undefined }
    })

  const evaluateAll = async (
    source: string,
    actions: readonly string[],
    on: On,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, Decision>> => {
    const answers: EvaluationResult[] = []
    for (const some of chunks(actions, ACTIONS_PER_CALL)) answers.push(...(await evaluate(source, some, on, signal)))
    return new Map(answers.map((one) => [one.EvalActionName ?? '', decisionOf(one)]))
  }

  /** A role with a path: its sessions do not show the path, so IAM has to be asked for it. */
  const withPath = async (source: string, signal?: AbortSignal): Promise<string> => {
    const RoleName = source.split('/').at(-1) ?? ''
    const answer = await wire.read('GetRole', (o) => client.send(new sdk.GetRoleCommand({ RoleName }), o), signal)
    return need(answer.Role?.Arn, 'Role.Arn')
  }

  const decide = async (
    identity: MirrorsIdentity,
    actions: readonly string[],
    on: On,
    signal?: AbortSignal,
  ): Promise<Map<string, Decision>> => {
    const asked = sourceOf(identity)
    const first = await unlessGone(evaluateAll(asked, actions, on, signal), null)
    const source = first === null ? await withPath(asked, signal) : asked
    const decisions = new Map(first ?? (await evaluateAll(source, actions, on, signal)))
    const denied = on === null ? actions.filter((action) => decisions.get(action) === 'denied') : []
    for (const resource of new Set(denied.map((action) => exampleOf(action, identity)))) {
      if (resource === null) continue
      const some = denied.filter((action) => exampleOf(action, identity) === resource)
      for (const [action, decision] of await evaluateAll(source, some, { resource }, signal))
        decisions.set(action, decision)
    }
    return decisions
  }

  return {
    async simulate(actions, signal, on) {
      const unique = [...new Set(actions)]
      const all = (decisions: ReadonlyMap<string, Decision>) =>
        Object.fromEntries(unique.map((action) => [action, decisions.get(action) ?? 'unknown'] as const))
      try {
        const identity = await retry('sts:GetCallerIdentity', () => session.identity(signal), signal)
        const decisions =
          unique.length === 0 ? new Map<string, Decision>() : await decide(identity, unique, on ?? null, signal)
        const open = unique.filter((action) => (decisions.get(action) ?? 'unknown') === 'unknown')
        return {
          decisions: all(decisions),
          why: open.length === 0 ? null : `IAM's simulator does not say enough of ${open.join(', ')}`,
        }
      } catch (error) {
        signal?.throwIfAborted()
        if (!isNyahError(error)) throw error
        return { decisions: all(new Map()), why: whyOf(error) }
      }
    },
  }
}

const whyOf = (error: { code: string; message: string; details: Readonly<Record<string, unknown>> }): string => {
  const { awsCode } = error.details
  return `${typeof awsCode === 'string' ? awsCode : error.code}: ${error.message}`
}

const decisionOf = ({ EvalDecision, MissingContextValues = [] }: EvaluationResult): Decision => {
  if (EvalDecision === 'allowed') return 'allowed'
  if (EvalDecision === 'explicitDeny') return 'denied'
  // Not allowed for want of something only the real call carries (an address, a time, MFA): that is no answer.
  if (EvalDecision === 'implicitDeny') return MissingContextValues.length > 0 ? 'unknown' : 'denied'
  return 'unknown'
}

/** The user or role whose policies count. Throws AWS_UNKNOWN_PRINCIPAL for those that have none: root, federated users. */
function sourceOf({ arn, account }: MirrorsIdentity): string {
  const [, partition = 'aws', service = '', resource = ''] = /^arn:([a-z-]+):(iam|sts)::\d{12}:(.+)$/.exec(arn) ?? []
  if (service === 'iam' && resource.startsWith('user/')) return arn
  const role = service === 'sts' ? /^assumed-role\/([^/]+)\//.exec(resource)?.[1] : undefined
  if (role !== undefined) return `arn:${partition}:iam::${account}:role/${role}`
  throw nyahError({
    code: 'AWS_UNKNOWN_PRINCIPAL',
    message: `IAM's simulator knows users and roles only, and these credentials are ${arn}`,
    exit: EXIT.configuration,
    tries: ['use the credentials of an IAM user or role: aws sts get-caller-identity'],
  })
}

/** A thing of nyah's that an action would act on; null: an action that knows no resources. */
export function exampleOf(
  action: string,
  { arn, account, region }: Pick<MirrorsIdentity, 'arn' | 'account' | 'region'>,
) {
  const partition = /^arn:([a-z-]+):/.exec(arn)?.[1] ?? 'aws'
  const [service, name = ''] = action.split(':')
  const elb = `arn:${partition}:elasticloadbalancing:${region}:${account}`
  const [hash, id] = ['00000000', '0000000000000000']
  if (action === 'route53:GetChange') return `arn:${partition}:route53:::change/C${id}`
  if (/^(Describe|List|Get)/.test(name)) return null
  if (/^route53:(Update|Delete)HealthCheck$|^route53:ChangeTagsForResource$/.test(action))
    return `arn:${partition}:route53:::healthcheck/${hash}-0000-4000-8000-000000000000`
  if (service === 'ec2') return `arn:${partition}:ec2:${region}:${account}:security-group/sg-0${id}`
  if (service !== 'elasticloadbalancing') return null
  if (/Target|Tags$/.test(name)) return `${elb}:targetgroup/nyah-${hash}-80/${id}`
  if (/Listener/.test(name) && name !== 'CreateListener') return `${elb}:listener/net/nyah-${hash}/${id}/${id}`
  return `${elb}:loadbalancer/net/nyah-${hash}/${id}`
}
