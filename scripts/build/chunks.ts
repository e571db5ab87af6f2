import { build, transform } from 'esbuild'
import type { BuildOptions, Metafile, Plugin } from 'esbuild'
import { lazyBuiltins } from './builtins.ts'
import { gotPatches } from './got.ts'
import { awsPatches } from './aws.ts'
import { BuildError, DIST, IMPORT_META_URL, ROOT, TARGET, chunkName } from './paths.ts'

/** File name in dist/ ⇒ its text. */
export type Files = ReadonlyMap<string, string>

/** Chunks of oclif's plugins, as modules: rarely used, and not small (a prompt library is 0.9 MB). */
const PLUGINS: ReadonlyMap<string, string> = new Map([
  [
    'autocomplete',
    `export { default as Index } from 'plugin:autocomplete/lib/commands/autocomplete/index.js'
     export { default as Create } from 'plugin:autocomplete/lib/commands/autocomplete/create.js'
     export { default as Script } from 'plugin:autocomplete/lib/commands/autocomplete/script.js'`,
  ],
  ['not-found', `export { default } from 'plugin:not-found/lib/index.js'`],
])

const COMMON = {
  absWorkingDir: ROOT,
  outdir: DIST,
  write: false,
  metafile: true,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: TARGET,
  mainFields: ['module', 'main'] as string[],
  conditions: ['import', 'node', 'module'] as string[],
  minify: true,
  legalComments: 'none',
  logLevel: 'silent',
  define: { 'process.env.NODE_ENV': '"production"' },
} as const satisfies BuildOptions

/** oclif's plugins use the core that is in the bundle: one copy, one cache, one `Command`. */
const pluginChunks: Plugin = {
  name: 'oclif-plugins',
  setup(context) {
    context.onResolve({ filter: /^nyah:chunk\// }, ({ path }) => ({
      path: path.slice('nyah:chunk/'.length),
      namespace: 'nyah-chunk',
    }))
    context.onLoad({ filter: /.*/, namespace: 'nyah-chunk' }, ({ path }) => ({
      contents: PLUGINS.get(path) ?? '',
      resolveDir: ROOT,
    }))
    context.onResolve({ filter: /^plugin:/ }, ({ path }) => ({
      path: `${ROOT}node_modules/@oclif/plugin-${path.slice('plugin:'.length)}`,
    }))
    context.onResolve({ filter: /^@oclif\/core$/ }, () => ({ path: 'core', namespace: 'nyah-core' }))
    context.onLoad({ filter: /.*/, namespace: 'nyah-core' }, () => ({
      contents: `module.exports = require('./cli.cjs').oclifCore()`,
      resolveDir: ROOT,
    }))
    context.onResolve({ filter: /^\.\/cli\.cjs$/ }, ({ path }) => ({ path, external: true }))
  },
}

/** Our own files in a chunk, other than its `*.sdk.ts`: there must be none, or they would exist twice. */
export const ourInputs = (meta: Metafile): readonly string[] =>
  Object.keys(meta.inputs).filter((input) => input.startsWith('src/') && !input.endsWith('.sdk.ts'))

function checked(meta: Metafile, warnings: readonly { text: string }[]): void {
  if (warnings.length > 0) throw new BuildError(warnings.map((warning) => warning.text).join('\n'))
  const ours = ourInputs(meta)
  if (ours.length > 0) throw new BuildError(`a *.sdk.ts re-exports packages only; it reaches ${ours.join(', ')}`)
}

/** esbuild splits ES modules only: each piece is turned into CommonJS afterwards, so that shared code exists once. */
async function toCommonJs(text: string): Promise<string> {
  const { code, warnings } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    target: TARGET,
    minify: true,
    legalComments: 'none',
    // A real `import('node:http')` reads the module's getters and loads undici (25 ms); the AWS SDK does it.
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': '__importMetaUrl' },
  })
  if (warnings.length > 0) throw new BuildError(warnings.map((warning) => warning.text).join('\n'))
  return code.includes('__importMetaUrl') ? `const __importMetaUrl=${IMPORT_META_URL};${code}` : code
}

/** The CommonJS chunks of these `*.sdk.ts` files and of oclif's plugins, with what they share. Throws BuildError. */
export async function commonJsChunks(sdkFiles: readonly string[]): Promise<Files> {
  const names = sdkFiles.map(chunkName)
  const twice = names.filter((name, index) => names.indexOf(name) !== index || PLUGINS.has(name) || name === 'cli')
  if (twice.length > 0) throw new BuildError(`two chunks named ${twice.join(', ')}: rename one *.sdk.ts`)
  const result = await build({
    ...COMMON,
    entryPoints: [
      ...sdkFiles.map((file) => ({ in: file, out: chunkName(file) })),
      ...[...PLUGINS.keys()].map((name) => ({ in: `nyah:chunk/${name}`, out: name })),
    ],
    splitting: true,
    chunkNames: 'shared-[hash]',
    outExtension: { '.js': '.cjs' },
    plugins: [lazyBuiltins(() => true), gotPatches, awsPatches, pluginChunks],
  })
  checked(result.metafile, result.warnings)
  const files = await Promise.all(
    result.outputFiles.map(async (file) => [file.path.slice(DIST.length), await toCommonJs(file.text)] as const),
  )
  return new Map(files)
}

/**
 * The sandbox, with a copy of the little it needs of ours (`core`, which knows errors by their names). Throws BuildError.
 *
 * @param files those that nyah itself imports
 */
export async function sandboxChunks(files: readonly string[]): Promise<Files> {
  const result = await build({
    ...COMMON,
    entryPoints: files.map((file) => ({ in: file, out: chunkName(file) })),
    splitting: true,
    chunkNames: 'sandbox-[hash]',
    outExtension: { '.js': '.cjs' },
    plugins: [lazyBuiltins(() => true)],
  })
  const odd = ourInputs(result.metafile).filter((input) => !/^src\/lib\/(sandbox|core)\//.test(input))
  if (odd.length > 0) throw new BuildError(`the sandbox speaks to nyah by HTTP alone; it reaches ${odd.join(', ')}`)
  const written = await Promise.all(
    result.outputFiles.map(async (file) => [file.path.slice(DIST.length), await toCommonJs(file.text)] as const),
  )
  return new Map(written)
}

/** Ink and React as an ES module, loaded by a real `import()`. */
export async function esmChunks(sdkFiles: readonly string[]): Promise<Files> {
  if (sdkFiles.length === 0) return new Map()
  const result = await build({
    ...COMMON,
    entryPoints: sdkFiles.map((file) => ({ in: file, out: chunkName(file) })),
    outExtension: { '.js': '.mjs' },
    banner: {
      js: `import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);`,
    },
    alias: { 'react-devtools-core': `${ROOT}scripts/build/no-devtools.ts` },
  })
  checked(result.metafile, result.warnings)
  return new Map(result.outputFiles.map((file) => [file.path.slice(DIST.length), file.text]))
}
