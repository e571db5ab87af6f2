import { afterEach, describe, expect, it } from 'vitest'
import { interrupted } from '../../src/lib/core/errors.ts'
import { SHOP_WEB } from '../support/cli.ts'
import { watchStage, type WatchStage } from '../support/watch-stage.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function staged(): Promise<WatchStage> {
  const stage = await watchStage()
  closers.push(stage.close)
  return stage
}

const INTERVAL_MS = 30_000

const idsOn = async (stage: WatchStage, port: number): Promise<readonly string[]> =>
  ((await stage.targets()).find(({ name }) => name.endsWith(`-${port}`))?.targets ?? []).map(({ id }) => id)

describe('lb sync --watch', () => {
  it('registers a new member within one interval, then is quiet', { timeout: 60_000 }, async () => {
    const stage = await staged()
    expect((await stage.mirror(SHOP_WEB)).outcome).toBe('applied')
    const watching = stage.watch()
    await watching.polls(4)
    expect(watching.stderr()).toMatch(/^Following all mirrors in sandbox: 1 now\./)

    const [pool] = await stage.octavia.poolsOf(SHOP_WEB)
    await stage.octavia.addMember(SHOP_WEB, pool.id, { address: '10.20.0.99', protocol_port: 8080 })
    const addedAt = stage.clock.now()
    await watching.until('the registration', () =>
      watching.events.some(
        ({ type, data }) => type === 'change.succeeded' && 'id' in data && /\/register$/.test(data.id),
      ),
    )
    expect(stage.clock.now() - addedAt).toBeLessThanOrEqual(INTERVAL_MS + 5_000)
    expect(await idsOn(stage, 80)).toContain('10.20.0.99')
    expect(watching.stdout()).toMatch(/shop-web {2}added targets .*10\.20\.0\.99/)

    await watching.polls(4)
    const before = { ...stage.counted }
    const lines = watching.stdout()
    await watching.polls(5)
    expect(stage.counted.aws).toBe(before.aws)
    expect(stage.counted.octavia - before.octavia).toBe(5)
    expect(watching.stdout()).toBe(lines)
    expect(await watching.stop(interrupted('SIGTERM'))).toBe(0)
  })
})
