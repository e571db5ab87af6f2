import { describe, expect, it } from 'vitest'
import { planMirrors } from '../../../src/lib/lb/plan.ts'
import { applyAll, observed } from './model-world.ts'
import { ID, tree } from './sources.ts'

describe('a first mirror', () => {
  const draft = planMirrors({ scopes: [observed(tree())] })

  it('makes a security group, a target group with its targets, a load balancer and a listener', () => {
    expect(draft.changes.map((change) => change.id.slice(ID.length + 1))).toEqual([
      'security-group/ef5e7c45/create',
      'target-group/80/create',
      'targets/80/register',
      'load-balancer/ef5e7c45/create',
      'listener/80/create',
    ])
    expect(draft.findings).toEqual([])
  })

  it('leaves nothing to do', () => {
    const after = applyAll(observed(tree()), draft.changes)
    expect(planMirrors({ scopes: [observed(tree(), after)] }).changes).toEqual([])
  })
})
