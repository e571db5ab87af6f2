import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fingerprint } from '../../src/lib/core/hash.ts'
import type { JsonObject } from '../../src/lib/core/json.ts'
import { startWorld, type Ended, type Options, type World } from '../support/cli.ts'

const NAME = 'shop.example.jp'
const LISTS = ['ListHostedZones', 'ListResourceRecordSets', 'ListHealthChecks', 'ListResourceRecordSetProtections']

describe('a card', () => {
  let world: World
  const run = (...words: readonly string[]): Promise<Ended> => world.run([...words, '--sandbox'])
  /** Another machine: it knows nothing of this one's card. */
  const elsewhere = (...words: readonly string[]): Promise<Ended> => {
    const options: Options = { env: { NYAH_STATE_DIR: join(world.home, 'elsewhere'), NYAH_ACTOR: 'suzuki' } }
    return world.run([...words, '--sandbox'], options)
  }
  const card = (): string => join(world.home, 'state', 'cards', 'sandbox.json')
  const shares = async (name = NAME): Promise<readonly number[]> => {
    const { sets } = JSON.parse((await elsewhere('dns', 'show', name, '--json')).stdout)
    return sets[0].members.map((one: { share: number }) => one.share)
  }
  const back = (): Promise<Ended> => run('failover', 'end', '--all', '--healthy-for', '0', '--yes', '--reason', 'over')
  /** Route 53 refuses these; everything else is allowed. */
  const deny = (actions: readonly string[]): void => {
    const all = { Effect: 'Allow', Action: '*', Resource: '*' } as const
    const none = { Effect: 'Deny', Action: actions.map((one) => `route53:${one}`), Resource: '*' } as const
    world.sandbox.change((state) => ({
      ...state,
      aws: { ...state.aws, policy: { Statement: actions.length === 0 ? [all] : [all, none] } },
    }))
  }

  beforeAll(async () => {
    world = await startWorld()
    expect((await run('lb', 'mirror', 'shop-web', '--yes')).code).toBe(0)
    const words = ['--mirror', 'shop-web', '--no-ramp', '--yes', '--allow', 'DNS_PRIVATE_ADDRESS', '--reason', 'x']
    expect((await run('dns', 'attach', NAME, 'api.example.jp', ...words)).code).toBe(0)
    mkdirSync(join(world.home, 'elsewhere'), { mode: 0o700 })
    writeFileSync(
      join(world.home, 'elsewhere', 'sandbox.json'),
      readFileSync(join(world.home, 'state', 'sandbox.json'), 'utf8'),
    )
  }, 60_000)
  afterAll(() => world.close())

  it('one life, each step standing on the one before', async () => {
    // is written by arm, for nobody else to read, without secrets; --plan writes none
    {
      const planned = await run('failover', 'arm', '--all', '--plan')
      expect(planned).toMatchObject({ code: 0 })
      expect(planned.stdout).toContain('A card of 2 names, all that nyah owns, would be written')
      expect(() => statSync(card())).toThrow('ENOENT')
      expect((await run('failover', 'status')).stdout).toContain('Not armed')

      const armed = await run('failover', 'arm', '--all')
      expect(armed).toMatchObject({ code: 0 })
      expect(armed.stdout).toContain('Armed: 2 names, all that nyah owns')
      expect(statSync(card()).mode & 0o777).toBe(0o600)
      expect(readFileSync(card(), 'utf8')).not.toMatch(/secret|token|password|AKIA/i)
      expect((await run('failover', 'status')).stdout.replaceAll(/\s+/g, ' ')).toMatch(
        /Armed: 2 names on a card, \d+ s old; as the zone has them\./,
      )
      expect((await run('doctor')).stdout).toMatch(/failover card +2 names, \d+ s old, as the zone has them/)
      const document = JSON.parse((await run('failover', 'arm', NAME, '--json')).stdout)
      expect(document.result.card).toMatchObject({ written: true, covers: 'all', account: '123456789012' })
    }

    // moves users where Route 53 refuses every list, and is kept true to what was done
    {
      deny(LISTS)
      const moved = await run('failover', 'to-aws', '--all', '--yes', '--reason', 'INC-1')
      expect(moved.stderr).toMatch(/CARD_USED +2 names on the card/)
      expect(moved).toMatchObject({ code: 0 })
      expect(moved.stdout).toContain(`${NAME} A  octavia 0 %, aws 100 %`)
      // The card has the state that was just written: moved back with it, and without a list.
      const returned = await run('failover', 'to-octavia', NAME, '--yes')
      expect(returned.stderr).not.toContain('CARD_STALE')
      expect(returned.stdout).toContain(`${NAME} A  octavia 100 %, aws 0 %`)
      deny([])
      expect(await shares()).toEqual([0, 100])
      expect((await back()).code).toBe(0)
      expect(await shares()).toEqual([10, 90])
      expect((await run('doctor')).stdout).toMatch(/failover card.* as the zone has them/)
    }

    // never puts old over new: what moved elsewhere is read once, and moved from what stands there now
    {
      expect((await elsewhere('dns', 'weight', NAME, 'octavia=60', 'aws=40', '--yes')).code).toBe(0)
      expect((await run('failover', 'status')).stdout.replaceAll(/\s+/g, ' ')).toContain(`moved since: ${NAME}`)
      expect((await run('doctor')).stdout).toContain('CARD_STALE')
      await new Promise((resolve) => setTimeout(resolve, 1_100))
      const moved = await run('failover', 'to-aws', '--all', '--yes')
      expect(moved.stderr).toContain('CARD_STALE')
      expect(moved).toMatchObject({ code: 0 })
      expect(await shares()).toEqual([100, 0])
      expect(await shares('api.example.jp')).toEqual([100, 0])
      // Its own steady weights are those that were set elsewhere.
      expect((await back()).code).toBe(0)
      expect(await shares()).toEqual([40, 60])
      expect((await run('doctor')).stdout).toMatch(/failover card.* as the zone has them/)
    }

    // that does not have a name is no reason not to move it
    {
      const words = ['--mirror', 'shop-web', '--no-ramp', '--yes', '--allow', 'DNS_PRIVATE_ADDRESS', '--reason', 'x']
      expect((await elsewhere('dns', 'attach', 'bulk.example.jp', ...words)).code).toBe(0)
      const named = await run('failover', 'to-aws', 'bulk.example.jp', '--yes')
      expect(named.stderr).toContain('CARD_NOT_COVERING')
      expect(named).toMatchObject({ code: 0 })
      expect((await run('doctor')).stdout).toContain('not on it: bulk.example.jp')
      expect((await back()).code).toBe(0)
      expect((await elsewhere('dns', 'detach', 'bulk.example.jp', '--yes')).code).toBe(0)
    }

    // that cannot be used is said in one line, and the zone is read
    {
      expect((await run('failover', 'arm', '--all')).code).toBe(0)
      const good = readFileSync(card(), 'utf8')
      const { card: inside } = JSON.parse(good) as { card: JsonObject }
      const sealed = (version: number, data: JsonObject): string =>
        JSON.stringify({ nyahCard: version, sha256: fingerprint(data), card: data })
      const cases: readonly (readonly [string, string])[] = [
        ['cut off', good.slice(0, 400)],
        ['SHA-256 does not fit', good.replace('"weight": 60', '"weight": 61')],
        ['of another nyah (version 2', sealed(2, inside)],
        ['covers', sealed(1, { ...inside, covers: 'none' })],
        ['of account 210987654321', sealed(1, { ...inside, account: '210987654321' })],
      ]
      for (const [needle, text] of cases) {
        writeFileSync(card(), text)
        const { code, stderr } = await run('failover', 'to-aws', '--all', '--plan')
        expect(stderr.replaceAll(/\s+/g, ' ')).toContain(needle)
        expect(stderr.replaceAll(/\s+/g, ' ')).toContain('the zone is read instead')
        expect(code).toBe(0)
      }
      // One that was named is not quietly left aside where it is another account's.
      const refused = await run('failover', 'to-aws', '--all', '--plan', '--card', card())
      expect(refused).toMatchObject({ code: 6 })
      expect(refused.stderr).toContain('CARD_OTHER_ACCOUNT')
      writeFileSync(card(), sealed(1, { ...inside, at: '2026-01-01T00:00:00.000Z', context: 'prod' }))
      const old = await run('failover', 'to-aws', '--all', '--plan')
      expect(old.stderr.replaceAll(/\s+/g, ' ')).toMatch(/on a card of the context prod.*CARD_OLD/)
      expect(old.code).toBe(0)
    }
  }, 180_000)
})
