/**
 * ELBv2, EC2, STS, IAM's simulator and parts of Route 53 and CloudWatch of one AWS account in one Region, as strict as they are documented: what AWS refuses is refused
 * here, with the same code. Comments beside the rules name their page of the AWS documentation (`API_…` pages are the
 * API references) or the project's facts about NLB.
 */
import type { Service, Surroundings, WireRequest, WireResponse } from '../service.ts'
import type { Actions } from './action.ts'
import { groupActions } from './ec2-groups.ts'
import { networkActions } from './ec2-network.ts'
import { tagActions as ec2TagActions } from './ec2-tags.ts'
import { attributeActions } from './elbv2-attributes.ts'
import { certificateActions } from './elbv2-certificates.ts'
import { healthActions, noticed } from './elbv2-health.ts'
import { limitActions } from './elbv2-limits.ts'
import { listenerActions } from './elbv2-listeners.ts'
import { loadBalancerActions } from './elbv2-loadbalancers.ts'
import { tagActions } from './elbv2-tags.ts'
import { targetGroupActions } from './elbv2-targetgroups.ts'
import { targetActions } from './elbv2-targets.ts'
import { answerOfCloudWatch, cloudWatch, isCloudWatch } from './cloudwatch.ts'
import type { AwsFault } from './fault.ts'
import { fault, isFault } from './fault.ts'
import { authorize, iamActions } from './iam.ts'
import { requestId } from './ids.ts'
import { decodeParams, text } from './query.ts'
import { refusal53, route53 } from './route53.ts'
import type { Credential } from './signature.ts'
import { credentialOf } from './signature.ts'
import type { AwsState } from './state.ts'
import { checkSession, stsActions } from './sts.ts'
import type { XmlObject } from './xml.ts'
import { toXml } from './xml.ts'

export type { AwsState, AwsWorld } from './state.ts'
export { initialAws } from './state.ts'

interface Protocol {
  /** In the credential's scope. */
  readonly scope: string
  readonly version: string
  readonly namespace: string
  readonly style: 'query' | 'ec2'
  readonly actions: Actions
}

const ELBV2: Protocol = {
  scope: 'elasticloadbalancing',
  version: '2015-12-01',
  namespace: 'http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/',
  style: 'query',
  actions: {
    ...loadBalancerActions,
    ...targetGroupActions,
    ...targetActions,
    ...healthActions,
    ...listenerActions,
    ...certificateActions,
    ...attributeActions,
    ...tagActions,
    ...limitActions,
  },
}

const EC2: Protocol = {
  scope: 'ec2',
  version: '2016-11-15',
  namespace: 'http://ec2.amazonaws.com/doc/2016-11-15/',
  style: 'ec2',
  actions: { ...networkActions, ...groupActions, ...ec2TagActions },
}

const STS: Protocol = {
  scope: 'sts',
  version: '2011-06-15',
  namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
  style: 'query',
  actions: stsActions,
}

const IAM: Protocol = {
  scope: 'iam',
  version: '2010-05-08',
  namespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
  style: 'query',
  actions: iamActions,
}

const PROTOCOLS = [ELBV2, EC2, STS, IAM]

/** Global services, and STS's global endpoint: signed for us-east-1, at an endpoint of one's own for its Region. */
const GLOBAL: ReadonlySet<string> = new Set(['sts', 'iam', 'route53'])

/** Of an answer whose service is unknown, the version says in which shape the error has to be. */
const guess = (version: string | undefined): Protocol =>
  PROTOCOLS.find((protocol) => protocol.version === version) ?? ELBV2

// "Signature Version 4" troubleshooting page: a scope of another Region or service is SignatureDoesNotMatch.
function checkScope({ service, region }: Credential, state: AwsState): void {
  // Alarms are of the Region that is asked, as each Region has some of its own.
  if (service === 'monitoring') return
  if (service !== 'route53' && !PROTOCOLS.some(({ scope }) => scope === service)) {
    const message = `Credential should be scoped to correct service: the sandbox has elasticloadbalancing, ec2, sts, iam, route53 and monitoring, not '${service}'`
    throw fault('SignatureDoesNotMatch', message, 403)
  }
  if (region !== state.region && !(GLOBAL.has(service) && region === 'us-east-1')) {
    throw fault(
      'SignatureDoesNotMatch',
      `Credential should be scoped to a valid region: the sandbox is '${state.region}', not '${region}'`,
      403,
    )
  }
}

