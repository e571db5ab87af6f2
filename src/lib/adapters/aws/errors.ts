import { EXIT, type ExitCode, isNyahError, nyahError, type NyahError } from '../../core/errors.ts'

/** The call that failed, as IAM names it: `elasticloadbalancing` + `CreateListener`. */
export interface AwsCall {
  readonly service: 'elasticloadbalancing' | 'ec2' | 'sts' | 'iam' | 'route53' | 's3' | 'cloudwatch'
  readonly operation: string
  /** Could it have changed something? Then no answer means "unknown". */
  readonly writes: boolean
}

interface Verdict {
  readonly code: string
  readonly exit: ExitCode
  readonly retryable?: boolean
  /** The remote's text is left out: for these it may quote signed headers. */
  readonly silent?: boolean
  readonly tries: readonly string[]
}

/** The quota behind an error, in the words of Service Quotas. */
const QUOTAS: Readonly<Record<string, string>> = {
  TooManyLoadBalancers: 'Network Load Balancers per Region',
  TooManyTargetGroups: 'Target Groups per Region',
  TooManyListeners: 'Listeners per Network Load Balancer (50, not adjustable)',
  TooManyTargets: 'Targets per Target Group per Region, Targets per Network Load Balancer, or per Availability Zone',
  TooManyRegistrationsForTargetId: 'Number of times a target can be registered per Load Balancer',
  TooManyUniqueTargetGroupsPerLoadBalancer: 'Target Groups per Load Balancer',
  TargetGroupAssociationLimit: 'Load Balancers per Target Group (1, not adjustable)',
  TooManyCertificates: 'Certificates per Network Load Balancer (25)',
  TooManyTags: 'Tags per resource (50, not adjustable)',
  SecurityGroupLimitExceeded: 'VPC security groups per Region',
  RulesPerSecurityGroupLimitExceeded: 'Inbound or outbound rules per security group',
  SecurityGroupsPerInterfaceLimitExceeded: 'Security groups per network interface',
}

const again = ['run the same command again in a minute: nothing is done twice']

const REFUSED = 'AWS_CREDENTIALS_REFUSED'

const CLOCK: Verdict = {
  code: 'AWS_CLOCK',
  exit: EXIT.configuration,
  retryable: true,
  silent: true,
  tries: ["set this machine's clock (timedatectl)"],
}

const RULES: readonly (readonly [RegExp, Verdict])[] = [
  [
    /^(Throttling|Throttled|RequestThrottled|EC2Throttled|RequestLimitExceeded|BandwidthLimitExceeded|TooManyRequests|SlowDown)$/,
    { code: 'AWS_THROTTLED', exit: EXIT.remote, retryable: true, tries: again },
  ],
  [/^(RequestTimeTooSkewed|RequestInTheFuture)$/, CLOCK],
  [
    /^(InvalidClientTokenId|UnrecognizedClient|AuthFailure|SignatureDoesNotMatch|IncompleteSignature|InvalidSignature|ExpiredToken|RequestExpired|MissingAuthenticationToken|InvalidAccessKeyId|InvalidToken|PendingVerification|OptInRequired|Blocked)$/,
    {
      code: REFUSED,
      exit: EXIT.configuration,
      silent: true,
      tries: [
        'aws sts get-caller-identity',
        'log in again (aws sso login) or correct the keys',
        "check this machine's clock and the Region",
      ],
    },
  ],
  [
    /^(AccessDenied|UnauthorizedOperation|Unauthorized|AuthorizationError|NotAuthorized)$/,
    { code: 'AWS_ACCESS_DENIED', exit: EXIT.remote, tries: [] },
  ],
  [
    /^(ResourceInUse|DependencyViolation)$|InUse$/,
    { code: 'AWS_IN_USE', exit: EXIT.remote, retryable: true, tries: again },
  ],
  [
    /^Duplicate(LoadBalancerName|TargetGroupName|Listener)$|^InvalidGroup\.Duplicate$/,
    { code: 'AWS_NAME_TAKEN', exit: EXIT.refused, tries: ['delete or rename what has the name, if nobody needs it'] },
  ],
  [
    /^(CertificateNotFound|UnsupportedCertificate)$/,
    {
      code: 'AWS_CERTIFICATE',
      exit: EXIT.remote,
      tries: [
        "aws acm list-certificates, in the mirror's Region",
        'correct the certificates of the context in the configuration: nyah config explain',
      ],
    },
  ],
  [
    /NotFound$|^NoSuch/,
    {
      code: 'AWS_NOT_FOUND',
      exit: EXIT.remote,
      tries: ['nyah lb diff UUID', 'check the ids under aws and networks in the configuration: nyah config explain'],
    },
  ],
  [/^TooMany|LimitExceeded$|AssociationLimit$/, { code: 'AWS_LIMIT', exit: EXIT.remote, tries: [] }],
  [
    /^OperationNotPermitted$/,
    {
      code: 'AWS_NOT_PERMITTED',
      exit: EXIT.remote,
      tries: ['look at the load balancer in AWS: deletion protection, or a service that manages it'],
    },
  ],
  [
    /^(InternalFailure|InternalError|InternalServerError|ServiceUnavailable|Unavailable|RequestTimeout|ServerInternal|InternalServiceError)$/,
    { code: 'AWS_UNAVAILABLE', exit: EXIT.remote, retryable: true, tries: again },
  ],
]

