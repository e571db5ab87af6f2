import { fault } from './fault.ts'
import type { Params } from './query.ts'
import { structs, text, texts } from './query.ts'
import type { Tags } from './state.ts'
import { own } from './state.ts'

/** What a resource says about each filter name it knows; several values: one of them has to match. */
export type Filterable = Readonly<Record<string, readonly string[]>>

interface Filter {
  readonly name: string
  readonly values: readonly RegExp[]
}

// "Filter your resources" page: values are case-sensitive; * and ? are wildcards, a backslash takes their meaning away.
function pattern(value: string): RegExp {
  const parts = [...value.matchAll(/\\[*?\\]|[*?]|[^*?\\]+|\\/g)].map(([part]) => {
    if (part === '*') return '.*'
    if (part === '?') return '.'
    const literal = part.length === 2 && part.startsWith('\\') ? part.slice(1) : part
    return literal.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  })
  return new RegExp(`^${parts.join('')}$`, 's')
}

/** API reference, `Filter.N`: all filters must match, any value of one; at most 200 values each. */
export function filtersOf(params: Params): readonly Filter[] {
  return (structs(params, 'Filter') ?? []).map((filter) => {
    const name = text(filter, 'Name')
    const values = texts(filter, 'Value') ?? []
    if (name === undefined) throw fault('MissingParameter', 'The request must contain the parameter Filter.Name')
    if (values.length > 200) {
      throw fault('FilterLimitExceeded', `The maximum number of filter values specified on a single call is 200`)
    }
    return { name, values: values.map(pattern) }
  })
}

export function keeps(filters: readonly Filter[], resource: Filterable, tags: Tags): boolean {
  return filters.every(({ name, values }) => {
    const known = name.startsWith('tag:')
      ? [own(tags, name.slice('tag:'.length))].filter((value) => value !== undefined)
      : name === 'tag-key'
        ? Object.keys(tags)
        : own(resource, name)
    if (known === undefined) throw fault('InvalidParameterValue', `The filter '${name}' is invalid`)
    return values.some((value) => known.some((candidate) => value.test(candidate)))
  })
}

export interface Page<T> {
  readonly items: readonly T[]
  readonly nextToken: string | null
}

/** API reference, `MaxResults` (5-1000) and `NextToken`. */
export function pageOf<T>(params: Params, items: readonly T[]): Page<T> {
  const maximum = text(params, 'MaxResults')
  const token = text(params, 'NextToken')
  const from = token === undefined ? 0 : Number(/^nyah-(\d{1,9})$/.exec(token)?.[1] ?? -1)
  if (from < 0) throw fault('InvalidParameterValue', `Invalid value '${token}' for nextToken.`)
  if (maximum === undefined) return { items: items.slice(from), nextToken: null }
  const size = Number(maximum)
  if (!/^\d{1,6}$/.test(maximum) || size < 5 || size > 1000) {
    throw fault(
      'InvalidParameterValue',
      `Value ( ${maximum} ) for parameter maxResults is invalid. Expecting a value between 5 and 1000.`,
    )
  }
  const next = from + size
  return { items: items.slice(from, next), nextToken: next < items.length ? `nyah-${next}` : null }
}

/** Each id asked for must exist; `what` gives the EC2 code and noun. */
export function checkIds(
  asked: readonly string[],
  known: (id: string) => boolean,
  code: string,
  message: (id: string) => string,
): void {
  const missing = asked.find((id) => !known(id))
  if (missing !== undefined) throw fault(code, message(missing))
}

export const tagSet = (tags: Tags) => Object.entries(tags).map(([key, value]) => ({ key, value }))
