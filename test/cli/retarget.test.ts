import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SHOP_WEB, startWorld, type World } from '../support/cli.ts'

let world: World
beforeEach(async () => {
  world = await startWorld()
})
afterEach(() => world.close())

const on = (...args: readonly string[]) => world.run([...args, '--sandbox'])

const members = (...addresses: readonly string[]) => addresses.map((address) => ({ address, protocol_port: 8080 }))

/** The shop's load balancer once more, under a new UUID and the old name. */
const rebuild = async (): Promise<string> => {
  const listener = (port: number, addresses: readonly string[], memberPort: number) => ({
    name: `tcp-${port}`,
    protocol: 'TCP',
    protocol_port: port,
    default_pool: {
      protocol: 'TCP',
      lb_algorithm: 'ROUND_ROBIN',
      members: members(...addresses).map((one) => ({ ...one, protocol_port: memberPort })),
    },
  })
  const { id } = await world.octavia.createLoadBalancer({
    name: 'shop-web',
    listeners: [
      listener(80, ['10.20.0.11', '10.20.0.12', '10.20.0.14'], 8080),
      listener(443, ['10.20.0.11', '10.20.0.12', '10.20.0.13'], 8443),
    ],
  })
  return id
}

const rows = async (): Promise<readonly any[]> => JSON.parse((await on('lb', 'list', '--json')).stdout).loadBalancers

describe('lb retarget', () => {
  it('by the names that both have: the NLB stays and follows the new one', async () => {
    expect((await on('lb', 'mirror', 'shop-web', '--yes')).code).toBe(0)
    const before = (await rows()).find(({ id }) => id === SHOP_WEB).mirror
    const id = await rebuild()

    const plan = await on('lb', 'retarget', 'shop-web', 'shop-web', '--plan-out', 'move.json')
    expect(plan.code).toBe(0)
    const moved = await on('plan', 'apply', 'move.json', '--json')
    expect(moved.code).toBe(0)
    const { plan: applied, outcome } = JSON.parse(moved.stdout)
    expect(outcome).toBe('applied')
    expect(applied.request).toMatchObject({ operation: 'lb.retarget', arguments: { ids: [id], formerId: SHOP_WEB } })

    const after = await rows()
    expect(after.find((row) => row.id === SHOP_WEB).mirror).toBe('none')
    expect(after.find((row) => row.id === id).mirror.name).toBe(before.name)
    expect((await on('lb', 'diff', '--all')).code).toBe(0)
    // Once more, it is what it is.
    const again = await on('lb', 'retarget', SHOP_WEB, id, '--yes', '--json')
    expect(JSON.parse(again.stdout).plan?.changes ?? []).toEqual([])
  })

  it('of one that is gone from Octavia: by the name of its NLB', async () => {
    expect((await on('lb', 'mirror', 'shop-web', '--yes')).code).toBe(0)
    const { name } = (await rows()).find(({ id }) => id === SHOP_WEB).mirror
    const id = await rebuild()
    await world.octavia.deleteLoadBalancer(SHOP_WEB)
    const { stdout, code } = await on('lb', 'retarget', name, 'shop-web', '--yes', '--json')
    expect({ code, outcome: JSON.parse(stdout).outcome }).toEqual({ code: 0, outcome: 'applied' })
    expect((await rows()).map((row) => [row.id, row.mirror?.name])).toContainEqual([id, name])
  })

  it.each([
    ['nobody has a mirror', ['lb', 'retarget', 'shop-web', 'shop-api'], 'LB_NOT_FOUND'],
    ['there is only one name', ['lb', 'retarget', 'shop-web'], 'USAGE'],
    ['both are one', ['lb', 'retarget', SHOP_WEB, SHOP_WEB.toUpperCase()], 'its mirror follows it already'],
  ])('is refused where %s', async (_, args, needle) => {
    const { code, stdout, stderr } = await on(...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(needle)
  })
})
