import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SHOP_WEB, startWorld, type World } from '../support/cli.ts'

const SHOP_API = '5f0c7c1e-0000-4000-8000-000000000002'

let world: World
beforeEach(async () => {
  world = await startWorld()
})
afterEach(() => world.close())

const on = (...args: readonly string[]) => world.run([...args, '--sandbox'])

const mirrored = async (): Promise<readonly string[]> =>
  JSON.parse((await on('lb', 'list', '--json')).stdout)
    .loadBalancers.filter(({ mirror }: { mirror: unknown }) => mirror !== 'none')
    .map(({ name }: { name: string }) => name)
    .toSorted()

describe('a fleet', () => {
  it('is mirrored but for what is refused, which is named; the second time there is nothing to change', async () => {
    const all = await on('lb', 'mirror', '--all', '--yes', '--json')
    expect(all.code).toBe(6)
    const { outcome, error, plan } = JSON.parse(all.stdout)
    expect(outcome).toBe('refused')
    expect(plan.scopes).toHaveLength(7)
    expect(error.code).toBe('PLAN_REFUSED')
    expect(error.message).toMatch(/^\d of 7 refused, and left as they are: /)
    const refused = new Set(
      plan.findings
        .filter(({ severity, allowed }: any) => severity === 'refuse' && allowed === undefined)
        .map(({ scope }: { scope: string }) => plan.names[scope]),
    )
    for (const name of ['shop-l7', 'dns-udp', 'broken']) expect([...refused]).toContain(name)
    for (const name of refused) expect(error.message).toContain(String(name))
    const names = await mirrored()
    expect(names).toContain('shop-web')
    expect(names).toContain('shop-api')
    for (const name of refused) expect(names).not.toContain(name)

    const again = await on('lb', 'mirror', '--all', '--yes', '--json')
    expect(again.code).toBe(6)
    const second = JSON.parse(again.stdout)
    expect(second.outcome).toBe('refused')
    expect(second.plan.changes.filter(({ scope }: { scope: string }) => !refused.has(plan.names[scope]))).toEqual([])

    // Of sync and diff, --all are those that have a mirror: none of them is refused.
    expect((await on('lb', 'diff', '--all')).code).toBe(0)
    const sync = await on('lb', 'sync', '--all', '--yes', '--json')
    expect(sync.code).toBe(0)
    expect(JSON.parse(sync.stdout).plan.scopes).toHaveLength(names.length)
  })

  it('is chosen by tags and patterns, and named together with others', async () => {
    const chosen = async (...args: readonly string[]) => {
      const { stdout } = await on('lb', 'mirror', ...args, '--plan', '--json')
      const { plan } = JSON.parse(stdout)
      return plan.scopes.map((scope: string) => plan.names[scope])
    }
    expect(await chosen('--tag', 'env=production', '--tag', 'team=shop')).toEqual(['shop-web'])
    expect(await chosen('--name', 'shop-???')).toEqual(['shop-api', 'shop-web'])
    expect(await chosen('shop-web', '--name', 'shop-w*', SHOP_API)).toEqual(['shop-web', 'shop-api'])
    expect(await chosen('203.0.113.11', '203.0.113.12')).toEqual(['shop-web', 'shop-api'])
  })

  it('that is empty, or not named, is a mistake', async () => {
    const none = await on('lb', 'mirror', '--tag', 'nope', '--plan')
    expect(none).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('LB_NONE_SELECTED') })
    expect(none.stderr).toContain('none of the 7 load balancers')
    const unmirrored = await on('lb', 'sync', '--all', '--yes')
    expect(unmirrored).toMatchObject({ code: 2, stderr: expect.stringContaining('LB_NONE_SELECTED') })
    for (const command of ['mirror', 'sync', 'diff']) {
      const nothing = await on('lb', command)
      expect(nothing).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining('no load balancer was named'),
      })
      expect(nothing.stderr).toContain(`nyah lb ${command} --all`)
    }
    const twice = await on('lb', 'mirror', 'shop-web', 'shop-api', '--address', 'subnet-1=10.0.0.1', '--plan')
    expect(twice).toMatchObject({ code: 2, stderr: expect.stringContaining('--address is for one load balancer') })
  })
})

describe('a saved plan', () => {
  it('of a fleet is applied with the members that came meanwhile, and says so', async () => {
    expect((await on('lb', 'mirror', 'shop-web', 'shop-api', '--plan-out', 'fleet.json')).code).toBe(0)
    const [pool] = await world.octavia.poolsOf(SHOP_WEB)
    await world.octavia.addMember(SHOP_WEB, pool.id, { address: '10.20.0.99', protocol_port: 8080 })
    const applied = await on('plan', 'apply', 'fleet.json', '--json')
    expect(applied.code).toBe(0)
    const { plan, outcome } = JSON.parse(applied.stdout)
    expect(outcome).toBe('applied')
    expect(plan.findings).toContainEqual(
      expect.objectContaining({ code: 'PLAN_MEMBERS_DIFFER', severity: 'warn', scope: SHOP_WEB }),
    )
    expect((await on('lb', 'diff', '--all')).code).toBe(0)
    // Now everything differs.
    expect(await on('plan', 'apply', 'fleet.json')).toMatchObject({ code: 10 })
  })

  it('is stale when a listener came meanwhile', async () => {
    await on('lb', 'mirror', 'shop-web', '--plan-out', 'shop.json')
    const [pool] = await world.octavia.poolsOf(SHOP_WEB)
    await world.octavia.addMember(SHOP_WEB, pool.id, { address: '10.20.0.99', protocol_port: 8080 })
    await world.octavia.createListener(SHOP_WEB, { protocol: 'TCP', protocol_port: 8081, default_pool_id: pool.id })
    const stale = await on('plan', 'apply', 'shop.json')
    expect(stale).toMatchObject({ code: 10, stderr: expect.stringContaining('STALE_PLAN') })
    expect(await mirrored()).toEqual([])
  })

  it('that somebody changed, however consistently, is refused', async () => {
    await on('lb', 'mirror', 'shop-web', '--plan-out', 'shop.json')
    const path = join(world.home, 'shop.json')
    const text = readFileSync(path, 'utf8')
    for (const [was, is] of [
      ['10.20.0.11', '10.20.0.66'],
      [SHOP_WEB, SHOP_API],
      ['"allowances": []', '"allowances": [{ "code": "LB_OPEN", "reason": "x" }]'],
    ] as const) {
      expect(text).toContain(was)
      writeFileSync(path, text.replaceAll(was, is))
      const tampered = await on('plan', 'apply', 'shop.json')
      expect(tampered).toMatchObject({ code: 2, stderr: expect.stringContaining('PLAN_CHANGED') })
    }
    expect(await mirrored()).toEqual([])
  })
})
