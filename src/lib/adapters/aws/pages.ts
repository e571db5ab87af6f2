import { EXIT, nyahError } from '../../core/errors.ts'

/** More pages than any quota allows: 400 load balancers a page. */
const MAX_PAGES = 500

/** One page, as an SDK's answer holds it. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | undefined
}

/**
 * Every item of a paged list. A marker that comes twice would go round for ever (emulators do that), and what was
 * read until then is no whole list: AWS_PAGING.
 */
export async function everyPage<T>(what: string, page: (marker?: string) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = []
  const seen = new Set<string>()
  for (let marker: string | undefined; ;) {
    const { items: some, next } = await page(marker)
    items.push(...some)
    if (next === undefined || next === '') return items
    if (seen.has(next) || seen.size >= MAX_PAGES) {
      throw nyahError({
        code: 'AWS_PAGING',
        message: `${what} does not end: ${seen.has(next) ? 'the same marker came twice' : `more than ${MAX_PAGES} pages`}`,
        exit: EXIT.remote,
        tries: ['run it again; if it stays, ask AWS support (or look at the emulator)'],
        details: { operation: what, pages: seen.size + 1 },
      })
    }
    seen.add(next)
    marker = next
  }
}
