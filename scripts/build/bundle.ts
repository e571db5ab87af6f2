import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { build } from 'esbuild'
import type { Metafile, Plugin } from 'esbuild'
import { commandTable, findCommands } from './commands.ts'
import { lazyBuiltins } from './builtins.ts'
import { oclifPatches } from './patches.ts'
import {
  BuildError,
  DIST,
  IMPORT_META_URL,
  ROOT,
  SRC,
  TARGET,
  chunkName,
  isSandbox,
  isTui,
  packageOf,
} from './paths.ts'

/** Third-party packages that may stand in the bundle itself: what every command pays for. */
const ALLOWED = new Set(['@oclif/core', '@oclif/plugin-help', 'zod', 'ipaddr.js'])

/** oclif names these to look for TypeScript at run time; a shipped nyah has none. */
const NEVER = ['typescript', 'ts-node', 'tsx', 'semver']

/** Resolves what the bundle does not hold itself: chunks, the command table, package.json. */
const resolveOurs = (chunkFiles: Set<string>): Plugin => ({
  name: 'nyah',
  setup(context) {
    context.onResolve({ filter: /^nyah:commands$/ }, ({ path }) => ({ path, namespace: 'nyah' }))
    context.onLoad({ filter: /^nyah:commands$/, namespace: 'nyah' }, async () => ({
      contents: commandTable(await findCommands()),
      resolveDir: SRC,
    }))
    context.onResolve({ filter: /^nyah:chunk\// }, ({ path }) => ({
      path: `./${path.slice('nyah:chunk/'.length)}.cjs`,
      external: true,
    }))

    context.onResolve({ filter: /\.sdk\.ts$/ }, ({ path, resolveDir, kind }) => {
      const file = resolve(resolveDir, path)
      const name = chunkName(file)
      chunkFiles.add(file)
      if (!isTui(file)) {
        // A static import becomes a `require` when our importing module is initialised; a dynamic one must not become
        // Node's `import()`, which would be slower and give another shape.
        return kind === 'dynamic-import'
          ? { path: name, namespace: 'nyah-chunk' }
          : { path: `./${name}.cjs`, external: true }
      }
      if (kind !== 'dynamic-import') throw new BuildError(`${path} is an ES module: only import() it, from runtime/`)
      return { path: `./${name}.mjs`, external: true }
    })
    context.onResolve({ filter: /\/sandbox\/[\w-]+\.ts$/ }, ({ path, resolveDir, kind }) => {
      const file = resolve(resolveDir, path)
      if (!isSandbox(file)) return undefined
      if (kind !== 'dynamic-import') throw new BuildError(`${path}: only import() what is the sandbox's`)
      chunkFiles.add(file)
      return { path: chunkName(file), namespace: 'nyah-chunk' }
    })
    context.onLoad({ filter: /.*/, namespace: 'nyah-chunk' }, ({ path }) => ({
      contents: `module.exports = require('nyah:chunk/${path}')`,
    }))
  },
})

/** Packages that something outside of `allowed` and its dependencies brought into the bundle. */
export function strangers(meta: Metafile, allowed: ReadonlySet<string>): readonly string[] {
  const found = new Set<string>()
  for (const [input, { imports }] of Object.entries(meta.inputs)) {
    if (packageOf(input) !== null) continue
    for (const { path, external } of imports) {
      const name = packageOf(path)
      if (external !== true && name !== null && !allowed.has(name)) found.add(`${name} (imported by ${input})`)
    }
  }
  return [...found]
}

export interface Bundle {
  readonly text: string
  /** Absolute paths of the files that it names, `*.sdk.ts` and the sandbox's: each needs its chunk. */
  readonly chunkFiles: readonly string[]
}

/**
 * All of our code and oclif's core as one CommonJS file. `readable` keeps module names in it (for the arch lane, which
 * records what a command initialises). Throws BuildError.
 */
export async function bundle(options: { readable: boolean }): Promise<Bundle> {
  const chunkFiles = new Set<string>()
  const pjson = JSON.parse(await readFile(`${ROOT}package.json`, 'utf8'))
  const { name, version, description, type, oclif } = pjson
  const inlined = { name, version, description, type, oclif }
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: { cli: `${SRC}cli.ts` },
    outdir: DIST,
    outExtension: { '.js': '.cjs' },
    write: false,
    metafile: true,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: TARGET,
    mainFields: ['module', 'main'],
    conditions: ['import', 'node', 'module'],
    minify: !options.readable,
    legalComments: 'none',
    logLevel: 'silent',
    external: NEVER,
    define: {
      'process.env.NODE_ENV': '"production"',
      'import.meta.url': '__importMetaUrl',
      __NYAH_PACKAGE__: JSON.stringify(inlined),
    },
    banner: { js: `const __importMetaUrl=${IMPORT_META_URL};` },
    plugins: [lazyBuiltins((importer) => importer.startsWith(SRC)), resolveOurs(chunkFiles), oclifPatches()],
  })
  if (result.warnings.length > 0) throw new BuildError(result.warnings.map((warning) => warning.text).join('\n'))
  const odd = strangers(result.metafile, ALLOWED)
  if (odd.length > 0)
    throw new BuildError(`third-party code in cli.cjs, import it through a *.sdk.ts: ${odd.join(', ')}`)
  const [output] = result.outputFiles
  if (output === undefined) throw new BuildError('esbuild gave no output')
  return { text: output.text, chunkFiles: [...chunkFiles].toSorted() }
}
