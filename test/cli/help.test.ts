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

  it.each([
    ['a misspelt command', ['lb', 'miror', 'x'], 'COMMAND_UNKNOWN', 'Try: nyah lb mirror\n'],
    ['a noun that is not built yet', ['prod', 'list'], 'COMMAND_NOT_BUILT', 'Prods and their rollouts'],
  ])('%s: told, never asked, exit 2', async (_what, args, code, needle) => {
    const ended = await nyah(home, args, { input: 'y\n' })
    expect(ended).toMatchObject({ code: 2, stdout: '' })
    expect(ended.stderr).toContain(code)
    expect(ended.stderr).toContain(needle)
  })
})
