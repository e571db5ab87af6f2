import { expect, it } from 'vitest'
import type { Stage } from './stage.ts'

const ACTIONS = ['elasticloadbalancing:RegisterTargets', 'ec2:CreateSecurityGroup', 'route53:ListHostedZones']
const all = (decision: string) => Object.fromEntries(ACTIONS.map((action) => [action, decision]))

/** What the credentials may do, as IAM's simulator tells it. */
export function permissionsContract(aws: Stage): void {
  it('everything is allowed where nothing forbids it', async () => {
    const asked = [...ACTIONS, ACTIONS[0]!]
    expect(await aws.permissions.simulate(asked)).toEqual({ decisions: all('allowed'), why: null })
  })

  it('permissions are unknown, with the reason, where the simulator may not be asked', async () => {
    aws.proxy.inject({ action: 'SimulatePrincipalPolicy', kind: 'error', code: 'AccessDenied', status: 403 })
    expect(await aws.permissions.simulate(ACTIONS)).toEqual({
      decisions: all('unknown'),
      why: expect.stringMatching(/^AccessDenied: iam:SimulatePrincipalPolicy was denied/),
    })
  })

  it('permissions are unknown where IAM does not answer', async () => {
    aws.proxy.inject({ action: 'SimulatePrincipalPolicy', kind: 'drop-before', times: 5 })
    const { decisions, why } = await aws.permissions.simulate(ACTIONS)
    expect(decisions).toEqual(all('unknown'))
    expect(why).toContain('got no answer')
  })

  it('IAM is not asked when nothing is asked', async () => {
    aws.proxy.reset()
    expect(await aws.permissions.simulate([])).toEqual({ decisions: {}, why: null })
    expect(aws.proxy.calls('SimulatePrincipalPolicy')).toEqual([])
  })
}

/** Moto has no simulator, and nobody in it is a user or role by the ARN it tells. */
export function nobodysPermissions(aws: Stage): void {
  it('permissions are unknown of who is neither user nor role', async () => {
    expect(await aws.permissions.simulate(ACTIONS)).toEqual({
      decisions: all('unknown'),
      why: expect.stringMatching(/^AWS_UNKNOWN_PRINCIPAL: .*arn:aws:sts::\d{12}:user\//),
    })
  })
}
