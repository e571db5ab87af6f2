import { interrupted } from '../../src/lib/core/errors.ts'
import type { SourceTree } from '../../src/lib/ports/source.ts'
import { buildWorld } from '../support/octavia-world.ts'
import { watchStage } from '../support/watch-stage.ts'
import { listener, loadBalancer, member, pool } from '../unit/lb/sources.ts'
import { median } from './measure.ts'

/**
 * What `lb sync --all --watch` costs where nothing happens (1,000 load balancers that are in step), how soon a new member
 * is registered, and what the process holds after many cycles. On the sandbox and on virtual time; prints, asserts nothing.
 *
 *   node --expose-gc test/bench/watch.ts [CYCLES]
 */
const FLEET = 1000
const CYCLES = Number(process.argv[2] ?? 200)
const CHANGES = 20
const INTERVAL_MS = 30_000
const SINCE = '2026-11-22T12:00:00'

const idOf = (at: number): string => `0be7c400-0000-4000-8000-${String(at).padStart(12, '0')}`

const tree = (at: number): SourceTree => ({
  loadbalancer: loadBalancer({
    id: idOf(at),
    name: `bench-${at}`,
    vip_address: '203.0.113.99',
    updated_at: SINCE,
  }),
  listeners: [listener({ id: 'l', name: 'l', protocol_port: 443, default_pool_id: 'p' })],
  pools: [
    pool({ id: 'p', name: 'p', healthmonitor: null, members: [member('10.20.1.1', { id: 'm', protocol_port: 8443 })] }),
  ],
})

const heapMb = (): number => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 2 ** 20
}

const stage = await watchStage()
try {
  const first = idOf(0)
  buildWorld(stage.sandbox, ...Array.from({ length: FLEET }, (_, at) => tree(at)))
  const made = await stage.mirror(first)
  if (made.outcome !== 'applied') throw new Error(`the mirror was not made: ${made.outcome} ${made.error?.message}`)
  // The others get load balancers like it, by their tags in step: nothing more is looked at where nothing changes.
  stage.sandbox.change((state) => {
    const [model] = Object.values(state.aws.loadBalancers)
    if (model === undefined) throw new Error('there is no mirror')
    const copies = Array.from({ length: FLEET - 1 }, (_, index) => {
      const at = index + 1
      const arn = `${model.arn}${at}`
      const tags = { ...model.tags, 'nyah:octavia-id': idOf(at), 'nyah:in-step': SINCE }
      return [arn, { ...model, arn, ordinal: model.ordinal + at, name: `nyah-bench-${at}`, tags }] as const
    })
    return {
      ...state,
      aws: { ...state.aws, loadBalancers: { ...state.aws.loadBalancers, ...Object.fromEntries(copies) } },
    }
  })
  const watching = stage.watch({ resync: '10000h' })
  await watching.polls(4)
  const before = { ...stage.counted }
  const heapBefore = heapMb()
  const began = process.cpuUsage()
  await watching.polls(CYCLES)
  const cpu = process.cpuUsage(began)
  const cost = { octavia: stage.counted.octavia - before.octavia, aws: stage.counted.aws - before.aws }
  // What a test keeps, nyah does not.
  watching.told.length = 0
  watching.events.length = 0
  const heapAfter = heapMb()

  const [ofFirst] = await stage.octavia.poolsOf(first)
  const delays: number[] = []
  for (let at = 0; at < CHANGES; at += 1) {
    await stage.clock.sleep((at * INTERVAL_MS) / CHANGES)
    const known = watching.events.length
    const addedAt = stage.clock.now()
    await stage.octavia.addMember(first, ofFirst.id, { address: `10.20.2.${at + 1}`, protocol_port: 8443 })
    await watching.until('the registration', () =>
      watching.events
        .slice(known)
        .some(({ type, data }) => type === 'change.succeeded' && 'id' in data && data.id.endsWith('/register')),
    )
    delays.push((stage.clock.now() - addedAt) / INTERVAL_MS)
  }
  await watching.stop(interrupted('SIGTERM'))
  const perCycle = (amount: number): string => (amount / CYCLES).toFixed(2)
  process.stdout.write(
    [
      `lb sync --all --watch, ${FLEET} load balancers in step, ${CYCLES} cycles`,
      `  Octavia requests per cycle     ${perCycle(cost.octavia)}   ${cost.octavia / CYCLES <= 2 ? 'within' : 'OVER'} 2`,
      `  AWS requests per cycle         ${perCycle(cost.aws)}   ${cost.aws === 0 ? 'within' : 'OVER'} 0`,
      `  CPU per cycle, sandbox too     ${((cpu.user + cpu.system) / 1000 / CYCLES).toFixed(1)} ms`,
      `  heap after full collection     ${heapAfter.toFixed(1)} MB, sandbox too (${heapBefore.toFixed(1)} MB before the cycles)   ${globalThis.gc === undefined ? 'without --expose-gc' : heapAfter < 100 ? 'within 100' : 'OVER 100'}`,
      `  member added to registered     ${median(delays).toFixed(2)} intervals (median of ${CHANGES}), at most ${Math.max(...delays).toFixed(2)}`,
      '',
    ].join('\n'),
  )
} finally {
  await stage.close()
}
