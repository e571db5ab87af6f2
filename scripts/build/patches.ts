import { readFile } from 'node:fs/promises'
import type { Plugin } from 'esbuild'
import { BuildError } from './paths.ts'

/**
 * What is replaced in @oclif/core so that every command starts faster (milliseconds of a 25 ms start). A pattern that is
 * gone stops the build: look at the new release, then mend the patch, or drop it and pay.
 */
export interface Patch {
  readonly file: string
  readonly from: string
  readonly to: string
}

export const PATCHES: readonly Patch[] = [
  // The first `localeCompare` loads ICU's collator: 6 ms.
  {
    file: '@oclif/core/lib/config/plugin.js',
    from: '.sort((a, b) => a.id.localeCompare(b.id))',
    to: '.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))',
  },
  // wsl-utils and what it needs: 3 ms, to print "wsl" in place of "linux".
  {
    file: '@oclif/core/lib/util/os.js',
    from: "(await import('wsl-utils')).isWsl ? 'wsl' : (0, node_os_1.platform)()",
    to: '(0, node_os_1.platform)()',
  },
  {
    file: '@oclif/core/lib/util/os.js',
    from: "${await (await import('wsl-utils')).powerShellPath()}",
    to: 'powershell.exe',
  },
  // 47 modules of semver; bin/run.js has checked the version by then.
  { file: '@oclif/core/lib/index.js', from: 'checkCWD();\ncheckNodeVersion();\n', to: '' },
  { file: '@oclif/core/lib/index.js', from: "const semver = require('semver');", to: '' },
  // fs/promises brings readline and its history: 2 ms, to read two small files.
  {
    file: '@oclif/core/lib/util/fs.js',
    from: 'const promises_1 = require("node:fs/promises");',
    to: `const promises_1 = {
      readFile: async (...all) => node_fs_1.readFileSync(...all),
      stat: async (...all) => node_fs_1.statSync(...all),
    };`,
  },
  // Help compiles each of its strings as a template, at 0.1 ms each; most have nothing to fill in.
  {
    file: '@oclif/core/lib/help/util.js',
    from: 'return ejs_1.default.render(t, context);',
    to: "return typeof t === 'string' && !t.includes('<%') ? t : ejs_1.default.render(t, context);",
  },
  // wrap-ansi looks at every character for escapes and wide ones. Plain text whose lines fit, untrimmed, it gives back as it is.
  {
    file: '@oclif/core/lib/help/formatter.js',
    from: 'return (0, wrap_ansi_1.default)(this.render(body), this.opts.maxWidth - spacing, { hard: true });',
    to: `const text = this.render(body), width = this.opts.maxWidth - spacing;
      const fits = (line) => line.length <= width && line === line.trim();
      if (typeof text === 'string' && /^[ -~\\n]*$/.test(text) && text.split('\\n').every(fits)) return text;
      return (0, wrap_ansi_1.default)(text, width, { hard: true });`,
  },
]

const unused = (what: string): string => `() => { throw new Error('nyah is built without ${what}') }`

/** Packages that core loads at each start and nyah never uses. */
export const STUBS: ReadonlyMap<string, string> = new Map([
  // DEBUG=oclif* (4 ms, and it prints whole command lines): nyah has --debug of its own.
  ['debug', `const off = () => Object.assign(() => {}, { enabled: false, extend: off }); module.exports = off`],
  // Commands found by a glob (4 ms), plugins found by a pattern, configuration that is code: nyah's are in the bundle.
  ['tinyglobby', `exports.glob = ${unused('glob')}`],
  ['minimatch', `exports.minimatch = ${unused('minimatch')}`],
  // 80 animations, of which it uses one.
  ['cli-spinners', `exports.line = exports.dots2 = { interval: 80, frames: ['-', '\\\\', '|', '/'] }`],
  ['lilconfig', `exports.lilconfig = ${unused('lilconfig')}`],
])

/** Throws BuildError unless the pattern is there, once. */
export const applyPatch = (text: string, patch: Patch): string => {
  if (text.split(patch.from).length !== 2) {
    throw new BuildError(`the patch of ${patch.file} fits no longer (looked once for: ${JSON.stringify(patch.from)})`)
  }
  return text.replace(patch.from, () => patch.to)
}

const IMPORT = /^const (\w+_\d+) = ((?:__import(?:Default|Star)\()?require\("[^"]+"\)\)?);$/gm

/**
 * The imports that TypeScript wrote into a CommonJS file, made when they are first used: most of core is not needed by
 * most commands (0.4 of a bare start). `x_1.default` becomes `(x_1()).default`.
 */
export function lazyRequires(text: string): string {
  const names = [...text.matchAll(IMPORT)].map(([, name = '']) => name)
  const body = names.reduce((all, name) => all.replaceAll(new RegExp(`\\b${name}\\b(?! = )`, 'g'), `(${name}())`), text)
  return body.replace(IMPORT, 'let $1_; const $1 = () => ($1_ ??= $2);')
}

/** The text of a file of node_modules (`@oclif/core/lib/index.js`) with its patches applied. Throws BuildError. */
export const patched = (file: string, text: string): string =>
  lazyRequires(PATCHES.filter((patch) => patch.file === file).reduce(applyPatch, text))

/** Applies patches and stubs to whatever the bundle takes of @oclif/core, and demands that each was used. */
export const oclifPatches = (): Plugin => ({
  name: 'oclif-patches',
  setup(build) {
    const seen = new Set<string>()
    let lazy = 0
    const inCore = (importer: string): boolean => /[/\\]@oclif[/\\]core[/\\]lib[/\\]/.test(importer)
    build.onLoad({ filter: /[/\\]@oclif[/\\]core[/\\]lib[/\\].*\.js$/ }, async ({ path }) => {
      const file = path.replaceAll('\\', '/').replace(/^.*\/node_modules\//, '')
      seen.add(file)
      const text = await readFile(path, 'utf8')
      lazy += [...text.matchAll(IMPORT)].length
      return { contents: patched(file, text), loader: 'js' }
    })
    build.onResolve({ filter: /^[a-z-]+$/ }, ({ path, importer }) =>
      STUBS.has(path) && inCore(importer) ? { path, namespace: 'nyah-stub' } : undefined,
    )
    build.onLoad({ filter: /.*/, namespace: 'nyah-stub' }, ({ path }) => {
      seen.add(path)
      return { contents: STUBS.get(path) ?? '', loader: 'js' }
    })
    build.onEnd(() => {
      const idle = [...PATCHES.map((patch) => patch.file), ...STUBS.keys()].filter((name) => !seen.has(name))
      if (lazy < 100)
        throw new BuildError(`only ${lazy} imports of @oclif/core look as TypeScript wrote them: no longer lazy`)
      if (idle.length > 0) throw new BuildError(`the bundle no longer takes what is patched: ${idle.join(', ')}`)
    })
  },
})
