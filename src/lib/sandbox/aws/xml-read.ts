import { fault } from './fault.ts'

/** One element of a request: its text, and what stands below it. */
export interface Element {
  readonly name: string
  readonly text: string
  readonly children: readonly Element[]
}

const malformed = (why: string) => fault('MalformedInput', `The input is not well-formed XML: ${why}`)

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

const unescape = (text: string): string =>
  text.replace(/&(#x[0-9a-f]+|#\d+|[a-z]+);/gi, (_, name: string) => {
    if (name.startsWith('#x')) return String.fromCodePoint(Number.parseInt(name.slice(2), 16))
    if (name.startsWith('#')) return String.fromCodePoint(Number.parseInt(name.slice(1), 10))
    const character = ENTITIES[name]
    if (character === undefined) throw malformed(`unknown entity ${name}`)
    return character
  })

/** As much of XML as requests to AWS have: elements and text; attributes are passed over. */
export function parseXml(body: string): Element {
  const open: { name: string; text: string; children: Element[] }[] = [{ name: '', text: '', children: [] }]
  const rest = body.replace(/^\uFEFF?\s*<\?xml[^>]*\?>/, '').trim()
  for (const [, text = '', slash = '', name = '', empty = ''] of rest.matchAll(
    /([^<]*)<(\/?)([\w:.-]+)(?:\s[^<>]*?)?(\/?)>|[^]/g,
  )) {
    const top = open.at(-1)
    if (name === '' || top === undefined) throw malformed('it does not parse')
    top.text += unescape(text)
    if (slash === '/') {
      const below = open.at(-2)
      if (top.name !== name || below === undefined) throw malformed(`</${name}> closes nothing`)
      open.pop()
      below.children.push(top)
    } else if (empty === '/') top.children.push({ name, text: '', children: [] })
    else open.push({ name, text: '', children: [] })
  }
  const [root] = open
  const [only, ...more] = root?.children ?? []
  if (open.length !== 1 || only === undefined || more.length > 0) throw malformed('it has no single root')
  return only
}

export const childOf = ({ children }: Element, name: string): Element | undefined =>
  children.find((child) => child.name === name)

export const textOf = (element: Element, name: string): string | undefined => childOf(element, name)?.text
