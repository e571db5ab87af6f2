import { describe, expect, it } from 'vitest'
import { type AwsCall, awsError } from '../../../src/lib/adapters/aws/errors.ts'
import { EXIT, nyahError } from '../../../src/lib/core/errors.ts'

const write: AwsCall = { service: 'elasticloadbalancing', operation: 'CreateListener', writes: true }
const read: AwsCall = { service: 'ec2', operation: 'DescribeSubnets', writes: false }

/** As the SDK throws it. */
const remote = (name: string, status = 400, message = 'remote text') =>
  Object.assign(new Error(message), {
    name,
    $fault: 'client',
    $metadata: { httpStatusCode: status, requestId: 'req-1', attempts: 1 },
    $response: { statusCode: status, headers: { authorization: 'AWS4-HMAC secret' } },
  })

describe('awsError', () => {
  it.each([
    ['Throttling', 400, 'AWS_THROTTLED', EXIT.remote, true, false],
    ['ThrottlingException', 400, 'AWS_THROTTLED', EXIT.remote, true, false],
    ['ThrottledException', 400, 'AWS_THROTTLED', EXIT.remote, true, false],
    ['RequestLimitExceeded', 503, 'AWS_THROTTLED', EXIT.remote, true, false],
    ['RequestThrottledException', 400, 'AWS_THROTTLED', EXIT.remote, true, false],
    ['TooManyRequestsException', 429, 'AWS_THROTTLED', EXIT.remote, true, false],
    ['SomethingElse', 429, 'AWS_THROTTLED', EXIT.remote, true, false],
    ['RequestTimeTooSkewed', 403, 'AWS_CLOCK', EXIT.configuration, true, false],
    ['InvalidClientTokenId', 403, 'AWS_CREDENTIALS_REFUSED', EXIT.configuration, false, false],
    ['SignatureDoesNotMatch', 403, 'AWS_CREDENTIALS_REFUSED', EXIT.configuration, false, false],
    ['ExpiredTokenException', 403, 'AWS_CREDENTIALS_REFUSED', EXIT.configuration, false, false],
    ['AuthFailure', 401, 'AWS_CREDENTIALS_REFUSED', EXIT.configuration, false, false],
    ['AccessDenied', 403, 'AWS_ACCESS_DENIED', EXIT.remote, false, false],
    ['AccessDeniedException', 403, 'AWS_ACCESS_DENIED', EXIT.remote, false, false],
    ['UnauthorizedOperation', 403, 'AWS_ACCESS_DENIED', EXIT.remote, false, false],
    ['ResourceInUse', 400, 'AWS_IN_USE', EXIT.remote, true, false],
    ['ResourceInUseException', 400, 'AWS_IN_USE', EXIT.remote, true, false],
    ['DependencyViolation', 400, 'AWS_IN_USE', EXIT.remote, true, false],
    ['InvalidGroup.InUse', 400, 'AWS_IN_USE', EXIT.remote, true, false],
    ['DuplicateLoadBalancerNameException', 400, 'AWS_NAME_TAKEN', EXIT.refused, false, false],
    ['DuplicateTargetGroupName', 400, 'AWS_NAME_TAKEN', EXIT.refused, false, false],
    ['DuplicateListenerException', 400, 'AWS_NAME_TAKEN', EXIT.refused, false, false],
    ['InvalidGroup.Duplicate', 400, 'AWS_NAME_TAKEN', EXIT.refused, false, false],
    ['TargetGroupNotFoundException', 400, 'AWS_NOT_FOUND', EXIT.remote, false, false],
    ['LoadBalancerNotFound', 400, 'AWS_NOT_FOUND', EXIT.remote, false, false],
    ['InvalidVpcID.NotFound', 400, 'AWS_NOT_FOUND', EXIT.remote, false, false],
    ['TooManyTargetsException', 400, 'AWS_LIMIT', EXIT.remote, false, false],
    ['RulesPerSecurityGroupLimitExceeded', 400, 'AWS_LIMIT', EXIT.remote, false, false],
    ['TargetGroupAssociationLimitException', 400, 'AWS_LIMIT', EXIT.remote, false, false],
    ['OperationNotPermittedException', 400, 'AWS_NOT_PERMITTED', EXIT.remote, false, false],
    ['CertificateNotFoundException', 400, 'AWS_CERTIFICATE', EXIT.remote, false, false],
    ['UnsupportedCertificate', 400, 'AWS_CERTIFICATE', EXIT.remote, false, false],
    ['SSLPolicyNotFoundException', 400, 'AWS_NOT_FOUND', EXIT.remote, false, false],
    ['TooManyCertificatesException', 400, 'AWS_LIMIT', EXIT.remote, false, false],
    ['NoSuchHostedZone', 404, 'AWS_NOT_FOUND', EXIT.remote, false, false],
    ['ValidationError', 400, 'AWS_INVALID', EXIT.remote, false, false],
    ['InvalidPermission.Duplicate', 400, 'AWS_INVALID', EXIT.remote, false, false],
    ['DuplicateTagKeysException', 400, 'AWS_INVALID', EXIT.remote, false, false],
    ['InvalidConfigurationRequestException', 400, 'AWS_INVALID', EXIT.remote, false, false],
    ['InternalFailure', 500, 'AWS_UNAVAILABLE', EXIT.remote, true, true],
    ['ServiceUnavailable', 503, 'AWS_UNAVAILABLE', EXIT.remote, true, true],
    ['Unknown', 502, 'AWS_UNAVAILABLE', EXIT.remote, true, true],
    ['Unknown', 301, 'AWS_UNEXPECTED_ANSWER', EXIT.remote, false, false],
    ['SyntaxError', 200, 'AWS_UNEXPECTED_ANSWER', EXIT.remote, false, true],
  ] as const)('%s (%i) is %s', (name, status, code, exit, retryable, lostAnswer) => {
    const error = awsError(remote(name, status), write)
    expect(error).toMatchObject({ code, exit, retryable, lostAnswer })
    expect(error.details).toMatchObject({
      operation: 'elasticloadbalancing:CreateListener',
      status,
      requestId: 'req-1',
    })
    expect(error.tries.length).toBeGreaterThan(0)
    expect(awsError(remote(name, status), read).lostAnswer).toBe(false)
  })

  it.each([
    ['ECONNREFUSED', false],
    ['ENOTFOUND', false],
    ['EAI_AGAIN', false],
    ['ECONNRESET', true],
    ['EPIPE', true],
    ['ETIMEDOUT', true],
  ])('%s: retryable; a write may have happened: %s', (code, lost) => {
    const error = () => Object.assign(new Error('socket'), { code })
    expect(awsError(error(), write)).toMatchObject({ code: 'AWS_UNREACHABLE', retryable: true, lostAnswer: lost })
    expect(awsError(error(), read)).toMatchObject({ code: 'AWS_UNREACHABLE', retryable: true, lostAnswer: false })
  })

  it('tells a connection that never stood from an answer that never came', () => {
    const timeout = (message: string) => Object.assign(new Error(message), { name: 'TimeoutError' })
    const connecting = 'Socket timed out without establishing a connection within 5000 ms'
    expect(awsError(timeout(connecting), write)).toMatchObject({ retryable: true, lostAnswer: false })
    expect(awsError(timeout('Request timed out'), write)).toMatchObject({ retryable: true, lostAnswer: true })
  })

  it('does not send again what a certificate stopped', () => {
    const error = awsError(Object.assign(new Error('x'), { code: 'SELF_SIGNED_CERT_IN_CHAIN' }), write)
    expect(error).toMatchObject({ code: 'AWS_TLS', exit: EXIT.configuration, retryable: false, lostAnswer: false })
  })

  it('takes the IAM action from the message when AWS names another one', () => {
    const message =
      'User: arn:aws:iam::1:user/x is not authorized to perform: elasticloadbalancing:AddTags on resource: *'
    const error = awsError(remote('AccessDenied', 403, message), write)
    expect(error.details['action']).toBe('elasticloadbalancing:AddTags')
    expect(error.tries[0]).toContain('elasticloadbalancing:AddTags')
  })

  it('names the quota', () => {
    expect(awsError(remote('TooManyListeners'), write).details['quota']).toMatch(/^Listeners per Network Load Balancer/)
    expect(awsError(remote('TooManyThings'), write).details['quota']).toBe('TooManyThings')
  })

  it('sends again what only had the wrong time, once the SDK knows the right one', () => {
    const error = remote('SignatureDoesNotMatch', 403)
    const skewed = Object.assign(error, { $metadata: { ...error.$metadata, clockSkewCorrected: true } })
    expect(awsError(skewed, write)).toMatchObject({ code: 'AWS_CLOCK', retryable: true, lostAnswer: false })
    expect(awsError(Object.assign(skewed, { name: 'AccessDenied' }), write).code).toBe('AWS_ACCESS_DENIED')
  })

  it('quotes no request and no secret: AWS repeats signed headers in some messages', () => {
    const message = "The Canonical String should have been 'POST x-amz-security-token:TOPSECRET'"
    for (const name of ['SignatureDoesNotMatch', 'IncompleteSignature', 'InvalidToken']) {
      expect(JSON.stringify(awsError(remote(name, 403, message), write))).not.toMatch(/TOPSECRET|HMAC/)
      expect(awsError(remote(name, 403, message), write).message).not.toContain('TOPSECRET')
    }
    const error = awsError(remote('ValidationError', 400, 'y'.repeat(9000)), write)
    expect(error.message.length).toBeLessThan(700)
    expect(Object.keys(error.details).sort()).toEqual(['awsCode', 'operation', 'requestId', 'status'])
    expect(error.cause).toBeUndefined()
  })

  it('lets its own errors through, and does not break on odd values', () => {
    const own = nyahError({ code: 'AWS_NO_CREDENTIALS', message: 'x', exit: EXIT.configuration })
    expect(awsError(own, write)).toBe(own)
    for (const odd of [undefined, null, 'text', 7, {}]) {
      expect(awsError(odd, write)).toMatchObject({ code: 'AWS_UNEXPECTED_ANSWER', lostAnswer: true })
    }
  })
})
