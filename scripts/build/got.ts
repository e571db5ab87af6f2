import { readFile } from 'node:fs/promises'
import type { Plugin } from 'esbuild'
import { applyPatch } from './patches.ts'
import type { Patch } from './patches.ts'
import { BuildError, packageOf } from './paths.ts'

/** What is replaced in got, and what it costs otherwise: as with oclif, a pattern that is gone stops the build. */
export const GOT_PATCHES: readonly Patch[] = [
  // Merely naming FormData loads undici: 25 ms at the first request.
  {
    file: 'got/dist/source/core/index.js',
    from: 'if (!(options.body instanceof FormData)) {',
    to: `if (Object.prototype.toString.call(options.body) !== '[object FormData]') {`,
  },
  // The HTTP/2 client, which nyah never asks for, loads the builtin at once: 10 ms.
  {
    file: 'got/dist/source/core/options.js',
    from: `import http2Client from './utils/http2-client.js';`,
    to: `const http2Client = { auto() { throw new Error('nyah is built without HTTP/2') } };`,
  },
]

export const gotPatches: Plugin = {
  name: 'got-patches',
  setup(context) {
    const seen = new Set<string>()
    context.onLoad({ filter: /[/\\]got[/\\]dist[/\\]source[/\\]core[/\\](index|options)\.js$/ }, async ({ path }) => {
      const file = path.replaceAll('\\', '/').replace(/^.*\/node_modules\//, '')
      seen.add(file)
      const text = await readFile(path, 'utf8')
      return { contents: GOT_PATCHES.filter((patch) => patch.file === file).reduce(applyPatch, text), loader: 'js' }
    })
    context.onEnd(({ metafile }) => {
      const got = Object.keys(metafile?.inputs ?? {}).some((input) => packageOf(input) === 'got')
      const idle = GOT_PATCHES.filter((patch) => !seen.has(patch.file)).map((patch) => patch.file)
      if (got && idle.length > 0) throw new BuildError(`got no longer has what is patched: ${idle.join(', ')}`)
    })
  },
}
