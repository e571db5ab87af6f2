import { afterEach, describe, expect, it } from 'vitest'
import { realClock } from '../../src/lib/adapters/host/clock.ts'
import { startWorld, type World } from '../support/cli.ts'

const FLOATING = [{ project: 'shop', floating_ip_address: '198.51.100.11', fixed_ip_address: '203.0.113.11' }]
/** The shop's NLBs are internal, and its zone is public. */
const WORDS = ['--no-ramp', '--allow', 'DNS_PRIVATE_ADDRESS', '--reason', 'rehearsal', '--sandbox'] as const

let world: World
afterEach(() => world.close())

const attach = (...words: readonly string[]) =>
  world.run(['dns', 'attach', 'new.example.jp', '--mirror', 'shop-web', ...words, ...WORDS])

describe('dns attach of a name that answers nothing', () => {
  it('takes the floating IP that Neutron knows', async () => {
    world = await startWorld(200, realClock(), { floatingips: FLOATING })
    expect(await world.run(['lb', 'mirror', 'shop-web', '--yes', '--sandbox'])).toMatchObject({ code: 0 })
    const planned = await attach('--plan')
    expect(planned.stdout.replaceAll(/\s+/g, ' ')).toContain(
      "198.51.100.11 is the floating IP of the load balancer's VIP: it becomes Octavia's address",
    )
    expect(await attach('--yes')).toMatchObject({ code: 0 })
    const shown = await world.run(['dns', 'show', 'new.example.jp', '--sandbox'])
    expect(shown.stdout).toContain('198.51.100.11')
  })

  it('is refused where there is none, before the mirror is made too', async () => {
    world = await startWorld(200, realClock(), { floatingips: [] })
    const mirrored = await world.run(['lb', 'mirror', 'shop-web', '--hostname', 'new.example.jp', '--yes', ...WORDS])
    expect(mirrored).toMatchObject({ code: 6 })
    expect(mirrored.stdout.replaceAll(/\s+/g, ' ')).toContain('Neutron knows no floating IP of its VIP')
    expect(await world.run(['lb', 'mirror', 'shop-web', '--yes', '--sandbox'])).toMatchObject({ code: 0 })
    const refused = await attach('--yes')
    expect(refused).toMatchObject({ code: 6 })
    expect(refused.stdout).toContain('DNS_NOTHING_THERE')
  })

  it('says why where Neutron does not answer, and is done without it where the address is given', async () => {
    world = await startWorld(200, realClock(), { floatingips: FLOATING })
    expect(await world.run(['lb', 'mirror', 'shop-web', '--yes', '--sandbox'])).toMatchObject({ code: 0 })
    world.sandbox.setOutages([{ service: 'network', kind: 'hang' }])
    const refused = await attach('--yes')
    expect(refused).toMatchObject({ code: 6 })
    expect(refused.stdout.replaceAll(/\s+/g, ' ')).toContain(
      'its floating IP could not be looked up: no answer within 10 s',
    )
    const given = await attach('--octavia-address', '203.0.113.11', '--plan')
    expect(given).toMatchObject({ code: 0 })
    expect(given.stdout).not.toContain('DNS_FLOATING_IP')
  })
})
