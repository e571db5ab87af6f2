import { fileURLToPath } from 'node:url'

/** Where the text of a view is kept: a change of it is a change people see, and is reviewed as such. */
export const golden = (name: string): string =>
  fileURLToPath(new URL(`../../../fixtures/golden/render/${name}`, import.meta.url))
