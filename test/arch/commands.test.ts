import { readFileSync, readdirSync } from 'node:fs'
import { expect, it } from 'vitest'

const root = new URL('../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')
const under = (folder: string, ending: RegExp): readonly string[] =>
  readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .filter((path) => ending.test(path))
    .map((path) => `${folder}${path}`)

interface Command {
  readonly flags: Readonly<Record<string, { readonly allowNo?: boolean }>>
}

const { commands }: { commands: Readonly<Record<string, Command>> } = JSON.parse(read('oclif.manifest.json'))
const topics = new Set(Object.keys(commands).map((id) => id.split(':')[0] ?? ''))

/** `nyah lb mirror … --adopt`, as hints and docs have it. A name that a template makes cannot be judged. */
const MENTION = /\bnyah ([a-z]+)(?: ([a-z][a-z-]*|\$\{))?([^\n`"',;)]*)/g

function wrongIn(text: string): readonly string[] {
  return [...text.matchAll(MENTION)].flatMap(([whole, first = '', second = '', rest = '']) => {
    if (!topics.has(first) || second.startsWith('${') || second.endsWith('-')) return []
    const command = commands[`${first}:${second}`] ?? commands[first]
    if (command === undefined) return second === '' ? [] : [`no command: ${whole}`]
    return [...rest.matchAll(/ --([a-z-]+)/g)].flatMap(([, flag = '']) => {
      const known = command.flags[flag] !== undefined || command.flags[flag.replace(/^no-/, '')]?.allowNo === true
      return known || flag === 'help' ? [] : [`no flag --${flag}: ${whole}`]
    })
  })
}

it('every command that a message or a page names exists, with the flags it is given there', () => {
  const files = [...under('src/', /\.ts$/), ...under('docs/', /\.md$/), 'README.md']
  const wrong = files.flatMap((path) => wrongIn(read(path)).map((what) => `${path}: ${what}`))
  expect(wrong).toEqual([])
})

it('would tell one that does not', () => {
  expect(wrongIn('Try: nyah lb mirrow X')).toEqual(['no command: nyah lb mirrow X'])
  expect(wrongIn('Try: nyah lb mirror X --adapt')).toEqual(['no flag --adapt: nyah lb mirror X --adapt'])
  expect(wrongIn('Try: nyah doctor --adopt')).toEqual(['no flag --adopt: nyah doctor --adopt'])
})