/** Never reached AWS: nothing was lost. */
const NOT_SENT = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$/
const NETWORK =
  /^(ECONNRESET|EPIPE|ETIMEDOUT|ECONNABORTED|ESOCKETTIMEDOUT|ERR_SOCKET_CLOSED|ERR_STREAM_PREMATURE_CLOSE)$/
const TLS = /^(ERR_TLS_|CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_)/

/** The fields of an SDK error that are looked at. Nothing else of it leaves this file. */
interface Remote {
  readonly name?: unknown
  readonly message?: unknown
  /** InvalidChangeBatch says here, one by one, what is wrong with its records. */
  readonly messages?: unknown
  /** The same, where the answer is a bare `<InvalidChangeBatch>`: the SDK finds no code in it, and keeps its fields. */
  readonly Messages?: { readonly Message?: unknown }
  readonly code?: unknown
  readonly $metadata?: {
    readonly httpStatusCode?: number
    readonly requestId?: string
    /** The SDK has learnt the right time from this answer, and signs the next request with it. */
    readonly clockSkewCorrected?: boolean
  }
  readonly $response?: { readonly statusCode?: number }
}

/** @see https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html, Errors */
const nameOf = ({ name, Messages }: Remote): string =>
  name === 'Unknown' && Messages?.Message !== undefined
    ? 'InvalidChangeBatch'
    : (typeof name === 'string' ? name : 'Error').replace(/Exception$/, '')

/** So many of a batch's messages are told: its records are refused for few reasons. */
const MESSAGES_TOLD = 8

function wordsOf({ message, messages, Messages }: Remote): string {
  const given = messages ?? Messages?.Message ?? []
  const all: readonly unknown[] = Array.isArray(given) ? given : [given]
  const told = all.slice(0, MESSAGES_TOLD).map(clean)
  if (told.length === 0) return clean(message)
  return [...told, ...(all.length > told.length ? [`and ${all.length - told.length} more`] : [])].join('; ')
}

const clean = (text: unknown): string =>
  // EC2 appends some kilobytes that only an administrator can decode.
  String(text)
    .replace(/\s*Encoded authorization failure message:.*/s, '')
    // The SDK's words for programmers, which it appends to whatever was thrown while it read an answer.
    .replace(/\s*Deserialization error: to see the raw response.*/s, '')
    .replace(/^(?:Error: )?@aws-sdk XML parse error: .*/s, 'its answer is not one of AWS (a proxy, or another server?)')
    .slice(0, 500)

/**
 * Any error of an SDK call as nyah's. Names are matched with and without `Exception`; throttling, 5xx and network
 * failures are retryable; `lostAnswer` is set where a write may have happened all the same. Headers, credentials and
 * whole SDK objects never pass.
 */
