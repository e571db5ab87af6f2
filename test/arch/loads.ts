import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { bundle } from '../../scripts/build/bundle.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const RECORDER = new URL('./recorder.mjs', import.meta.url).href

/** What one command loads until it ends. */
export interface Loads {
  readonly exitCode: number | null
  /** Our own modules that were initialised, from the repository's root. */
  readonly modules: readonly string[]
  /** `@oclif/core 31`: packages inside the bundle, and how many of their modules were initialised. */
  readonly packages: readonly string[]
  /** Files of dist/ beside cli.cjs, with their bytes. */
  readonly chunks: readonly string[]
  readonly builtins: readonly string[]
}

const replaceOnce = (text: string, from: string, to: string): string => {
  if (text.split(from).length !== 2)
    throw new Error(`esbuild no longer writes ${JSON.stringify(from)}: mend the arch lane`)
  return text.replace(from, () => to)
}

/** esbuild's two helpers for lazy modules, made to say which module they initialise. */
export function instrument(text: string): string {
  const note = '(globalThis.__nyahInitialised ??= new Set()).add'
  const esm = replaceOnce(
    text,
    'return fn && (res = (0, fn[__getOwnPropNames(fn)[0]])(fn = 0)), res;',
    `if (fn) ${note}(__getOwnPropNames(fn)[0]); return fn && (res = (0, fn[__getOwnPropNames(fn)[0]])(fn = 0)), res;`,
  )
  return replaceOnce(
    esm,
    'return mod || (0, cb[__getOwnPropNames(cb)[0]])(',
    `if (!mod) ${note}(__getOwnPropNames(cb)[0]); return mod || (0, cb[__getOwnPropNames(cb)[0]])(`,
  )
}

/** A copy of the package whose bundle is readable and says what it initialises. */
export async function instrumentedCopy(directory: string): Promise<void> {
  for (const name of ['bin', 'dist']) mkdirSync(join(directory, name), { recursive: true })
  for (const name of ['package.json', 'oclif.manifest.json', 'bin/run.js'])
    copyFileSync(join(ROOT, name), join(directory, name))
  for (const name of readdirSync(join(ROOT, 'dist')))
    copyFileSync(join(ROOT, 'dist', name), join(directory, 'dist', name))
  const { text } = await bundle({ readable: true })
  writeFileSync(join(directory, 'dist', 'cli.cjs'), instrument(text))
}

const packageName = (module: string): string | null => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(module)?.[1] ?? null

/** Runs one command line in that copy. `env` is all the environment it gets. */
export function recordLoads(directory: string, argv: readonly string[], env: Readonly<Record<string, string>>): Loads {
  const record = join(directory, 'record.json')
  const run = join(directory, 'bin', 'run.js')
  const { status, stderr } = spawnSync(process.execPath, ['--import', RECORDER, run, ...argv], {
    cwd: directory,
    env: { ...env, NYAH_RECORD: record, NODE_DISABLE_COMPILE_CACHE: '1' },
    input: '',
    encoding: 'utf8',
  })
  if (status === 1 || status === null) throw new Error(`nyah ${argv.join(' ')} ended with ${status}: ${stderr}`)
  const { loaded, initialised }: { loaded: string[]; initialised: string[] } = JSON.parse(readFileSync(record, 'utf8'))
  const dist = pathToFileURL(join(directory, 'dist')).href
  const counts = new Map<string, number>()
  for (const name of initialised.map(packageName)) if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1)
  return {
    exitCode: status,
    modules: initialised.filter((name) => name.startsWith('src/')).toSorted(),
    packages: [...counts].map(([name, count]) => `${name} ${count}`).toSorted(),
    chunks: loaded
      .filter((url) => url.startsWith(dist) && !url.endsWith('/cli.cjs'))
      .map((url) => fileURLToPath(url))
      .map((file) => `${file.slice(file.lastIndexOf('/') + 1)} ${statSync(file).size}`)
      .toSorted(),
    builtins: loaded.filter((url) => url.startsWith('node:')).toSorted(),
  }
}

/** The record as text that a diff shows well. */
export function loadsText({ exitCode, modules, packages, chunks, builtins }: Loads): string {
  const part = (title: string, lines: readonly string[]): string =>
    [title, ...lines.map((line) => `  ${line}`)].join('\n')
  return [
    `exit ${exitCode}`,
    part('our modules', modules),
    part('packages in cli.cjs, and how many of their modules', packages),
    part('files beside cli.cjs, bytes', chunks),
    part('builtins', builtins),
    '',
  ].join('\n')
}
