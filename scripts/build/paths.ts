import { fileURLToPath } from 'node:url'

/** The repository's root, with a trailing slash. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
export const SRC = `${ROOT}src/`
export const DIST = `${ROOT}dist/`

/** The oldest Node that `engines` allows, as esbuild names it. */
export const TARGET = 'node22.19'

/** What `import.meta.url` is in a CommonJS file. */
export const IMPORT_META_URL = `require('node:url').pathToFileURL(__filename).href`

/** Ink has top-level await, which CommonJS cannot hold: its chunk is an ES module. */
export const isTui = (file: string): boolean => file.startsWith(`${SRC}lib/tui/`)

/** The sandbox is a fifth of our code, speaks to the rest by HTTP alone, and is seldom wanted: it has chunks of its own. */
export const isSandbox = (file: string): boolean => file.startsWith(`${SRC}lib/sandbox/`)

/** `src/lib/adapters/aws/elbv2.sdk.ts` ⇒ `aws-elbv2`, `src/lib/sandbox/server.ts` ⇒ `sandbox-server` */
export const chunkName = (file: string): string =>
  file
    .replace(/(\.sdk)?\.ts$/, '')
    .split('/')
    .slice(-2)
    .join('-')

/** `…/node_modules/@oclif/core/lib/x.js` ⇒ `@oclif/core`; null: not of node_modules. */
export const packageOf = (input: string): string | null =>
  /^.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? null

/** A build that cannot go on: one line, exit 1. Nothing is written. */
export class BuildError extends Error {}
