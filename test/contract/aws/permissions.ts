import { describe, expect, it } from 'vitest'
import type { Stage } from './stage.ts'
import { strictly } from './strict.ts'

const ACTIONS = ['elasticloadbalancing:RegisterTargets', 'ec2:CreateSecurityGroup', 'route53:ListHostedZones']

/** What the credentials may do, as IAM's simulator tells it. */
export function permissionsContract(aws: Stage, lenient: boolean): void {
  const strict = strictly(lenient)

  describe('permissions', () => {
    strict('are all allowed where nothing forbids them', 'no simulator', async () => {
      expect(await aws.permissions.simulate([...ACTIONS, ACTIONS[0]!])).toEqual({
        decisions: Object.fromEntries(ACTIONS.map((action) => [action, 'allowed'])),
        why: null,
      })
    })

    it('are asked of nobody when nothing is asked', async () => {
      aws.proxy.reset()
      expect(await aws.permissions.simulate([])).toEqual({ decisions: {}, why: null })
      expect(aws.proxy.calls('SimulatePrincipalPolicy')).toEqual([])
    })

    if (lenient) {
      it('are unknown of who is neither user nor role, as everybody is in moto', async () => {
        const { decisions, why } = await aws.permissions.simulate(ACTIONS)
        expect(decisions).toEqual(Object.fromEntries(ACTIONS.map((action) => [action, 'unknown'])))
        expect(why).toMatch(/^AWS_UNKNOWN_PRINCIPAL: .*arn:aws:sts::\d{12}:user\//)
      })
      return
    }

    it('are unknown, with the reason, where the simulator may not be asked', async () => {
      aws.proxy.inject({ action: 'SimulatePrincipalPolicy', kind: 'error', code: 'AccessDenied', status: 403 })
      const { decisions, why } = await aws.permissions.simulate(ACTIONS)
      expect(decisions).toEqual(Object.fromEntries(ACTIONS.map((action) => [action, 'unknown'])))
      expect(why).toMatch(/^AccessDenied: iam:SimulatePrincipalPolicy was denied/)
    })

    it('are unknown where IAM does not answer', async () => {
      aws.proxy.inject({ action: 'SimulatePrincipalPolicy', kind: 'drop-before', times: 5 })
      expect(await aws.permissions.simulate(['ec2:DeleteSecurityGroup'])).toEqual({
        decisions: { 'ec2:DeleteSecurityGroup': 'unknown' },
        why: expect.stringContaining('got no answer'),
      })
    })
  })
}
