import { beforeAll, describe, it } from 'vitest'
import { SHOP_WEB } from '../support/cli.ts'
import { MINUTES, type Stage, startStage } from './process.ts'
import { afterFrames, cursorShown, demandScript, frames, isColoured, plain, type Pty, startPty } from './pty.ts'

const MIRROR = ['lb', 'mirror', 'shop-web', '--sandbox']
const QUESTION = /\[y\/N\]/

const stateOf = async (stage: Stage): Promise<unknown> => {
  const { stdout } = await stage.run(['lb', 'list', '--sandbox', '--json'])
  return JSON.parse(stdout).loadBalancers.find(({ id }: { id: string }) => id === SHOP_WEB).mirror
}

const onStage = async (work: (stage: Stage) => Promise<void>): Promise<void> => {
  const stage = await startStage(1)
  try {
    await work(stage)
  } finally {
    await stage.close()
  }
}

/** Answers the question, and lets the NLB become active. */
async function apply(stage: Stage, terminal: Pty): Promise<void> {
  await terminal.until(QUESTION)
  terminal.type('y\r')
  await terminal.until(/waiting/)
  stage.pass(10 * MINUTES)
}

beforeAll(demandScript)

describe.concurrent('on a terminal', () => {
  it('a yes applies the plan under the live view', ({ expect }) =>
    onStage(async (stage) => {
      stage.aws.inject({ action: 'CreateLoadBalancer', kind: 'delay', ms: 700 })
      const terminal = startPty(stage.home, MIRROR)
      await apply(stage, terminal)
      const { stdout, code } = await terminal.ended
      expect(code).toBe(0)
      const [asked = '', answered = ''] = plain(stdout).split('[y/N]')
      expect(asked).toMatch(/create +listener .*443/)
      expect(asked).toContain('Apply this to sandbox?')
      expect(answered).not.toContain('Apply this')
      const drawn = frames(stdout)
      // One picture after the other: under way, then all made, then waited for.
      const creating = drawn.findIndex((frame) => /creating +load-balancer +nyah-shop-web-ef5e7c45/.test(frame))
      const created = drawn.findIndex((frame) => /✔ created +load-balancer +nyah-shop-web-ef5e7c45/.test(frame))
      const waiting = drawn.findIndex((frame) => /waiting until healthy/.test(frame) && /8 of 8 changes/.test(frame))
      expect(creating).toBeGreaterThan(-1)
      expect(created).toBeGreaterThan(creating)
      expect(waiting).toBeGreaterThan(-1)
      expect(drawn.at(-1)).toMatch(/✔ created +listener +TCP 443/)
      expect(drawn.at(-1)).not.toContain('waiting')
      expect(afterFrames(stdout)).toMatch(
        /^Applied, and healthy: 8 changes made in [\d.ms ]+\.\nshop-web {2}nyah-shop-web-\S+\.amazonaws\.com\n$/,
      )
      expect(cursorShown(stdout)).toBe(true)
      expect(isColoured(stdout)).toBe(true)
      expect(await stateOf(stage)).toMatchObject({ state: 'active' })
    }))

  it.for([
    ['n', 'n\r'],
    ['Enter alone', '\r'],
    ['the end of the input', '\x04'],
  ] as const)('%s declines: exit 6, nothing changed', ([_what, keys], { expect }) =>
    onStage(async (stage) => {
      const terminal = startPty(stage.home, MIRROR)
      await terminal.until(QUESTION)
      terminal.type(keys)
      const { stdout, code } = await terminal.ended
      expect(code).toBe(6)
      expect(plain(stdout)).toMatch(/Declined: nothing was changed\. \(exit 6\)\n$/)
      expect(cursorShown(stdout)).toBe(true)
      expect(await stateOf(stage)).toBe('none')
    }),
  )

  it('Ctrl-C at the question: exit 130, nothing changed', ({ expect }) =>
    onStage(async (stage) => {
      const terminal = startPty(stage.home, MIRROR)
      await terminal.until(QUESTION)
      terminal.type('\x03')
      const { stdout, code } = await terminal.ended
      expect(code).toBe(130)
      expect(plain(stdout)).toMatch(/Interrupted: nothing was changed\. \(exit 130\)\n$/)
      expect(cursorShown(stdout)).toBe(true)
      expect(await stateOf(stage)).toBe('none')
    }))

  it('Ctrl-C under the live view: the terminal is as it was, and the way on is shown', ({ expect }) =>
    onStage(async (stage) => {
      const terminal = startPty(stage.home, MIRROR)
      await terminal.until(QUESTION)
      terminal.type('y\r')
      await terminal.until(/waiting until healthy/)
      terminal.type('\x03')
      const { stdout, code } = await terminal.ended
      expect(code).toBe(130)
      expect(cursorShown(stdout)).toBe(true)
      const last = afterFrames(stdout)
      expect(last).toMatch(/^Interrupted: 8 changes made in [\d.ms ]+\. \(exit 130\)$/m)
      const [, id = ''] = /nyah run resume (\S+)/.exec(last) ?? []
      stage.pass(10 * MINUTES)
      expect((await stage.run(['run', 'resume', id, '--sandbox'])).code).toBe(0)
    }))

  it('--yes does not ask', ({ expect }) =>
    onStage(async (stage) => {
      const terminal = startPty(stage.home, [...MIRROR, '--yes'])
      await terminal.until(/waiting/)
      stage.pass(10 * MINUTES)
      const { stdout, code } = await terminal.ended
      expect(code).toBe(0)
      expect(plain(stdout)).not.toMatch(QUESTION)
      expect(frames(stdout).length).toBeGreaterThan(2)
    }))

  it('unmirror wants the UUID typed, and nothing else will do', ({ expect }) =>
    onStage(async (stage) => {
      const made = stage.run([...MIRROR, '--yes', '--no-wait'])
      expect((await made).code).toBe(0)
      const unmirror = async (typed: string, flags: readonly string[] = []) => {
        const terminal = startPty(stage.home, ['lb', 'unmirror', 'shop-web', '--sandbox', ...flags])
        await terminal.until(/to go ahead:/)
        terminal.type(`${typed}\r`)
        // AWS lets go of target groups and addresses only after minutes.
        const timer = setInterval(() => stage.pass(MINUTES), 200)
        return terminal.ended.finally(() => clearInterval(timer))
      }
      for (const wrong of ['y', 'shop-web', SHOP_WEB.replace(/1$/, '2')]) {
        expect(await unmirror(wrong)).toMatchObject({ code: 6, stdout: expect.stringContaining('nothing was changed') })
      }
      // --yes does not answer this; where somebody is there, they are asked.
      expect((await unmirror('yes', ['--yes'])).code).toBe(6)
      expect(await stateOf(stage)).toMatchObject({ name: 'nyah-shop-web-ef5e7c45' })
      expect((await unmirror(SHOP_WEB, ['--yes'])).code).toBe(0)
      expect(await stateOf(stage)).toBe('none')
    }))
})

