import { afterAll, beforeAll, describe, it } from 'vitest'
import { SHOP_WEB } from '../support/cli.ts'
import { bash, eventsIn, MINUTES, type Stage, startStage } from './process.ts'

const manyMembers = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    address: `10.20.${100 + Math.floor(index / 200)}.${1 + (index % 200)}`,
    protocol_port: 8080,
  }))

describe.concurrent('pipes', () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await startStage(1)
  })
  afterAll(() => stage.close())

  it.for([
    ['--help', 'Makes a private cloud'],
    ['lb list --sandbox', 'NAME'],
    ['lb mirror shop-web --sandbox --plan', 'lb.mirror'],
  ] as const)('%s | head -n1 ends quietly', async ([line, first], { expect }) => {
    const { stdout, stderr } = await bash(stage.home, `nyah ${line} | head -n1; echo "\${PIPESTATUS[0]}"`)
    expect(stdout.split('\n')).toEqual([expect.stringContaining(first), '0', ''])
    expect(stderr).not.toContain('EPIPE')
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  it.for(['>&-', '2>&-', '>&- 2>&- <&-', '| true'])('lb list %s', async (redirect, { expect }) => {
    const { stdout, stderr } = await bash(stage.home, `nyah lb list --sandbox ${redirect}; echo "\${PIPESTATUS[0]}"`)
    expect(stdout).toMatch(/^0$/m)
    expect(stderr).toBe('')
  })

  it('a full disk: one clear line, and no success', async ({ expect }) => {
    const { stdout, stderr } = await bash(stage.home, 'nyah lb list --sandbox >/dev/full; echo $?')
    expect(stdout).toBe('3\n')
    expect(stderr).toMatch(/^OUTPUT_UNWRITABLE {2}[^\n]*ENOSPC[^\n]*\n$/)
  })

  it('standard input is left to the loop around it', async ({ expect }) => {
    const { stdout } = await bash(
      stage.home,
      `printf 'a\\nb\\n' | while read -r x; do echo "<$x>"; nyah lb list --sandbox | head -n1; nyah lb mirror shop-web --sandbox >/dev/null 2>&1; echo $?; done`,
    )
    expect(stdout.match(/<[ab]>\nNAME .*\n5\n/g)).toHaveLength(2)
  })

  it('a long document is whole, however slowly it is read', async ({ expect }) => {
    const { id } = await stage.octavia.createLoadBalancer({
      name: 'e2e-long',
      listeners: [{ protocol_port: 80, default_pool: { members: manyMembers(450) } }],
    })
    const { stdout, stderr } = await bash(
      stage.home,
      `nyah lb mirror ${id} --sandbox --plan --json | (sleep 1; cat); echo "\${PIPESTATUS[0]}" >&2`,
    )
    expect(stderr).toMatch(/^0$/m)
    // More than a pipe holds (64 KiB), so that it cannot have been written in one go.
    expect(stdout.length).toBeGreaterThan(70_000)
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, outcome: 'planned', exitCode: 0 })
  })
})

describe('a run whose reader goes away', () => {
  it('goes on to its end, and its journal is whole', async ({ expect }) => {
    const stage = await startStage(1000)
    try {
      const { stdout, stderr } = await bash(
        stage.home,
        'nyah lb mirror shop-web --sandbox --yes --output ndjson | head -n1; echo "${PIPESTATUS[0]}"',
      )
      expect(stdout).toMatch(/"run\.started".*\n0\n$/)
      expect(stderr).toBe('')
      const [run] = JSON.parse((await stage.run(['run', 'list', '--json'])).stdout).runs
      const events = eventsIn((await stage.run(['run', 'show', run.id, '--output', 'ndjson'])).stdout)
      expect(events.at(-1)).toMatchObject({ type: 'run.finished', data: { outcome: 'applied', exitCode: 0 } })
      stage.pass(5 * MINUTES)
      const shown = JSON.parse((await stage.run(['lb', 'show', SHOP_WEB, '--sandbox', '--json'])).stdout)
      expect(shown.changes).toEqual([])
    } finally {
      await stage.close()
    }
  })
})
