import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const root = new URL('../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')

const sources: Readonly<Record<string, string>> = Object.fromEntries(
  readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => [`src/${path}`, read(`src/${path}`)]),
)

/** Who asks over HTTP: their codes are made of templates. */
const AREAS = ['KEYSTONE', 'OCTAVIA']

/** Who else goes through the HTTP door. */
const DOOR_AREAS = [...AREAS, 'PROMETHEUS']

/**
 * Templates are known one by one: a new one has to be taught to `codesOf`. The two of verdicts have a page of their own,
 * docs/fidelity.md, held to them by test/unit/lb/fields.test.ts.
 */
const TEMPLATES = [
  '${area}_${code}',
  '${asked.area}_UNEXPECTED_SHAPE',
  '${attempt.area}_BODY_TOO_LARGE',
  '${attempt.area}_TLS_FAILED',
  '${attempt.area}_UNEXPECTED_ENCODING',
  '${attempt.area}_UNREACHABLE',
  'LB_FIDELITY_${name}',
  'LB_NOT_EXACT_${name}',
]

const all = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].map((match) => match[1] ?? '')

const templatesOf = (text: string): readonly string[] => all(text, /\bcode: `([^`]*)`/g)

/** The codes one source can print: `code: '…'`, words that begin as only codes do, and what the templates make. */
function codesOf(path: string, text: string): readonly string[] {
  const literals = all(text, /\bcode: '([A-Z][A-Z0-9_]+)'/g)
  const words = all(
    text,
    /'((?:COMMAND|CONFIG|DNS|FAILOVER|KEYSTONE|LB|OCTAVIA|PLAN|PROMETHEUS|RUN|SANDBOX|STATE)_[A-Z0-9_]*[A-Z0-9])'/g,
  )
  // Elsewhere such words are AWS's environment variables.
  const ofAws = path.endsWith('/adapters/aws/errors.ts') ? all(text, /'(AWS_[A-Z_]+)'/g) : []
  const whole = [...words, ...ofAws]
  const templates = templatesOf(text)
  const fixed = templates.flatMap((template) => {
    const [, what, suffix] = /^\$\{(\w+)\.area\}_([A-Z_]+)$/.exec(template) ?? []
    return suffix === undefined ? [] : (what === 'attempt' ? DOOR_AREAS : AREAS).map((area) => `${area}_${suffix}`)
  })
  if (templates.includes('${area}_${code}')) {
    return [...whole, ...fixed, ...literals.flatMap((code) => AREAS.map((area) => `${area}_${code}`))]
  }
  return [...whole, ...fixed, ...literals]
}

const printed: ReadonlySet<string> = new Set(Object.entries(sources).flatMap(([path, text]) => codesOf(path, text)))

/** First cells of the tables' rows: `CODE`, or `*_CODE` for every area that has it. */
const listed = (path: string): readonly string[] =>
  all(read(path), /^\| ([^|]*`[^|]*) \|/gm).flatMap((cell) =>
    all(cell, /`((?:\*_)?[A-Z][A-Z0-9_]+)`/g).flatMap((code) =>
      code.startsWith('*_') ? AREAS.map((area) => `${area}${code.slice(1)}`) : [code],
    ),
  )

describe('the codes of the sources', () => {
  it('are found, of every kind', () => {
    expect(printed.size).toBeGreaterThanOrEqual(170)
    expect([...printed]).toEqual(
      expect.arrayContaining([
        'AWS_CREDENTIALS_REFUSED',
        'BUG',
        'KEYSTONE_TLS_FAILED',
        'LB_MEMBER_PUBLIC',
        'LB_POOL_EMPTY',
        'LB_QUOTA_LISTENERS',
        'LB_UNSUPPORTED_L7POLICIES',
        'OCTAVIA_UNAVAILABLE',
        'PLAN_CHANGED',
        'RESULT_UNREAD',
      ]),
    )
  })

  it('are made of no template that this test does not know', () => {
    expect(Object.values(sources).flatMap(templatesOf).toSorted()).toEqual(TEMPLATES.toSorted())
  })

  it('each stand in a table of the docs', () => {
    const told = new Set(['docs/codes.md', 'docs/octavia.md', 'docs/aws.md'].flatMap(listed))
    expect([...printed].filter((code) => !told.has(code)).toSorted()).toEqual([])
  })
})

describe('docs/codes.md', () => {
  const codes = listed('docs/codes.md')

  it('lists no code that nyah does not print', () => {
    expect(codes.length).toBeGreaterThanOrEqual(120)
    expect(codes.filter((code) => !printed.has(code))).toEqual([])
  })

  it('lists each once', () => {
    expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([])
  })
})
