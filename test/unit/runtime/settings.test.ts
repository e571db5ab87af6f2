import { describe, expect, it } from 'vitest'
import type { ContextConfig } from '../../../src/lib/config/schema.ts'
import { lbSettings, type Opened } from '../../../src/lib/runtime/open.ts'

const ID = '5f0c7c1e-0000-4000-8000-000000000001'
const ARN = 'arn:aws:acm:ap-northeast-1:111122223333:certificate/1a2b'
const internal = { vpcId: 'vpc-1', scheme: 'internal', subnets: ['subnet-a'], routableCidrs: ['10.0.0.0/8'] } as const
const open = { vpcId: 'vpc-2', scheme: 'internet-facing', subnets: ['subnet-b'] } as const

const placed = (context: object, id = ID) =>
  lbSettings({ name: 'production', context: context as ContextConfig } as Opened).placementFor(id)

describe('where a mirror is placed', () => {
  it('is the first network, with the certificates of the context', () => {
    expect(placed({ networks: { internal, open }, certificates: { c0c0: ARN } })).toEqual({
      name: 'internal',
      ...internal,
      addresses: {},
      certificates: { c0c0: ARN },
    })
  })

  it('is what stands under its own id', () => {
    const mirrors = { [ID]: { network: 'open', addresses: { 'subnet-b': 'eipalloc-1' }, weights: 'target-groups' } }
    expect(placed({ networks: { internal, open }, mirrors })).toEqual({
      name: 'open',
      ...open,
      routableCidrs: null,
      addresses: { 'subnet-b': 'eipalloc-1' },
      certificates: {},
      weights: 'target-groups',
    })
    expect(placed({ networks: { internal, open }, mirrors }, ID.replace('1', '2'))).not.toHaveProperty('weights')
  })

  it.each([
    [{}, 'CONFIG_NETWORK_MISSING'],
    [{ networks: { internal }, mirrors: { [ID]: { network: 'public' } } }, 'CONFIG_NETWORK_MISSING'],
  ])('%o is %s', (context, code) => {
    expect(() => placed(context)).toThrow(expect.objectContaining({ code, exit: 3 }))
  })
})
