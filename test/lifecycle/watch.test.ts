import { afterEach, describe, expect, it } from 'vitest'
import { interrupted } from '../../src/lib/core/errors.ts'
import type { NyahEvent } from '../../src/lib/core/events.ts'
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

const BULK = 'b01c0000-0000-4000-8000-000000000007'

const isRegistration = ({ type, data }: NyahEvent): boolean =>
  type === 'change.succeeded' && 'id' in data && data.id.endsWith('/register')

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
    await watching.until('the registration', () => watching.events.some(isRegistration))
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

  it(
    'follows what is PENDING once it is ACTIVE, says once what is held, and goes on with the others',
    { timeout: 90_000 },
    async () => {
      const stage = await staged()
      expect((await stage.mirror(SHOP_WEB, BULK)).outcome).toBe('applied')
      const watching = stage.watch()
      await watching.polls(3)

      stage.sandbox.force(SHOP_WEB, 'PENDING_UPDATE')
      const [bulk] = await stage.octavia.poolsOf(BULK)
      await stage.octavia.addMember(BULK, bulk.id, { address: '10.20.0.98', protocol_port: 9000 })
      await watching.until('the registration of the other', () =>
        / added targets .*10\.20\.0\.98/.test(watching.stdout()),
      )
      await watching.polls(6)
      stage.sandbox.force(SHOP_WEB, 'ACTIVE')
      const [pool] = await stage.octavia.poolsOf(SHOP_WEB)
      await stage.octavia.addMember(SHOP_WEB, pool.id, { address: '10.20.0.99', protocol_port: 8080 })
      await watching.until('the registration', () => / added targets .*10\.20\.0\.99/.test(watching.stdout()))
      expect(watching.stdout().match(/ held /g)?.length ?? 0).toBeLessThanOrEqual(1)
      await watching.stop(interrupted('SIGTERM'))
    },
  )

  it('while AWS is down it says so once, backs off, and catches up', { timeout: 90_000 }, async () => {
    const stage = await staged()
    expect((await stage.mirror(SHOP_WEB)).outcome).toBe('applied')
    const watching = stage.watch({ interval: '2m' }, 'ndjson')
    await watching.polls(2)

    stage.meddle.aws = () => () => ({ status: 503, body: '<html>no</html>' })
    const [pool] = await stage.octavia.poolsOf(SHOP_WEB)
    await stage.octavia.addMember(SHOP_WEB, pool.id, { address: '10.20.0.97', protocol_port: 8080 })
    const downAt = stage.clock.now()
    await watching.until('an hour', () => stage.clock.now() - downAt > 3_600_000)
    const ends = watching.told.filter(({ type }) => type === 'ended')
    expect(ends.length).toBeGreaterThan(5)
    expect(ends.length).toBeLessThan(20)
    expect(
      watching.told.filter((one) => one.type === 'news').map((one) => one.type === 'news' && one.news.type),
    ).toEqual(['failing'])
    // Octavia was polled all the while.
    expect(watching.told.filter(({ type }) => type === 'polled').length).toBeGreaterThanOrEqual(28)

    stage.meddle.aws = () => undefined
    const upAt = stage.clock.now()
    await watching.until('the registration', () => watching.events.some(isRegistration))
    expect(stage.clock.now() - upAt).toBeLessThanOrEqual(11 * 60_000)
    expect(await watching.stop(interrupted('SIGINT'))).toBe(130)

    const lines = watching
      .stdout()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const byRun = new Map<string, any[]>()
    for (const line of lines) byRun.set(line.run, [...(byRun.get(line.run) ?? []), line])
    for (const events of byRun.values()) {
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
      expect(events.at(-1)).toMatchObject({ type: 'run.finished' })
    }
    // The watch itself, the first that failed, the one that wrote, and no quiet ones.
    expect(byRun.size).toBeLessThanOrEqual(4)
  })

  it('follows on what AWS lists no more all at once, says so, and ends with 12', { timeout: 60_000 }, async () => {
    const stage = await staged()
    expect((await stage.mirror(SHOP_WEB, BULK)).outcome).toBe('applied')
    const watching = stage.watch({ resync: '2m' })
    await watching.polls(2)
    // Another account: all requests are answered, and there is nothing.
    const emptied = (body: string): string => body.replace(/<(LoadBalancers|TargetGroups)>.*<\/\1>/s, '<$1></$1>')
    stage.meddle.aws =
      () =>
      ({ status, body }) => ({ status, body: emptied(body) })
    const gone = () =>
      watching.stdout().includes('WATCH_MIRRORS_VANISHING  AWS no longer lists 2 of 2 followed mirrors')
    await watching.until('the note', gone)
    await watching.polls(6)
    expect(watching.stdout().match(/WATCH_MIRRORS_VANISHING/g)).toHaveLength(1)

    stage.meddle.aws = () => undefined
    await watching.until('the other note', () => watching.stdout().includes('WATCH_MIRRORS_BACK'))
    const [pool] = await stage.octavia.poolsOf(SHOP_WEB)
    await stage.octavia.addMember(SHOP_WEB, pool.id, { address: '10.20.0.96', protocol_port: 8080 })
    await watching.until('the registration', () => watching.events.some(isRegistration))

    stage.meddle.aws =
      () =>
      ({ status, body }) => ({ status, body: emptied(body) })
    await watching.until('the note again', () => watching.stdout().match(/WATCH_MIRRORS_VANISHING/g)?.length === 2)
    expect(await watching.stop(interrupted('SIGTERM'))).toBe(12)
  })
})
