import { readdir } from 'node:fs/promises'
import { BuildError, ROOT, SRC } from './paths.ts'

/** `lb:mirror` ⇒ the expression that loads its class. */
export type CommandTable = ReadonlyMap<string, string>

const HELP = `${ROOT}node_modules/@oclif/plugin-help/lib/commands/help.js`

/** Commands of oclif's plugins; they are bundled, so that oclif need not look for plugins at all. */
const PLUGIN_COMMANDS: CommandTable = new Map([
  ['autocomplete', `deaf(require('nyah:chunk/autocomplete').Index)`],
  ['autocomplete:create', `deaf(require('nyah:chunk/autocomplete').Create)`],
  ['autocomplete:script', `deaf(require('nyah:chunk/autocomplete').Script)`],
  ['help', `deaf(require(${JSON.stringify(HELP)}).default)`],
])

/** `lb/mirror.ts` ⇒ `lb:mirror`; `run/index.ts` ⇒ `run`. Throws BuildError for what cannot be a command. */
export function commandId(name: string): string {
  if (!/^[a-z0-9/-]+\.ts$/.test(name)) throw new BuildError(`src/commands/${name}: a command is a lower-case .ts file`)
  return name
    .replace(/\.ts$/, '')
    .replace(/(^|\/)index$/, '')
    .replaceAll('/', ':')
}

/** One file of `src/commands/**` is one command. Sorted by id. */
export async function findCommands(): Promise<CommandTable> {
  const root = `${SRC}commands/`
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => `${entry.parentPath}/${entry.name}`)
  const own = files.map((file) => {
    const path = file.replaceAll('\\', '/').replaceAll('//', '/')
    return [commandId(path.slice(root.length)), `require(${JSON.stringify(path)}).default`] as const
  })
  return new Map([...own, ...PLUGIN_COMMANDS].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** oclif reads standard input for a missing argument, which eats the input of `while read`: not for these either. */
const DEAF = `const deaf = (command) => {
  for (const argument of Object.values(command.args ?? {})) argument.ignoreStdin = true
  return command
}`

/**
 * The command table as a module: an object of getters, so that oclif loads the one command it runs and nothing of
 * the others. `require` of an ES module inside the bundle is esbuild's lazy initialisation; no file is read.
 */
export function commandTable(commands: CommandTable): string {
  const rows = [...commands].map(([id, expression]) => `  get ${JSON.stringify(id)}() { return ${expression} },`)
  return [DEAF, 'export const COMMANDS = {', ...rows, '}', ''].join('\n')
}
