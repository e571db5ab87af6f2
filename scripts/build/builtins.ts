import type { Plugin } from 'esbuild'

/** Builtins that cost milliseconds each (https with tls 11, http2 10, crypto 4): loaded at first use, not at import. */
const HEAVY = /^(node:)?(child_process|crypto|dns|http2|https|readline|tls|zlib)$/

/** A module of getters in place of a builtin: what is imported of it is looked up when it is used. */
async function lazily(builtin: string): Promise<string> {
  const names = Object.keys(await import(builtin)).filter((name) => name !== 'default' && name !== 'module.exports')
  const getters = names.map((name) => `get ${name}() { return require(${JSON.stringify(builtin)}).${name} }`)
  return `module.exports = { ${getters.join(', ')} }`
}

/** Makes the heavy builtins lazy for these importers. */
export const lazyBuiltins = (importers: (path: string) => boolean): Plugin => ({
  name: 'lazy-builtins',
  setup(context) {
    context.onResolve({ filter: HEAVY }, ({ path, importer, namespace }) => {
      if (namespace === 'nyah-lazy') return { path, external: true }
      return importers(importer) ? { path: `node:${path.replace('node:', '')}`, namespace: 'nyah-lazy' } : undefined
    })
    context.onLoad({ filter: /.*/, namespace: 'nyah-lazy' }, async ({ path }) => ({ contents: await lazily(path) }))
  },
})
