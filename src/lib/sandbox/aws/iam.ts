import type { Actions, Call } from './action.ts'
import { fault } from './fault.ts'
import { type Context, judged } from './iam-policy.ts'
import { elbArn } from './ids.ts'
import type { Params } from './query.ts'
import { list, required, requiredTexts, structs, text, texts } from './query.ts'
import type { AwsState, Tags } from './state.ts'
import { own } from './state.ts'
import { callerOf } from './sts.ts'

const ACTION = /^[A-Za-z0-9-]+:[A-Za-z0-9*]+$/

const roles = (state: AwsState): readonly string[] => [
  ...new Set(Object.values(state.sessions).map(({ roleArn }) => roleArn)),
]

const nobody = (what: string) => fault('NoSuchEntity', `${what} cannot be found.`, 404)

/** The sandbox has one user, and the roles that somebody took. */
function checkPrincipal(state: AwsState, arn: string): void {
  if (!/^arn:aws:iam::\d{12}:(user|role|group)\/.+$/.test(arn))
    throw fault('InvalidInput', `Invalid Entity Arn: ${arn}`)
  if (arn === `arn:aws:iam::${state.accountId}:user/sandbox` || roles(state).includes(arn)) return
  throw nobody(`The entity with ARN ${arn}`)
}

/** API_ContextEntry. */
const contextOf = (params: Params): Context =>
  Object.fromEntries(
    (structs(params, 'ContextEntries') ?? []).map((entry) => {
      const values = texts(entry, 'ContextKeyValues') ?? []
      return [
        required(entry, 'ContextKeyName'),
        text(entry, 'ContextKeyType') === 'stringList' ? values : (values[0] ?? ''),
      ]
    }),
  )

export const iamActions: Actions = {
  // API_SimulatePrincipalPolicy: one result per action. Of several resources the sandbox takes one.
  SimulatePrincipalPolicy({ state, params }) {
    checkPrincipal(state, required(params, 'PolicySourceArn'))
    const actions = requiredTexts(params, 'ActionNames')
    const strange = actions.find((action) => !ACTION.test(action))
    if (strange !== undefined) throw fault('InvalidInput', `Invalid action: ${strange}`)
    const resources = texts(params, 'ResourceArns') ?? ['*']
    const [resource = '*', ...more] = resources
    if (more.length > 0) throw fault('InvalidInput', 'Simulations of several resources are not built in the sandbox')
    const context = contextOf(params)
    const EvaluationResults = actions.map((action) => {
      const { decision, missing } = judged(state.policy, action, resource, context)
      return {
        EvalActionName: action,
        EvalResourceName: resource,
        EvalDecision: decision,
        MatchedStatements: [],
        MissingContextValues: missing,
      }
    })
    return { state, result: { IsTruncated: false, EvaluationResults } }
  },

  // API_GetRole: by name, without its path.
  GetRole({ state, params }) {
    const name = required(params, 'RoleName')
    const arn = roles(state).find((role) => role.endsWith(`/${name}`))
    if (arn === undefined) throw nobody(`The role with name ${name}`)
    const path = arn.split(':role')[1]?.slice(0, -name.length) ?? '/'
    return {
      state,
      result: {
        Role: { Path: path, RoleName: name, Arn: arn, RoleId: 'AROASANDBOX', CreateDate: '2026-01-01T00:00:00Z' },
      },
    }
  },
}

const ARNS = ['TargetGroupArn', 'ListenerArn', 'LoadBalancerArn'] as const

/** What a request acts on, and the tags that policies may ask about. Of what has no ARN it is `*`. */
function subjectsOf(state: AwsState, params: Params): readonly { readonly resource: string; readonly context: Tags }[] {
  const single = ARNS.flatMap((name) => {
    const arn = params.get(name)
    return typeof arn === 'string' ? [arn] : []
  })
  const arns = params.has('ResourceArns') ? (texts(params, 'ResourceArns') ?? []) : single.slice(0, 1)
  const group = params.get('GroupId')
  const ids = typeof group === 'string' ? [group] : []
  const requested = Object.fromEntries(
    (list(params, 'Tags') ?? []).flatMap((item) =>
      typeof item === 'string' ? [] : [[`aws:RequestTag/${text(item, 'Key') ?? ''}`, text(item, 'Value') ?? '']],
    ),
  )
  const tagged = (tags: Tags): Tags =>
    Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:ResourceTag/${key}`, value]))
  const known = [
    ...arns.map((arn) => ({
      resource: arn,
      tags: (own(state.targetGroups, arn) ?? own(state.listeners, arn) ?? own(state.loadBalancers, arn))?.tags ?? {},
    })),
    ...ids.map((id) => ({
      resource: `arn:aws:ec2:${state.region}:${state.accountId}:security-group/${id}`,
      tags: own(state.ec2Tags, id) ?? {},
    })),
  ]
  if (known.length === 0) return [{ resource: madeOf(state, params), context: requested }]
  return known.map(({ resource, tags }) => ({ resource, context: { ...requested, ...tagged(tags) } }))
}

/** Service Authorization Reference, "ELB v2": creates are judged by the name that the new thing will have. */
function madeOf({ region, accountId }: AwsState, params: Params): string {
  const [action, name] = [text(params, 'Action'), text(params, 'Name')]
  const kind =
    action === 'CreateLoadBalancer' ? 'loadbalancer/net' : action === 'CreateTargetGroup' ? 'targetgroup' : null
  return kind === null || name === undefined ? '*' : elbArn(region, accountId, `${kind}/${name}/*`)
}

/** Throws AccessDenied (EC2: UnauthorizedOperation) for what the account's policy does not allow. */
export function authorize({ state, params, credential }: Omit<Call, 'now'>, scope: string, name: string): void {
  // API_GetCallerIdentity: "No permissions are required to perform this operation."
  if (state.policy === null || name === 'GetCallerIdentity') return
  const action = `${scope}:${name}`
  for (const { resource, context } of subjectsOf(state, params)) {
    // Describe actions know no resources.
    const on = /^(Describe|Simulate|List|Get)/.test(name) ? '*' : resource
    if (judged(state.policy, action, on, context).decision === 'allowed') continue
    const { arn } = callerOf(state, credential.accessKeyId)
    const message = `User: ${arn} is not authorized to perform: ${action} on resource: ${on} because no identity-based policy allows the ${action} action`
    throw scope === 'ec2'
      ? fault('UnauthorizedOperation', `You are not authorized to perform this operation. ${message}`, 403)
      : fault('AccessDenied', message, 403)
  }
}
