import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Policy } from '../../src/lib/sandbox/aws/iam-policy.ts'
import type { SandboxState } from '../../src/lib/sandbox/services.ts'
import { type Ended, startWorld, type World } from '../support/cli.ts'
import { type FaultProxy, faultProxy } from '../support/faults.ts'

/** The policies of docs/aws.md for names are enough for what they say they are for, and hold nothing that is not asked for. */

const docs = readFileSync(new URL('../../docs/aws.md', import.meta.url), 'utf8')
const statementsOf = (name: string): Policy['Statement'] =>
  (
    JSON.parse(
      (new RegExp(`\`\`\`json ${name}\\n([^]*?)\`\`\``).exec(docs)?.[1] ?? '').replaceAll(
        'example-switch',
        'nyah-switch',
      ),
    ) as Policy
  ).Statement

describe('with no more than the documented policies', () => {
  let world: World
  let proxy: FaultProxy

  const run = (...words: readonly string[]): Promise<Ended> =>
    world.run([...words, '--config', join(world.home, 'nyah.yaml')])
  const restrict = (statements: Policy['Statement'] | null): void =>
    world.sandbox.change((state: SandboxState) => ({
      ...state,
      aws: { ...state.aws, policy: statements === null ? null : { Statement: statements } },
    }))
  /** From here on, whoever runs nyah has these policies. */
  const have = (...names: readonly string[]): void => restrict(names.flatMap(statementsOf))
  /** Says how it ended; AWS denied nothing, and nothing was unread. */
  const works = async (...words: readonly string[]): Promise<Ended> => {
    const ended = await run(...words)
    expect(`${ended.stdout}\n${ended.stderr}`).not.toMatch(/ACCESS_DENIED|denied|not read/)
    expect(ended).toMatchObject({ code: 0 })
    return ended
  }
  const fails = async (what: RegExp, ...words: readonly string[]): Promise<void> => {
    const ended = await run(...words)
    expect(`${ended.stdout}\n${ended.stderr}`.replaceAll(/\s+/g, ' ')).toMatch(what)
    expect(ended.code).not.toBe(0)
  }
  /** Which actions of Route 53 were called since the last look, and are in these policies; and which are in them. */
  const calledOf = (...names: readonly string[]) => {
    const called = new Set(proxy.calls().map(({ action }) => `route53:${action}`))
    proxy.reset()
    const all = names.flatMap(statementsOf).flatMap(({ Action }) => Action)
    const granted = [...new Set(all.filter((action) => action.startsWith('route53:')))].toSorted()
    return { granted, called: granted.filter((action) => called.has(action)) }
  }
  const configure = (failover: object): void => {
    const contexts = { prod: { sandbox: true, failover } }
    writeFileSync(join(world.home, 'nyah.yaml'), JSON.stringify({ currentContext: 'prod', contexts }))
  }
  const ok = ['--yes', '--reason', 'INC-1']
  const SHOP = 'shop.example.jp'
  const API = 'api.example.jp'
  const attach = ['dns', 'attach', SHOP, API, '--mirror', 'shop-web', '--no-ramp', '--check', 'tcp']

  beforeAll(async () => {
    world = await startWorld()
    proxy = await faultProxy(`${world.sandbox.url}/aws`)
    const file = join(world.home, 'state', 'sandbox.json')
    const beacon = JSON.parse(readFileSync(file, 'utf8')) as { env: Record<string, string> }
    beacon.env['AWS_ENDPOINT_URL'] = proxy.url
    writeFileSync(file, JSON.stringify(beacon))
    configure({})
    expect((await run('lb', 'mirror', 'shop-web', '--yes')).code).toBe(0)
  }, 30_000)
  afterAll(async () => {
    await world.close()
    await proxy.close()
  })

  // One life, each part standing on the one before: names that are attached, then armed, then moved with a card.
  it('names are attached, looked at, shifted, armed, moved and detached', { timeout: 120_000 }, async () => {
    have('read', 'names-read', 'doctor')
    await fails(
      /lack the IAM action route53:(CreateHealthCheck|ChangeResourceRecordSets)/,
      ...attach,
      ...ok,
      '--allow',
      'DNS_PRIVATE_ADDRESS',
    )

    have('read', 'names-read', 'names')
    proxy.reset()
    await works(...attach, '--allow', 'DNS_PRIVATE_ADDRESS', ...ok)
    await works(...attach, '--check-threshold', '4', '--allow', 'DNS_PRIVATE_ADDRESS', ...ok)
    await works('dns', 'shift', SHOP, '--to', 'aws=50', ...ok)
    await works('dns', 'weight', SHOP, 'octavia=90', 'aws=10', ...ok)
    await works('failover', 'end', '--all', '--healthy-for', '0', ...ok)

    have('read', 'names-read', 'doctor')
    await works('dns', 'show', SHOP, '--measure', '10')
    await works('dns', 'audit')
    await works('status')
    await works('failover', 'status')

    // No health, and no card: it goes all the same, and says what it does not know.
    have('failover')
    const blind = await run('failover', 'to-aws', '--all', ...ok)
    expect(`${blind.stdout}${blind.stderr}`).toContain('DNS_SIDE_UNKNOWN')
    expect(`${blind.stdout}${blind.stderr}`).not.toMatch(/DNS_SPREAD_UNKNOWN|DNS_NOT_ASKED/)
    expect(blind.code).toBe(0)

    have('failover', 'read', 'names-read')
    await works('failover', 'end', '--all', '--healthy-for', '0', ...ok)

    const alarms = { Effect: 'Allow', Action: 'cloudwatch:DescribeAlarms', Resource: '*' } as const
    restrict([...['failover', 'read', 'names-read'].flatMap(statementsOf), alarms])
    const gate = ['--abort-on', 'alarm:shop-errors@ap-northeast-1']
    await works('failover', 'drill', '--all', '--percent', '20', '--for', '2s', '--attended', ...gate, ...ok)

    configure({ switch: { bucket: 'nyah-switch', region: 'ap-northeast-3', key: 'nyah/away' } })
    have('read', 'names-read', 'names', 'switch')
    await works('failover', 'arm', '--all', ...ok)

    have('card', 'switch')
    const carded = await run('failover', 'to-aws', '--all', ...ok)
    expect(carded.stdout + carded.stderr).toContain('CARD_USED')
    expect(carded.stdout + carded.stderr).toMatch(/switch: +engaged/)
    expect(carded.code).toBe(0)

    have('failover', 'read', 'names-read', 'switch')
    await works('failover', 'end', '--all', '--healthy-for', '0', ...ok)

    // A batch is denied whole for one name that the card's policy leaves out.
    restrict(
      JSON.parse(
        JSON.stringify(statementsOf('card')).replaceAll('api.example.jp', 'web.example.jp'),
      ) as Policy['Statement'],
    )
    await fails(/lack the IAM action route53:ChangeResourceRecordSets/, 'failover', 'to-octavia', '--all', ...ok)

    have('read', 'names-read', 'names')
    await works('dns', 'detach', SHOP, API, ...ok)

    const { granted, called } = calledOf('names-read', 'names', 'failover', 'card')
    expect(called).toEqual(granted)
  })
})
