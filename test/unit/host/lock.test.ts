import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { liveRuns, takeLocks } from '../../../src/lib/adapters/host/lock.ts'
import { stateOf, thisProcess } from '../../../src/lib/adapters/host/process.ts'
import { lockChild } from '../../support/lock-child.ts'

let root: string
let locks: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'nyah-lock-'))
  locks = join(root, 'locks')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

/** The lock of one scope of a context. */
const takeLock = (directory: string, context: string, run: string) => takeLocks(directory, context, ['shop'], run)

const locked = (part: object = {}) => expect.objectContaining({ code: 'RUN_LOCKED', exit: 10, ...part }) as Error

/** A process that waits for a word before it takes the lock. */
async function contender(run: string, scopes = ['shop']) {
  const child = spawn(process.execPath, [lockChild, locks, 'production', run, ...scopes])
  const lines = linesOf(child)
  expect(await lines()).toBe('ready')
  return {
    child,
    take: () => {
      child.stdin.write('go\n')
      return lines()
    },
    end: () =>
      new Promise<void>((resolve) => {
        child.once('exit', () => resolve())
        child.kill('SIGKILL')
      }),
  }
}

function linesOf({ stdout }: ChildProcessWithoutNullStreams): () => Promise<string> {
  let text = ''
  let wake: () => void = () => undefined
  stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    wake()
  })
  return async () => {
    while (!text.includes('\n')) await new Promise<void>((resolve) => (wake = resolve))
    const end = text.indexOf('\n')
    const line = text.slice(0, end)
    text = text.slice(end + 1)
    return line
  }
}

