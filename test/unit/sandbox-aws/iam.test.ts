import {
  DeregisterTargetsCommand,
  DescribeTargetHealthCommand,
  ModifyTargetGroupCommand,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { DescribeVpcsCommand } from '@aws-sdk/client-ec2'
import { GetRoleCommand, IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam'
import { AssumeRoleCommand } from '@aws-sdk/client-sts'
import { afterEach, describe, expect, it } from 'vitest'
import { judged, type Policy } from '../../../src/lib/sandbox/aws/iam-policy.ts'
import type { Lab } from './lab.ts'
import { refusal, startLab, WORLD } from './lab.ts'
import { makers } from './makers.ts'

const USER = 'arn:aws:iam::123456789012:user/sandbox'
const GROUPS = 'arn:aws:elasticloadbalancing:*:*:targetgroup/nyah-*'
const SMALL: Policy = {
  Statement: [
    { Effect: 'Allow', Action: ['elasticloadbalancing:Describe*', 'iam:*'], Resource: '*' },
    {
      Effect: 'Allow',
      Action: ['elasticloadbalancing:RegisterTargets', 'elasticloadbalancing:DeregisterTargets'],
      Resource: GROUPS,
      Condition: { StringEquals: { 'aws:ResourceTag/nyah:managed': 'true' } },
    },
    { Effect: 'Allow', Action: 'elasticloadbalancing:CreateTargetGroup', Resource: '*' },
    { Effect: 'Deny', Action: 'elasticloadbalancing:Delete*', Resource: '*' },
  ],
}

describe('a policy', () => {
  const group = 'arn:aws:elasticloadbalancing:x:1:targetgroup/nyah-a/0'
  const tagged = { 'aws:ResourceTag/nyah:managed': 'true' }
  it.each([
    ['elasticloadbalancing:DescribeTags', '*', {}, 'allowed', []],
    ['ELASTICLOADBALANCING:describetags', '*', {}, 'allowed', []],
    ['ec2:DescribeTags', '*', {}, 'implicitDeny', []],
    ['elasticloadbalancing:DeleteListener', '*', {}, 'explicitDeny', []],
    ['elasticloadbalancing:RegisterTargets', '*', tagged, 'implicitDeny', []],
    ['elasticloadbalancing:RegisterTargets', group, tagged, 'allowed', []],
    ['elasticloadbalancing:RegisterTargets', group, {}, 'implicitDeny', ['aws:ResourceTag/nyah:managed']],
    ['elasticloadbalancing:RegisterTargets', group.replace('nyah-', 'other-'), tagged, 'implicitDeny', []],
  ])('of %s on %s with %o: %s', (action, resource, context, decision, missing) => {
    expect(judged(SMALL, action, resource, context)).toEqual({ decision, missing })
  })

  const Condition = { 'ForAllValues:StringEquals': { 'route53:ChangeResourceRecordSetsActions': ['CREATE', 'DELETE'] } }
  const change: Policy = { Statement: [{ Effect: 'Allow', Action: 'route53:Change*', Resource: '*', Condition }] }
  it.each([
    [['CREATE'], 'allowed'],
    [['DELETE', 'CREATE'], 'allowed'],
    [['CREATE', 'UPSERT'], 'implicitDeny'],
    [[], 'allowed'],
    [null, 'allowed'],
  ])('for all values: of %j %s', (actions, decision) => {
    const context = actions === null ? {} : { 'route53:ChangeResourceRecordSetsActions': actions }
    expect(judged(change, 'route53:ChangeResourceRecordSets', '*', context).decision).toBe(decision)
  })

  it('of a key with one value does not hold for one with many', () => {
    const one = { StringEquals: { 'route53:ChangeResourceRecordSetsActions': 'CREATE' } }
    const policy: Policy = { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*', Condition: one }] }
    const context = { 'route53:ChangeResourceRecordSetsActions': ['CREATE'] }
    expect(judged(policy, 'route53:ChangeResourceRecordSets', '*', context).decision).toBe('implicitDeny')
  })

  it('that is none allows everything', () => {
    expect(judged(null, 'a:B', '*', {}).decision).toBe('allowed')
  })
})

describe('IAM', () => {
  let lab: Lab
  afterEach(() => lab.close())
  const start = async (policy?: Policy) => {
    lab = await startLab({ ...WORLD, policy })
    return new IAMClient(lab.client)
  }
  const { groupArn } = makers(
    () => lab,
    () => [],
  )

  it('simulates one decision per action', async () => {
    const iam = await start(SMALL)
    const ask = async (ActionNames: string[], ResourceArns?: string[]) => {
      const command = new SimulatePrincipalPolicyCommand({ PolicySourceArn: USER, ActionNames, ResourceArns })
      const { EvaluationResults = [] } = await iam.send(command)
      return EvaluationResults.map((one) => [one.EvalActionName, one.EvalDecision, one.MissingContextValues])
    }
    const [read, register, remove] = ['DescribeTags', 'RegisterTargets', 'DeleteListener'].map(
      (name) => `elasticloadbalancing:${name}`,
    ) as [string, string, string]
    expect(await ask([read, register, remove])).toEqual([
      [read, 'allowed', []],
      [register, 'implicitDeny', []],
      [remove, 'explicitDeny', []],
    ])
    const group = 'arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/nyah-a/0123456789abcdef'
    expect(await ask([register], [group])).toEqual([[register, 'implicitDeny', ['aws:ResourceTag/nyah:managed']]])
    expect(await refusal(ask(['nonsense']))).toMatch(/^InvalidInput/)
  })

  it('knows the roles that somebody took, with their path', async () => {
    const iam = await start()
    const arn = 'arn:aws:iam::123456789012:role/ops/nyah'
    await lab.sts.send(new AssumeRoleCommand({ RoleArn: arn, RoleSessionName: 'test' }))
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: 'nyah' }))
    expect(Role).toMatchObject({ Arn: arn, Path: '/ops/', RoleName: 'nyah' })
    const simulate = (PolicySourceArn: string) =>
      refusal(iam.send(new SimulatePrincipalPolicyCommand({ PolicySourceArn, ActionNames: ['a:B'] })))
    expect(await simulate(arn)).toBe('accepted')
    expect(await simulate(arn.replace('/ops', ''))).toMatch(/^NoSuchEntity/)
    expect(await simulate('arn:aws:sts::123456789012:assumed-role/nyah/test')).toMatch(/^InvalidInput/)
    expect(await refusal(iam.send(new GetRoleCommand({ RoleName: 'absent' })))).toMatch(/^NoSuchEntity/)
  })

  it('judges every request by the policy of the account', async () => {
    await start(SMALL)
    const tags = [{ Key: 'nyah:managed', Value: 'true' }]
    const [own, foreign] = [await groupArn({ Name: 'nyah-a', Tags: tags }), await groupArn({ Name: 'nyah-b' })]
    const Targets = [{ Id: '10.20.0.1', AvailabilityZone: 'all' }]
    const register = (TargetGroupArn: string) =>
      refusal(lab.elb.send(new RegisterTargetsCommand({ TargetGroupArn, Targets })))
    expect(await register(own)).toBe('accepted')
    expect(await register(foreign)).toMatch(
      /^AccessDenied: User: arn:aws:iam::123456789012:user\/sandbox is not authorized to perform: elasticloadbalancing:RegisterTargets on resource: arn:/,
    )
    expect(await refusal(lab.elb.send(new DeregisterTargetsCommand({ TargetGroupArn: own, Targets })))).toBe('accepted')
    expect(await refusal(lab.elb.send(new DescribeTargetHealthCommand({ TargetGroupArn: foreign })))).toBe('accepted')
    expect(await refusal(lab.elb.send(new ModifyTargetGroupCommand({ TargetGroupArn: own })))).toMatch(/^AccessDenied/)
    expect(await refusal(lab.ec2.send(new DescribeVpcsCommand({})))).toMatch(/^UnauthorizedOperation/)
  })
})