export function awsError(error: unknown, call: AwsCall): NyahError {
  if (isNyahError(error)) {
    error.message = clean(error.message)
    return error
  }
  const remote = (typeof error === 'object' && error !== null ? error : {}) as Remote
  const what = `${call.service}:${call.operation}`
  const status = remote.$metadata?.httpStatusCode ?? remote.$response?.statusCode
  const requestId = remote.$metadata?.requestId
  const name = nameOf(remote)
  const details = {
    operation: what,
    awsCode: name,
    ...(status === undefined ? {} : { status }),
    ...(requestId === undefined ? {} : { requestId }),
  }
  if (status === undefined || (status < 300 && name !== 'Unknown')) return withoutAnswer(remote, call, details)

  const rule = RULES.find(([pattern]) => pattern.test(name))?.[1] ?? byStatus(status)
  // A signature is refused for its age too; then only this machine's clock was wrong.
  const verdict = rule.code === REFUSED && remote.$metadata?.clockSkewCorrected === true ? CLOCK : rule
  const said = verdict.silent === true ? '' : `: ${wordsOf(remote)}`
  const base = {
    ...verdict,
    retryable: verdict.retryable ?? false,
    lostAnswer: call.writes && status >= 500 && verdict.code !== 'AWS_THROTTLED',
    details,
  }
  if (verdict.code === 'AWS_ACCESS_DENIED') {
    const action = /not authorized to perform:? ([a-z0-9-]+:[A-Za-z]+)/.exec(clean(remote.message))?.[1] ?? what
    return nyahError({
      ...base,
      message: `${what} was denied: the credentials lack the IAM action ${action}${said}`,
      tries: [`allow ${action} (docs/aws.md lists the actions of each command), then run the command again`],
      details: { ...details, action },
    })
  }
  if (name === 'OperationNotPermitted' && call.operation === 'DeleteLoadBalancer') {
    const arn = /arn:aws[a-z0-9:-]+:loadbalancer\/[A-Za-z0-9/-]+/.exec(clean(remote.message))?.[0] ?? 'ARN'
    return nyahError({
      ...base,
      code: 'AWS_DELETION_PROTECTED',
      message: `${what} was refused: the load balancer is protected from deletion${said}`,
      tries: [
        `aws elbv2 modify-load-balancer-attributes --load-balancer-arn ${arn} --attributes Key=deletion_protection.enabled,Value=false`,
        'then run the same command again',
      ],
    })
  }
  if (verdict.code === 'AWS_LIMIT') {
    const quota = QUOTAS[name] ?? name
    return nyahError({
      ...base,
      message: `${what} hit a quota: ${quota} (${name}${said})`,
      tries: [`ask AWS for more of "${quota}" (aws service-quotas), or delete what is not needed`],
      details: { ...details, quota },
    })
  }
  return nyahError({ ...base, message: `${what} failed: ${name}${said}` })
}

function byStatus(status: number): Verdict {
  if (status === 429) return { code: 'AWS_THROTTLED', exit: EXIT.remote, retryable: true, tries: again }
  if (status >= 500) return { code: 'AWS_UNAVAILABLE', exit: EXIT.remote, retryable: true, tries: again }
  if (status >= 300 && status < 400) {
    return {
      code: 'AWS_UNEXPECTED_ANSWER',
      exit: EXIT.remote,
      tries: ['check aws.endpointUrl: it answers with a redirect, and redirects are off'],
    }
  }
  return {
    code: 'AWS_INVALID',
    exit: EXIT.remote,
    tries: ['correct what AWS names (nyah config explain shows the configuration), then run the command again'],
  }
}

/** No answer, or none that the SDK could read. */
function withoutAnswer(remote: Remote, call: AwsCall, details: Readonly<Record<string, string | number>>): NyahError {
  const code = typeof remote.code === 'string' ? remote.code : ''
  const text = clean(remote.message)
  const what = `${call.service}:${call.operation}`
  const connecting = /without establishing a connection|socket connection.*timed out/i.test(text)
  if (NOT_SENT.test(code) || NETWORK.test(code) || remote.name === 'TimeoutError') {
    const why = code === '' ? 'no answer in time' : code
    return nyahError({
      code: 'AWS_UNREACHABLE',
      message: `${what} got no answer: ${why}`,
      exit: EXIT.remote,
      tries: ['check the network, the Region (is it spelt right?) and aws.endpointUrl: nyah doctor', ...again],
      retryable: true,
      lostAnswer: call.writes && !NOT_SENT.test(code) && !connecting,
      details: { ...details, cause: why },
    })
  }
  if (TLS.test(code)) {
    return nyahError({
      code: 'AWS_TLS',
      message: `${what} was not sent: the endpoint's certificate was refused (${code})`,
      exit: EXIT.configuration,
      tries: ['NODE_EXTRA_CA_CERTS=/path/to/ca.pem nyah doctor'],
      details,
    })
  }
  return nyahError({
    code: 'AWS_UNEXPECTED_ANSWER',
    message: `${what}: the answer could not be read (${nameOf(remote)})`,
    exit: EXIT.remote,
    tries: ['check that aws.endpointUrl names an AWS API: nyah doctor'],
    lostAnswer: call.writes,
    details,
  })
}