describe('the lock of a scope', () => {
  it('keeps the second one out, naming the first, until it is given back', () => {
    const first = takeLock(locks, 'production', 'run-a')
    expect(() => takeLock(locks, 'production', 'run-b')).toThrow(
      locked({
        message: expect.stringContaining('run run-a (process') as string,
        details: expect.objectContaining({ run: 'run-a', pid: process.pid }) as object,
      }),
    )
    takeLock(locks, 'staging', 'run-c').release()
    first.release()
    const second = takeLock(locks, 'production', 'run-b')
    expect([...liveRuns(locks)]).toEqual(['run-b'])
    second.release()
    expect([...liveRuns(locks)]).toEqual([])
  })

  it('leaves one file per scope, 0600 in a directory 0700', () => {
    for (const run of ['a', 'b', 'c']) takeLock(locks, 'production', run).release()
    expect(readdirSync(locks)).toEqual(['production@shop.3.lock'])
    expect(statSync(join(locks, 'production@shop.3.lock')).mode & 0o777).toBe(0o600)
    expect(statSync(locks).mode & 0o777).toBe(0o700)
  })

  const both = (run: string, ...scopes: string[]) => takeLocks(locks, 'production', scopes, run)

  it('lets runs of other scopes alone', () => {
    const first = both('run-a', 'shop', 'admin')
    const second = both('run-b', 'web')
    expect([...liveRuns(locks)].toSorted()).toEqual(['run-a', 'run-b'])
    first.release()
    second.release()
    expect([...liveRuns(locks)]).toEqual([])
  })

  it('takes all or none, and names the scope that is held', () => {
    const first = both('run-a', 'shop')
    expect(() => both('run-b', 'web', 'shop', 'admin')).toThrow(
      locked({ message: expect.stringContaining('is at work on shop (context "production")') as string }),
    )
    // What it had taken before it met the held one was given back.
    both('run-c', 'admin', 'web').release()
    first.release()
    both('run-d', 'admin', 'shop', 'web').release()
  })

  it('takes one that is named twice once, and none for none', () => {
    both('run-a', 'shop', 'shop').release()
    both('run-b').release()
    expect(readdirSync(locks)).toEqual(['production@shop.1.lock'])
  })

  it('gives those who want the same ones in another order to exactly one of them', async () => {
    const orders = [
      ['a', 'b', 'c', 'd'],
      ['d', 'c', 'b', 'a'],
      ['b', 'd', 'a', 'c'],
      ['c', 'a', 'd', 'b'],
    ]
    const contenders = await Promise.all(orders.map((scopes, at) => contender(`run-${at}`, scopes)))
    const answers = await Promise.all(contenders.map(({ take }) => take()))
    expect(answers.toSorted()).toEqual(['RUN_LOCKED', 'RUN_LOCKED', 'RUN_LOCKED', 'got'])
    await Promise.all(contenders.map(({ end }) => end()))
  })

  it('respects a run of an earlier nyah, which had one lock for the whole context', () => {
    takeLocks(locks, 'other', ['x'], 'x').release()
    const old = join(locks, 'production.4.lock')
    writeFileSync(old, JSON.stringify({ ...thisProcess(), run: 'run-old', released: false }))
    expect(() => both('run-a', 'shop')).toThrow(
      locked({ details: expect.objectContaining({ run: 'run-old' }) as object }),
    )
    writeFileSync(old, JSON.stringify({ ...thisProcess(), run: 'run-old', released: true }))
    both('run-a', 'shop').release()
  })

  it('fits any name into a file name, and still tells them apart', () => {
    const long = (end: string) => 'x'.repeat(300) + end
    const first = both('run-a', long('1'))
    both('run-b', long('2')).release()
    expect(() => both('run-c', long('1'))).toThrow(locked())
    first.release()
  })

  it('does not mix up contexts whose names are alike, or odd', () => {
    const names = ['a', 'a.1', 'a/b', '../a', 'ü', '.']
    const held = names.map((name) => takeLock(locks, name, 'x'))
    for (const name of names) expect(() => takeLock(locks, name, 'y')).toThrow(locked())
    for (const one of held) one.release()
    expect(readdirSync(root)).toEqual(['locks'])
  })

  it('is taken over from a killed process by exactly one of many that try at once', async () => {
    const dead = await contender('run-dead')
    expect(await dead.take()).toBe('got')
    expect(() => takeLock(locks, 'production', 'run-x')).toThrow(locked())
    await dead.end()
    const contenders = await Promise.all(['1', '2', '3', '4', '5', '6'].map((n) => contender(`run-${n}`)))
    const answers = await Promise.all(contenders.map(({ take }) => take()))
    expect(answers.toSorted()).toEqual(['RUN_LOCKED', 'RUN_LOCKED', 'RUN_LOCKED', 'RUN_LOCKED', 'RUN_LOCKED', 'got'])
    await Promise.all(contenders.map(({ end }) => end()))
    takeLock(locks, 'production', 'run-last').release()
  })

  const holder = (part: object) =>
    writeFileSync(
      join(locks, 'production@shop.7.lock'),
      JSON.stringify({ ...thisProcess(), run: 'run-a', released: false, ...part }),
    )
  const withHolder = (part: object) => {
    takeLock(locks, 'other', 'x').release()
    holder(part)
  }

  it.each([
    ['its number was given to a later process', { started: '1' }],
    ['the machine was started anew', { boot: 'another boot' }],
  ])('is free when %s', (_, part) => {
    withHolder(part)
    takeLock(locks, 'production', 'run-b').release()
    expect(readdirSync(locks)).toContain('production@shop.8.lock')
  })

  it.each([
    ['on a machine that nobody here can look into', { machine: 'elsewhere' }],
    ['by something that cannot be read', { run: 7 }],
  ])('held %s stays held, and says which file to remove', (_, part) => {
    withHolder(part)
    const file = join(locks, 'production@shop.7.lock')
    expect(() => takeLock(locks, 'production', 'run-b')).toThrow(
      locked({ tries: expect.arrayContaining([expect.stringContaining(`rm ${file}`)]) as string[] }),
    )
    rmSync(file)
    takeLock(locks, 'production', 'run-b').release()
  })

  it('is never taken through a link', () => {
    symlinkSync(root, locks)
    expect(() => takeLock(locks, 'production', 'run-a')).toThrow(
      expect.objectContaining({ code: 'STATE_UNWRITABLE', exit: 3 }) as Error,
    )
  })

  it('holds no secret: only who holds it', () => {
    takeLock(locks, 'production', 'run-a')
    const text = readFileSync(join(locks, 'production@shop.1.lock'), 'utf8')
    expect(Object.keys(JSON.parse(text) as object).toSorted()).toEqual([
      'boot',
      'machine',
      'pid',
      'released',
      'run',
      'started',
    ])
  })
})

describe('the mark of a process', () => {
  it('tells this one alive, and one that is gone dead', async () => {
    expect(stateOf(thisProcess())).toBe('alive')
    const child = spawn(process.execPath, ['-e', '0'])
    await new Promise((resolve) => child.once('exit', resolve))
    expect(stateOf({ ...thisProcess(), pid: child.pid ?? 0, started: null })).toBe('dead')
  })
})
