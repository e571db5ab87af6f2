import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/lib/core/json.ts'
import { addressesOf, selectionOf, translationOf } from '../../../src/lib/runtime/errand.ts'
import { lbArguments, oneIdOf } from '../../../src/lib/runtime/lb-request.ts'

const ID = '5f0c7c1e-0000-4000-8000-000000000001'
const OTHER = '5f0c7c1e-0000-4000-8000-000000000002'
const read = (args: JsonObject, operation = 'lb.mirror', codes: readonly string[] = []) =>
  lbArguments({
    operation,
    arguments: args,
    allowances: codes.map((code) => ({ code, reason: 'r' })),
    context: 'sandbox',
  })

describe('the arguments of a request', () => {
  it('of an earlier nyah ask for nothing besides', () =>
    expect(read({ ids: [ID], wait: false })).toEqual({
      ids: [ID],
      wait: false,
      asked: { weights: null, strict: false, adopt: false, membersOnly: false, allowed: [], formerId: null },
      addresses: {},
    }))

  it('are all read, and the fidelity refusals that are allowed with them', () => {
    const args = { ids: [ID], weights: 'target-groups', strict: true, adopt: true, membersOnly: true }
    expect(
      read({ ...args, addresses: { 'subnet-0a': '10.0.0.9' } }, 'lb.sync', ['LB_UNSUPPORTED_L7', 'LB_NOT_EXACT_X']),
    ).toEqual({
      ids: [ID],
      wait: true,
      asked: {
        weights: 'target-groups',
        strict: true,
        adopt: true,
        membersOnly: true,
        allowed: ['LB_UNSUPPORTED_L7'],
        formerId: null,
      },
      addresses: { 'subnet-0a': '10.0.0.9' },
    })
    expect(read({ ids: [ID], formerId: OTHER, wait: true }, 'lb.retarget').asked.formerId).toBe(OTHER)
  })

  it.each<[string, JsonObject, string, string?]>([
    ['no ids', {}, 'arguments.ids'],
    ['an empty list', { ids: [] }, 'is empty'],
    ['what is no list', { ids: ID }, 'arguments.ids'],
    ['what is no UUID', { ids: [ID, '../x'] }, 'arguments.ids'],
    ['a weight of another kind', { ids: [ID], weights: 'random' }, '"random", neither equal nor target-groups'],
    ['a wait that is no yes or no', { ids: [ID], wait: 'no' }, 'arguments.wait is "no"'],
    ['a strict that is no yes or no', { ids: [ID], strict: 1 }, 'arguments.strict is 1'],
    ['an adopt that is no yes or no', { ids: [ID], adopt: null }, 'arguments.adopt is null'],
    ['membersOnly that is no yes or no', { ids: [ID], membersOnly: [] }, 'arguments.membersOnly'],
    ['addresses that are no table', { ids: [ID], addresses: ['x'] }, 'arguments.addresses'],
    ['an address that is no text', { ids: [ID], addresses: { a: 1 } }, 'arguments.addresses'],
    ['addresses for two', { ids: [ID, OTHER], addresses: { a: 'b' } }, 'for one load balancer'],
    ['what a newer nyah knows', { ids: [ID], proxy: true }, 'does not know arguments.proxy'],
    ['a former one without a retarget', { ids: [ID], formerId: OTHER }, 'does not know arguments.formerId'],
    ['a retarget without a former one', { ids: [ID] }, 'arguments.formerId', 'lb.retarget'],
    ['a retarget from what is no UUID', { ids: [ID], formerId: 'shop' }, 'arguments.formerId', 'lb.retarget'],
    ['a retarget to two', { ids: [ID, OTHER], formerId: ID }, 'one at a time', 'lb.retarget'],
  ])('with %s are refused by name', (_, args, said, operation = 'lb.mirror') =>
    expect(() => read(args, operation)).toThrow(
      expect.objectContaining({
        code: 'REQUEST_INVALID',
        exit: 2,
        message: expect.stringContaining(said) as string,
      }) as Error,
    ),
  )

  it('of a removal name one', () => {
    expect(oneIdOf({ ids: [ID] }, ['ids'])).toBe(ID)
    expect(() => oneIdOf({ ids: [ID, OTHER] }, ['ids'])).toThrow('2 UUIDs')
    expect(() => oneIdOf({ ids: [ID], wait: true }, ['ids'])).toThrow('arguments.wait')
  })
})

describe('what a command line chooses', () => {
  const none = { tag: undefined, name: undefined, all: false }
  const usage = (said: string) =>
    expect.objectContaining({ code: 'USAGE', exit: 2, message: expect.stringContaining(said) as string }) as Error

  it('is what it names, and what it selects', () => {
    expect(selectionOf(['a', ' ', 'b'], none, true, 'nyah lb sync')).toEqual({ names: ['a', 'b'] })
    expect(selectionOf(undefined, { ...none, tag: ['x'] }, true, 'nyah lb sync')).toEqual({
      names: [],
      selectors: { tags: ['x'], names: [], all: false },
      mirroredOnly: true,
    })
    expect(selectionOf(['a'], { ...none, all: true }, false, 'nyah lb mirror').selectors?.all).toBe(true)
  })

  it.each([[undefined], [[]], [['  ']]])('cannot be nothing (%j)', (words) =>
    expect(() => selectionOf(words, none, false, 'nyah lb mirror')).toThrow(usage('no load balancer was named')),
  )

  it('asks for nothing that was not given', () => {
    expect(translationOf({ weights: undefined, strict: false, adopt: false })).toEqual({})
    expect(translationOf({ weights: 'equal', strict: true, adopt: true })).toEqual({
      weights: 'equal',
      strict: true,
      adopt: true,
    })
  })

  const one = { names: ['shop'] }
  it('gives addresses to one load balancer, one per subnet', () => {
    expect(addressesOf(undefined, { names: [], selectors: { tags: [], names: [], all: true } })).toEqual({})
    expect(addressesOf(['subnet-a=eipalloc-1', 'subnet-c=10.0.0.9'], one)).toEqual({
      addresses: { 'subnet-a': 'eipalloc-1', 'subnet-c': '10.0.0.9' },
    })
  })

  it.each([
    ['two load balancers', ['a=b'], { names: ['x', 'y'] }, 'for one load balancer'],
    ['a selection', ['a=b'], { names: ['x'], selectors: { tags: [], names: [], all: true } }, 'for one load balancer'],
    ['no address', ['subnet-a'], one, 'SUBNET=ADDRESS'],
    ['an empty one', ['subnet-a='], one, 'SUBNET=ADDRESS'],
    ['two in a subnet', ['a=b', 'a=c'], one, 'names a twice'],
  ])('refuses %s', (_, given, selection, said) => expect(() => addressesOf(given, selection)).toThrow(usage(said)))
})
