import * as fc from 'fast-check'

/** Text as a hostile remote would name things: control, bidi, invisible, markdown, surrogates, other scripts. */
export const hostile = fc.string({
  unit: fc.oneof(
    { weight: 3, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
    {
      weight: 2,
      arbitrary: fc.constantFrom('\u001b[2J', '\u009b8m', '\u202e', '\u2066', '\u200b', '\ud800', '\r', '\n', '\t'),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        '`',
        '|',
        '```',
        '@admin',
        '<b>',
        '](x)',
        '#1',
        '*',
        ' ',
        'www.x.y',
        '\\',
        'toString',
        '__proto__',
      ),
    },
    { weight: 2, arbitrary: fc.constantFrom('a', '名', 'が', 'é', '-', '8080', '\u0301') },
  ),
  maxLength: 30,
})

/** The same data with every string (values, and keys of nested data) swapped for `evil`; `keep` names fields that are no remote text. */
export function poison<T>(value: T, evil: () => string, keep: ReadonlySet<string>): T {
  const walk = (inner: unknown, key: string): unknown => {
    if (typeof inner === 'string') return keep.has(key) ? inner : evil()
    if (Array.isArray(inner)) return inner.map((each: unknown) => walk(each, key))
    if (typeof inner !== 'object' || inner === null) return inner
    return Object.fromEntries(Object.entries(inner).map(([name, each]) => [name, walk(each, name)]))
  }
  return walk(value, '') as T
}

/** Fields whose values nyah itself chooses among a few words, and those that tie a plan together. */
export const OURS: ReadonlySet<string> = new Set([
  'kind',
  'risk',
  'severity',
  'id',
  'needs',
  'holds',
  'scope',
  'scopes',
  'status',
  'verdict',
  'origin',
  'protocol',
])

/** Nothing a terminal would act on, nothing invisible. Line feeds are ours. */
export const UNSAFE = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{DI}]/u

/** Without the colours that nyah itself uses; any other sequence stays and is found by `UNSAFE`. */
// oxlint-disable-next-line no-control-regex -- exactly the sequences of paint.ts
export const withoutColour = (text: string): string => text.replace(/\u001b\[(?:0|1|2|31|32|33|35|36|1;31)m/g, '')
