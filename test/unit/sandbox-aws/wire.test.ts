import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { AssumeRoleCommand } from '@aws-sdk/client-sts'
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2'
import {
  DescribeLoadBalancersCommand,
  DescribeRulesCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { awsService, initialAws } from '../../../src/lib/sandbox/aws/service.ts'
import type { WireRequest } from '../../../src/lib/sandbox/service.ts'
import type { Lab } from './lab.ts'
import { refusal, START, startLab, WORLD } from './lab.ts'

const SIGNED = (service: string, region = 'ap-northeast-1') =>
  `AWS4-HMAC-SHA256 Credential=AKIDSANDBOX/20261122/${region}/${service}/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`

const wire = (body: string, authorization?: string, extra: Partial<WireRequest> = {}): WireRequest => ({
  method: 'POST',
  path: '/',
  query: new URLSearchParams(),
  headers: authorization === undefined ? {} : { authorization },
  body,
  baseUrl: 'http://sandbox/aws',
  ...extra,
})

const send = (request: WireRequest) => awsService(initialAws(WORLD, START), request, { now: START, down: new Set() })

/** `status code` of the answer, and the name of its root element. */
const seen = (request: WireRequest) => {
  const { status, body } = send(request).response
  return `${status} ${/<Code>([^<]*)/.exec(body)?.[1] ?? 'ok'} ${/\n<(\w+)/.exec(body)?.[1]}`
}

const ELB = 'Version=2015-12-01'
const EC2 = 'Version=2016-11-15'
const STS = 'Version=2011-06-15'

describe('the wire', () => {
  it.each([
    ['no signature', wire(`Action=DescribeLoadBalancers&${ELB}`), '403 MissingAuthenticationToken ErrorResponse'],
    ['no signature, EC2', wire(`Action=DescribeVpcs&${EC2}`), '403 MissingAuthenticationToken Response'],
    ['another kind of signature', wire(`Action=DescribeVpcs&${EC2}`, 'Bearer x'), '400 IncompleteSignature Response'],
    [
      'half a signature',
      wire(`Action=DescribeLoadBalancers&${ELB}`, SIGNED('elasticloadbalancing').slice(0, -1)),
      '400 IncompleteSignature ErrorResponse',
    ],
    ['another service', wire(`Action=ListBuckets&${ELB}`, SIGNED('s3')), '403 SignatureDoesNotMatch ErrorResponse'],
    [
      'another region',
      wire(`Action=DescribeVpcs&${EC2}`, SIGNED('ec2', 'us-west-2')),
      '403 SignatureDoesNotMatch Response',
    ],
    [
      'STS for its global endpoint',
      wire(`Action=GetCallerIdentity&${STS}`, SIGNED('sts', 'us-east-1')),
      '200 ok GetCallerIdentityResponse',
    ],
    [
      'STS for another region',
      wire(`Action=GetCallerIdentity&${STS}`, SIGNED('sts', 'eu-west-1')),
      '403 SignatureDoesNotMatch ErrorResponse',
    ],
    ['no action', wire(ELB, SIGNED('elasticloadbalancing')), '400 MissingAction ErrorResponse'],
    ['no body', wire('', SIGNED('ec2')), '400 MissingAction Response'],
    [
      'an action of another service',
      wire(`Action=DescribeVpcs&${ELB}`, SIGNED('elasticloadbalancing')),
      '400 InvalidAction ErrorResponse',
    ],
    [
      'an action that every object has',
      wire(`Action=constructor&${ELB}`, SIGNED('elasticloadbalancing')),
      '400 InvalidAction ErrorResponse',
    ],
    [
      'another version',
      wire('Action=DescribeLoadBalancers&Version=2012-06-01', SIGNED('elasticloadbalancing')),
      '400 InvalidAction ErrorResponse',
    ],
    [
      'a parameter twice',
      wire(`Action=DescribeLoadBalancers&${ELB}&Marker=a&Marker=b`, SIGNED('elasticloadbalancing')),
      '400 MalformedQueryString ErrorResponse',
    ],
    [
      'text where a list belongs',
      wire(`Action=DescribeLoadBalancers&${ELB}&Names=x`, SIGNED('elasticloadbalancing')),
      '400 MalformedQueryString ErrorResponse',
    ],
    [
      'a list where text belongs',
      wire(`Action=DescribeLoadBalancers&${ELB}&Marker.member.1=x`, SIGNED('elasticloadbalancing')),
      '400 MalformedQueryString ErrorResponse',
    ],
    [
      'a GET',
      wire('', SIGNED('ec2'), { method: 'GET', query: new URLSearchParams(`Action=DescribeVpcs&${EC2}`) }),
      '200 ok DescribeVpcsResponse',
    ],
    ['a POST', wire(`Action=DescribeVpcs&${EC2}`, SIGNED('ec2')), '200 ok DescribeVpcsResponse'],
  ])('answers %s', (_what, request, expected) => {
    expect(seen(request)).toBe(expected)
  })

  it('is pure: the same state, time and request give the same answer and state, and nothing is changed in place', () => {
    const freeze = <T>(value: T): T => {
      if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freeze)
      return value
    }
    const state = freeze(initialAws(WORLD, START))
    const body = `Action=CreateTargetGroup&${ELB}&Name=tg&Protocol=TCP&Port=80&VpcId=vpc-0a1b2c3d&TargetType=ip`
    const once = () => awsService(state, wire(body, SIGNED('elasticloadbalancing')), { now: START, down: new Set() })
    const first = once()
    expect(once()).toEqual(first)
    expect(first.state.targetGroups).not.toEqual(state.targetGroups)
    expect(JSON.parse(JSON.stringify(first.state))).toEqual(first.state)
  })

  it('leaves the state alone when it only reads or refuses', () => {
    const state = initialAws(WORLD, START)
    const surroundings = { now: START, down: new Set<string>() }
    for (const action of ['DescribeLoadBalancers', 'CreateLoadBalancer']) {
      const request = wire(`Action=${action}&${ELB}`, SIGNED('elasticloadbalancing'))
      expect(awsService(state, request, surroundings).state).toBe(state)
    }
  })
})

