import { describe, expect, it } from 'vitest'
import { applyChange } from '../../../src/lib/lb/apply.ts'
import { change } from '../../../src/lib/lb/changes.ts'
import { ASKED_NOTHING } from '../../../src/lib/lb/model.ts'
import type { TargetState } from '../../../src/lib/ports/mirrors.ts'
import { fakePorts, scene } from './fakes.ts'

const target = (address: string, state: TargetState) => ({
  address,
  port: 80,
  availabilityZone: 'all' as const,
  state,
  reason: state === 'healthy' ? null : 'Target.Timeout',
})
const both = (one: TargetState, two: TargetState) => [target('10.0.0.1', one), target('10.0.0.2', two)]
const takesOver = change({
  scope: 'a',
  type: 'targets',
  key: '80-t',
  verb: 'wait',
  kind: 'wait',
  remote: 'arn:new',
  name: 'new',
  after: { targetGroupArn: 'arn:new', targets: both('healthy', 'healthy'), beside: ['arn:old'] },
  reason: '',
})

const look = (here: ReturnType<typeof both>, before: ReturnType<typeof both>) =>
  applyChange(takesOver, fakePorts({ healthOf: { 'arn:new': here, 'arn:old': before } }), scene(), ASKED_NOTHING)

describe('a target group takes over', () => {
  it('once whoever is healthy where he serves is healthy in it', async () => {
    await expect(look(both('healthy', 'healthy'), both('healthy', 'healthy'))).resolves.toEqual({ healthy: 2 })
    await expect(look(both('healthy', 'unhealthy'), both('healthy', 'unhealthy'))).resolves.toEqual({ healthy: 1 })
  })

  it('healthier than before as well: what it replaces may be why nobody was', async () => {
    await expect(look(both('healthy', 'initial'), both('unhealthy', 'unhealthy'))).resolves.toEqual({ healthy: 1 })
  })

  it.each<[TargetState, TargetState, TargetState, TargetState]>([
    ['healthy', 'initial', 'healthy', 'healthy'],
    ['unhealthy', 'healthy', 'healthy', 'unhealthy'],
    ['initial', 'initial', 'unhealthy', 'unhealthy'],
  ])('not while it is %s, %s and the other %s, %s', async (a, b, c, d) => {
    await expect(look(both(a, b), both(c, d))).rejects.toMatchObject({
      code: 'LB_TARGETS_NOT_HEALTHY',
      exit: 9,
      retryable: true,
    })
  })

  it('never while no listener names it: AWS does not check its targets, and only another plan helps', async () => {
    await expect(look(both('unused', 'unused'), both('draining', 'draining'))).rejects.toMatchObject({
      code: 'LB_TARGETS_NOT_HEALTHY',
      exit: 9,
      retryable: false,
    })
  })
})
