import { createRequire } from 'node:module'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newHome, nyah, ROOT, steady } from '../support/cli.ts'

interface Commands {
  readonly [id: string]: { readonly args?: Readonly<Record<string, { readonly ignoreStdin?: boolean }>> }
}

const { COMMANDS } = createRequire(import.meta.url)(join(ROOT, 'dist', 'cli.cjs')) as { COMMANDS: Commands }
const OURS = Object.keys(COMMANDS).filter((id) => !/^(help|autocomplete)/.test(id))

let home: string
beforeAll(() => {
  home = newHome()
})
afterAll(() => expect(OURS.length).toBeGreaterThan(12))

describe('help', () => {
  it('of nyah itself', async () => {
    const { stdout, code } = await nyah(home, ['--help'])
    expect(code).toBe(0)
    await expect(steady(stdout)).toMatchFileSnapshot(`${ROOT}fixtures/golden/cli/help.txt`)
  })

  it.each(OURS)('of %s', async (id) => {
    const { stdout, code } = await nyah(home, [...id.split(':'), '--help'])
    expect(code).toBe(0)
    await expect(steady(stdout)).toMatchFileSnapshot(`${ROOT}fixtures/golden/cli/help-${id.replace(':', '-')}.txt`)
  })

  it('no positional argument is ever read from standard input', () => {
    const args = OURS.flatMap((id) =>
      Object.entries(COMMANDS[id]?.args ?? {}).map(([name, arg]) => ({ id, name, arg })),
    )
    expect(args.length).toBeGreaterThan(5)
    expect(args.filter(({ arg }) => arg.ignoreStdin !== true)).toEqual([])
  })

  it('a command that does not exist: what may be meant, exit 2', async () => {
    const { stderr, code } = await nyah(home, ['lb', 'miror', 'x'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/lb miror/)
  })
})