describe('the SDK', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab()
  })
  beforeEach(() => lab.reset())
  afterAll(() => lab.close())

  it('is told what is not built, by name', async () => {
    expect(await refusal(lab.ec2.send(new DescribeInstancesCommand({})))).toBe(
      'InvalidAction: The action DescribeInstances is not built in the sandbox (ec2 2016-11-15)',
    )
    expect(await refusal(lab.elb.send(new DescribeRulesCommand({})))).toBe(
      'InvalidAction: The action DescribeRules is not built in the sandbox (elasticloadbalancing 2015-12-01)',
    )
  })

  it('is told of a wrong region', async () => {
    const far = new ElasticLoadBalancingV2Client({ ...lab.client, region: 'eu-west-1' })
    expect(await refusal(far.send(new DescribeLoadBalancersCommand({})))).toMatch(
      /^SignatureDoesNotMatch: .*'ap-northeast-1'/,
    )
    const global = new STSClient({ ...lab.client, region: 'us-east-1' })
    expect((await global.send(new GetCallerIdentityCommand({}))).Account).toBe('123456789012')
  })

  it('gets a request id', async () => {
    const { $metadata } = await lab.elb.send(new DescribeLoadBalancersCommand({}))
    expect($metadata.requestId).toMatch(/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/)
  })

  const RoleArn = 'arn:aws:iam::123456789012:role/nyah'
  it.each([
    [{ RoleArn, RoleSessionName: 'x' }, /^ValidationError: .*roleSessionName/],
    [{ RoleArn, RoleSessionName: 'a b' }, /^ValidationError: .*roleSessionName/],
    [{ RoleArn, RoleSessionName: 'ci', DurationSeconds: 899 }, /^ValidationError: .*900/],
    [{ RoleArn, RoleSessionName: 'ci', DurationSeconds: 43_201 }, /^ValidationError: .*43200/],
    [{ RoleArn, RoleSessionName: 'ci', ExternalId: '!' }, /^ValidationError: .*externalId/],
    [{ RoleArn: 'banana', RoleSessionName: 'ci' }, /^ValidationError: banana is invalid/],
    [
      { RoleArn: 'arn:aws:iam::999999999999:role/nyah', RoleSessionName: 'ci' },
      /^AccessDenied: User: .*user\/sandbox is not authorized/,
    ],
  ])('assumes no role with %o', async (input, expected) => {
    expect(await refusal(lab.sts.send(new AssumeRoleCommand(input)))).toMatch(expected)
  })
})
