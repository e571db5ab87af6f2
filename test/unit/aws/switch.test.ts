import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as chain from '../../../src/lib/adapters/aws/credentials.sdk.ts'
import { createSession } from '../../../src/lib/adapters/aws/session.ts'
import * as sts from '../../../src/lib/adapters/aws/sts.sdk.ts'
import { createSwitch } from '../../../src/lib/adapters/aws/switch.ts'
import type { SwitchObjects } from '../../../src/lib/ports/switch.ts'
import type { Policy } from '../../../src/lib/sandbox/aws/iam-policy.ts'
import { type Sandbox, startSandbox } from '../../../src/lib/sandbox/server.ts'
import { virtualClock } from '../../support/clock.ts'

const docs = readFileSync(new URL('../../../docs/aws.md', import.meta.url), 'utf8')
const POLICY = (JSON.parse(/```json switch\n([^]*?)```/.exec(docs)?.[1] ?? '') as Policy).Statement.map((one) => ({
  ...one,
  Resource: 'arn:aws:s3:::nyah-switch/nyah/away',
}))
const PLACE = { bucket: 'nyah-switch', region: 'ap-northeast-3', key: 'nyah/away' }

let sandbox: Sandbox
let object: SwitchObjects

beforeAll(async () => {
  const clock = virtualClock()
  sandbox = await startSandbox({ clock })
  const env = { ...sandbox.env, HOME: '/nonexistent' }
  const session = createSession({ region: 'ap-northeast-1', env }, clock, {
    chain: () => Promise.resolve(chain),
    sts: () => Promise.resolve(sts),
  })
  object = createSwitch({ session, clock, retry: <T>(_what: string, call: () => Promise<T>) => call() })
})
afterAll(() => sandbox.close())

const restrict = (statement: Policy['Statement'] | null): void =>
  sandbox.change((state) => ({
    ...state,
    aws: { ...state.aws, policy: statement === null ? null : { Statement: statement } },
  }))

describe('the object of a switch', () => {
  it('is written and deleted in its own Region, twice without harm', async () => {
    restrict(null)
    expect(await object.engaged(PLACE)).toBe(false)
    await object.engage(PLACE, 'a test')
    await object.engage(PLACE, 'a test')
    expect(await object.engaged(PLACE)).toBe(true)
    await object.disengage(PLACE)
    await object.disengage(PLACE)
    expect(await object.engaged(PLACE)).toBe(false)
  })

  it('needs no more than the documented policy, under which only what is there can be seen', async () => {
    restrict(POLICY)
    expect(await object.engaged(PLACE)).toBe(null)
    await object.engage(PLACE, 'a test')
    expect(await object.engaged(PLACE)).toBe(true)
    await object.disengage(PLACE)
    const other = { ...PLACE, key: 'nyah/other' }
    await expect(object.engage(other, 'a test')).rejects.toMatchObject({ code: 'AWS_ACCESS_DENIED', exit: 7 })
    await expect(object.engage({ ...PLACE, bucket: 'nobodys' }, 'a test')).rejects.toMatchObject({
      code: 'AWS_NOT_FOUND',
    })
  })
})
