import { describe, it } from 'vitest'
import { SHOP_WEB } from '../support/cli.ts'
import { eventsIn, MINUTES, type Stage, startNyah, startStage, untilCalled } from './process.ts'

const onStage = async (work: (stage: Stage) => Promise<void>): Promise<void> => {
  const stage = await startStage(1)
  try {
    await work(stage)
  } finally {
    await stage.close()
  }
}

const mirror = (name: string): readonly string[] => ['lb', 'mirror', name, '--sandbox', '--yes', '--no-wait', '--json']

describe.concurrent('two nyahs of one machine at once', () => {
  it('on different load balancers both succeed; on the same one the second ends with 10', ({ expect }) =>
    onStage(async (stage) => {
      stage.aws.inject({ action: 'CreateLoadBalancer', kind: 'delay', ms: 4_000 })
      const first = startNyah(stage.home, mirror('shop-web'))
      await untilCalled(stage.aws, 'CreateLoadBalancer')
      const [other, same] = await Promise.all([
        startNyah(stage.home, mirror('shop-api')).ended,
        startNyah(stage.home, mirror(SHOP_WEB)).ended,
      ])
      // The first one was at work all the while.
      expect(first.child.exitCode).toBe(null)
      expect(other.code).toBe(0)
      expect(JSON.parse(other.stdout)).toMatchObject({ outcome: 'applied' })
      expect(same.code).toBe(10)
      const { error } = JSON.parse(same.stdout)
      expect(error.code).toBe('RUN_LOCKED')
      expect(error.message).toContain(`process ${first.child.pid}`)
      expect(error.message).toContain(SHOP_WEB)
      const made = await first.ended
      expect(JSON.parse(made.stdout)).toMatchObject({ outcome: 'applied', exitCode: 0 })
      expect(stage.aws.calls('CreateLoadBalancer')).toHaveLength(2)
    }))

  it('a fleet that meets one that is at work does nothing of anything', ({ expect }) =>
    onStage(async (stage) => {
      stage.aws.inject({ action: 'CreateLoadBalancer', kind: 'delay', ms: 4_000 })
      const first = startNyah(stage.home, mirror('shop-web'))
      await untilCalled(stage.aws, 'CreateLoadBalancer')
      const both = await stage.run(['lb', 'mirror', 'shop-api', SHOP_WEB, '--sandbox', '--yes', '--json'])
      expect(both.code).toBe(10)
      expect(stage.aws.calls('CreateLoadBalancer')).toHaveLength(1)
      expect((await first.ended).code).toBe(0)
    }))
})

describe.concurrent('an event stream', () => {
  it.for([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends in run.finished when %s comes while names are looked up', ([signal, code], { expect }) =>
    onStage(async (stage) => {
      stage.aws.inject({ action: 'DescribeLoadBalancers', kind: 'hang' })
      const run = startNyah(stage.home, ['lb', 'mirror', 'shop-web', '--sandbox', '--yes', '--output', 'ndjson'])
      await untilCalled(stage.aws, 'DescribeLoadBalancers')
      run.child.kill(signal)
      const { stdout, stderr, code: ended } = await run.ended
      expect(ended).toBe(code)
      const events = eventsIn(stdout)
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
      expect(events.find(({ type }) => type === 'run.started')).toMatchObject({
        data: { request: { operation: 'lb.mirror', arguments: { names: ['shop-web'] } }, actor: 'tester' },
      })
      expect(events.at(-2)).toMatchObject({ type: 'run.error', data: { error: { code: 'INTERRUPTED' } } })
      expect(events.at(-1)).toMatchObject({ type: 'run.finished', data: { outcome: 'interrupted', exitCode: code } })
      expect(stderr.match(/INTERRUPTED/g)).toHaveLength(1)
      expect(JSON.parse((await stage.run(['run', 'list', '--json'])).stdout).runs).toEqual([])
    }),
  )

  it('ends in run.finished for a name that nobody knows, and its exit code is the process’s', ({ expect }) =>
    onStage(async (stage) => {
      const { stdout, stderr, code } = await stage.run(['lb', 'sync', 'nope', '--sandbox', '--output', 'ndjson'])
      expect(code).toBe(2)
      expect(eventsIn(stdout).map(({ type }) => type)).toEqual(['run.started', 'run.error', 'run.finished'])
      expect(eventsIn(stdout).at(-1).data).toMatchObject({ outcome: 'failed', exitCode: 2 })
      expect(stderr.match(/LB_NOT_FOUND/g)).toHaveLength(1)
    }))

  it('tells of a plan that cannot be saved before anything is read, with the exit code of the process', ({ expect }) =>
    onStage(async (stage) => {
      const args = ['lb', 'mirror', 'shop-web', '--sandbox', '--plan-out', 'no/where.json', '--output', 'ndjson']
      const { stdout, code } = await stage.run(args)
      expect(code).toBe(3)
      expect(eventsIn(stdout).at(-2)).toMatchObject({ data: { error: { code: 'PLAN_UNWRITABLE' } } })
      expect(eventsIn(stdout).at(-1)).toMatchObject({ type: 'run.finished', data: { exitCode: 3 } })
      expect(stage.aws.calls('DescribeLoadBalancers')).toEqual([])
    }))
})

describe.concurrent('a fleet under a signal', () => {
  it('is finished by a resume, all of it', ({ expect }) =>
    onStage(async (stage) => {
      stage.aws.inject({ action: 'CreateLoadBalancer', kind: 'delay', ms: 600 })
      const args = ['lb', 'mirror', 'shop-web', 'shop-api', '--sandbox', '--yes', '--output', 'ndjson']
      const run = startNyah(stage.home, args)
      await untilCalled(stage.aws, 'CreateLoadBalancer')
      run.child.kill('SIGTERM')
      expect((await run.ended).code).toBe(143)
      const [{ id }] = JSON.parse((await stage.run(['run', 'list', '--json'])).stdout).runs
      const resuming = startNyah(stage.home, ['run', 'resume', id, '--sandbox', '--yes', '--json'])
      await resuming.until(/waiting for/)
      stage.pass(10 * MINUTES)
      const resumed = await resuming.ended
      expect(resumed.code).toBe(0)
      expect(JSON.parse(resumed.stdout).result.mirrors).toMatchObject([
        { mirror: { state: 'active' } },
        { mirror: { state: 'active' } },
      ])
    }))
})
