import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, it } from 'vitest'
import { manifest } from '../../scripts/manifest.ts'

interface CommandClass {
  readonly args?: Readonly<Record<string, { readonly ignoreStdin?: boolean }>>
  readonly summary?: string
  readonly description?: string
}

const { COMMANDS }: { COMMANDS: Readonly<Record<string, CommandClass>> } = createRequire(import.meta.url)(
  '../../dist/cli.cjs',
)

it('the committed manifest is the one that dist/ gives', async () => {
  const committed = readFileSync(new URL('../../oclif.manifest.json', import.meta.url), 'utf8')
  expect(await manifest()).toBe(committed)
})

it('no argument is read from standard input: it would eat the input of `while read`', () => {
  const found = Object.entries(COMMANDS).flatMap(([id, { args = {} }]) =>
    Object.entries(args).map(([name, argument]) => `${id} ${name} ${argument.ignoreStdin}`),
  )
  expect(found).toContain('lb:mirror load-balancers true')
  expect(found.filter((line) => !line.endsWith(' true'))).toEqual([])
})

it('every command says in one line what it does', () => {
  const silent = Object.entries(COMMANDS).filter(([, { summary, description }]) => !summary && !description)
  expect(silent.map(([id]) => id)).toEqual([])
})
