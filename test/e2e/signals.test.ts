import { describe, it } from 'vitest'
import { SHOP_WEB } from '../support/cli.ts'
import { eventsIn, type Live, MINUTES, type Stage, startNyah, startStage, untilCalled } from './process.ts'

const MIRROR = ['lb', 'mirror', SHOP_WEB, '--sandbox', '--yes', '--output', 'ndjson']

/** Runs `work` on a world of its own. */
const onStage = (work: (stage: Stage) => Promise<void>) => async (): Promise<void> => {
  const stage = await startStage(1)
  try {
    await work(stage)
  } finally {
    await stage.close()
  }
}

const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const

/** When the signal comes. */
const MOMENTS: readonly (readonly [string, (stage: Stage, run: Live) => Promise<void>])[] = [
  [
    'reads',
    async ({ aws }) => {
      await untilCalled(aws, 'DescribeLoadBalancers')
    },
  ],
  [
    'applies',
    async ({ aws }) => {
      await untilCalled(aws, 'CreateLoadBalancer')
    },
  ],
  ['waits for health', (_stage, run) => run.until(/"verify\.waiting"/)],
]

const MATRIX = MOMENTS.flatMap(([when, moment]) => SIGNALS.map(([signal, code]) => ({ when, moment, signal, code })))

describe.concurrent('a signal', () => {
  it.for(MATRIX)(
    '$signal while it $when: exit $code, a whole journal, and a way on',
    ({ when, moment, signal, code }, { expect }) =>
      onStage(async (stage) => {
        stage.aws.inject(
          { action: 'CreateLoadBalancer', kind: 'delay', ms: 600 },
          ...(when === 'reads' ? [{ action: 'DescribeLoadBalancers', kind: 'delay', ms: 600 } as const] : []),
        )
        const run = startNyah(stage.home, MIRROR)
        await moment(stage, run)
        run.child.kill(signal)
        const { stdout, stderr, code: ended } = await run.ended
        expect(ended).toBe(code)
        expect(stderr).not.toMatch(/\n\s+at /)
        const events = eventsIn(stdout)
        expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
        expect(events.at(-1)).toMatchObject({ type: 'run.finished', data: { outcome: 'interrupted', exitCode: code } })
        expect(events.at(-2)).toMatchObject({ type: 'run.error', data: { error: { code: 'INTERRUPTED' } } })
        const { runs } = JSON.parse((await stage.run(['run', 'list', '--json'])).stdout)
        if (when === 'reads') {
          // Nothing was written yet, so there is nothing to finish.
          expect(runs).toEqual([])
          return
        }
        // What was under way was waited for: its outcome is known.
        const count = (type: string): number => events.filter((event) => event.type === type).length
        expect(count('change.started')).toBe(count('change.succeeded'))
        const [{ id }] = runs
        expect((await stage.run(['run', 'show', id, '--output', 'ndjson'])).stdout).toBe(stdout)
        expect(stderr).toContain(`nyah run resume ${id}`)

        stage.pass(10 * MINUTES)
        const resuming = startNyah(stage.home, ['run', 'resume', id, '--sandbox', '--yes', '--json'])
        if (when === 'applies') {
          await resuming.until(/waiting for/)
          stage.pass(10 * MINUTES)
        }
        const resumed = await resuming.ended
        expect(resumed.code).toBe(0)
        expect(JSON.parse(resumed.stdout)).toMatchObject({ outcome: when === 'applies' ? 'applied' : 'nothing-to-do' })
        expect((await stage.run(['lb', 'diff', 'shop-web', '--sandbox'])).code).toBe(0)
      })(),
  )

  it('a second one ends it at once; what it left is found', ({ expect }) =>
    onStage(async (stage) => {
      stage.aws.inject({ action: 'CreateLoadBalancer', kind: 'hang' })
      const run = startNyah(stage.home, MIRROR)
      await untilCalled(stage.aws, 'CreateLoadBalancer')
      run.child.kill('SIGINT')
      await run.until(/"change\.skipped"/)
      expect(run.child.exitCode).toBe(null)
      const asked = performance.now()
      run.child.kill('SIGINT')
      expect(await run.ended).toMatchObject({ code: 130, signal: null })
      expect(performance.now() - asked).toBeLessThan(2_000)

      const [killed] = JSON.parse((await stage.run(['run', 'list', '--json'])).stdout).runs
      expect(killed).toMatchObject({ standing: 'killed', outcome: null })
      const resuming = startNyah(stage.home, ['run', 'resume', killed.id, '--sandbox', '--yes'])
      await resuming.until(/waiting for/)
      stage.pass(10 * MINUTES)
      expect((await resuming.ended).code).toBe(0)
    })())

  it.for(SIGNALS)('%s to a command that only reads: exit %i', ([signal, code], { expect }) =>
    onStage(async (stage) => {
      stage.aws.inject({ action: 'DescribeLoadBalancers', kind: 'hang' })
      const run = startNyah(stage.home, ['lb', 'list', '--sandbox'])
      await untilCalled(stage.aws, 'DescribeLoadBalancers')
      run.child.kill(signal)
      const { stdout, stderr, code: ended } = await run.ended
      expect({ stdout, ended }).toEqual({ stdout: '', ended: code })
      expect(stderr).toMatch(new RegExp(`^INTERRUPTED {2}interrupted by ${signal}\n`))
    })(),
  )
})