describe.concurrent('on a terminal that wants it plain', () => {
  it.for([
    ['NO_COLOR=1', { NO_COLOR: '1' }, []],
    ['--no-color', {}, ['--no-color']],
    ['TERM=dumb', { TERM: 'dumb' }, []],
  ] as const)('%s: asks, no colour, no animation, one line per step', ([_what, env, flags], { expect }) =>
    onStage(async (stage) => {
      const terminal = startPty(stage.home, [...MIRROR, ...flags], env)
      await apply(stage, terminal)
      const { stdout, code } = await terminal.ended
      expect(code).toBe(0)
      expect(isColoured(stdout)).toBe(false)
      expect(frames(stdout)).toEqual([])
      expect(stdout).not.toContain('\x1b[?25l')
      expect(plain(stdout)).toMatch(/^\d\d:\d\d:\d\d {2}created +load-balancer /m)
      expect(plain(stdout)).toContain('Applied, and healthy')
    }),
  )

  it.for(['xterm-nonsense-9000', ''])('TERM=%j is a terminal like any other', (TERM, { expect }) =>
    onStage(async (stage) => {
      const terminal = startPty(stage.home, MIRROR, { TERM })
      await apply(stage, terminal)
      const { stdout, code } = await terminal.ended
      expect(code).toBe(0)
      expect(plain(stdout)).toContain('Applied, and healthy')
      expect(cursorShown(stdout)).toBe(true)
    }),
  )
})

describe.concurrent('where nobody can answer', () => {
  it.for([
    ['CI=true on a terminal', { CI: 'true' }, ''],
    ['standard input from elsewhere', {}, '</dev/null'],
    ['standard error into a file', {}, '2>err.txt'],
  ] as const)('%s: never asks, exit 5', ([_what, env, redirects], { expect }) =>
    onStage(async (stage) => {
      const terminal = startPty(stage.home, MIRROR, env, redirects)
      const { stdout, code } = await terminal.ended
      expect(code).toBe(5)
      expect(plain(stdout)).not.toMatch(QUESTION)
      expect(frames(stdout)).toEqual([])
      if ('CI' in env) expect(isColoured(stdout)).toBe(false)
      expect(await stateOf(stage)).toBe('none')
    }),
  )

  it('CI=true with --yes: plain lines, no ANSI at all', ({ expect }) =>
    onStage(async (stage) => {
      const terminal = startPty(stage.home, [...MIRROR, '--yes'], { CI: 'true' })
      await terminal.until(/waiting/)
      stage.pass(10 * MINUTES)
      const { stdout, code } = await terminal.ended
      expect(code).toBe(0)
      expect(stdout).not.toContain('\x1b')
      expect(stdout).toMatch(/^\d\d:\d\d:\d\d {2}created +load-balancer /m)
    }))
})