function answer({ style, namespace }: Protocol, action: string, result: XmlObject, id: string): WireResponse {
  const ec2 = style === 'ec2'
  const content = ec2
    ? { requestId: id, ...result }
    : { [`${action}Result`]: result, ResponseMetadata: { RequestId: id } }
  return response(200, toXml(`${action}Response`, content, ec2 ? 'item' : 'member', ` xmlns="${namespace}"`), id)
}

function refusal({ style, namespace }: Protocol, error: Error & AwsFault, id: string): WireResponse {
  const { code, message, status } = error
  const body =
    style === 'ec2'
      ? toXml('Response', { Errors: { Error: { Code: code, Message: message } }, RequestID: id }, 'item')
      : toXml(
          'ErrorResponse',
          { Error: { Type: status < 500 ? 'Sender' : 'Receiver', Code: code, Message: message }, RequestId: id },
          'member',
          ` xmlns="${namespace}"`,
        )
  return response(status, body, id)
}

const response = (status: number, body: string, id: string): WireResponse => ({
  status,
  headers: { 'content-type': 'text/xml', 'x-amzn-requestid': id },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
})

/** The parameters stand in the body of a POST or in the query of a GET. */
const pairsOf = ({ method, query, body }: WireRequest): URLSearchParams =>
  method === 'GET' ? query : new URLSearchParams(body)

/** Route 53 speaks REST: the path says so, and the signature has to say so too. */
function atRoute53(state: AwsState, request: WireRequest, surroundings: Surroundings, id: string) {
  try {
    const credential = credentialOf(request.headers['authorization'])
    checkScope(credential, state)
    if (credential.service !== 'route53') {
      throw fault('SignatureDoesNotMatch', "Credential should be scoped to correct service: 'route53'", 403)
    }
    checkSession(state, credential.accessKeyId, surroundings.now)
  } catch (error) {
    if (!isFault(error)) throw error
    return { state, response: refusal53(error, id) }
  }
  return route53(state, request, surroundings, id)
}

/** CloudWatch speaks JSON: a header says so, and the signature has to say so too. */
function atCloudWatch(state: AwsState, request: WireRequest, { now }: Surroundings, id: string) {
  const ask = (): object => {
    const credential = credentialOf(request.headers['authorization'])
    if (credential.service !== 'monitoring')
      throw fault('SignatureDoesNotMatch', "Credential should be scoped to correct service: 'monitoring'", 403)
    checkSession(state, credential.accessKeyId, now)
    return cloudWatch(state, request, credential)
  }
  return { state, response: answerOfCloudWatch(ask, id) }
}

export const awsService: Service<AwsState> = (before, request, surroundings) => {
  const { now } = surroundings
  const state = noticed(before, surroundings)
  const id = requestId(`${now}/${state.serial}/${request.body}`)
  if (request.path.startsWith('/2013-04-01/')) return atRoute53(state, request, surroundings, id)
  if (isCloudWatch(request)) return atCloudWatch(state, request, surroundings, id)
  const pairs = pairsOf(request)
  let protocol = guess(pairs.get('Version') ?? undefined)
  try {
    const credential = credentialOf(request.headers['authorization'])
    checkScope(credential, state)
    protocol = PROTOCOLS.find(({ scope }) => scope === credential.service) ?? protocol
    checkSession(state, credential.accessKeyId, now)
    const params = decodeParams(pairs)
    const action = text(params, 'Action') ?? ''
    const version = text(params, 'Version') ?? ''
    // "Common errors" page: MissingAction, InvalidAction.
    if (action === '') throw fault('MissingAction', 'The request is missing an action or a required parameter')
    const run = Object.hasOwn(protocol.actions, action) ? protocol.actions[action] : undefined
    if (version !== protocol.version)
      throw fault('InvalidAction', `Could not find operation ${action} for version ${version}`)
    if (run === undefined)
      throw fault('InvalidAction', `The action ${action} is not built in the sandbox (${protocol.scope} ${version})`)
    authorize({ state, params, credential }, protocol.scope, action)
    const reply = run({ state, params, now, credential })
    // EC2 API reference, `DryRun`: everything is checked, nothing is done.
    if (protocol === EC2 && text(params, 'DryRun') === 'true') {
      throw fault('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412)
    }
    return { state: reply.state, response: answer(protocol, action, reply.result, id) }
  } catch (error) {
    if (!isFault(error)) throw error
    return { state, response: refusal(protocol, error, id) }
  }
}
