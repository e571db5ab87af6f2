/** What an action answers. Null and undefined are left out; a list becomes `<member>` or (EC2) `<item>` elements. */
export type Xml = string | number | boolean | null | undefined | readonly Xml[] | { readonly [name: string]: Xml }

export type XmlObject = { readonly [name: string]: Xml }

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#xD;',
}

// Control characters that XML 1.0 cannot carry at all are replaced, as AWS does not store them either.
// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F]/g

const escape = (value: string) =>
  value.replace(FORBIDDEN, '\uFFFD').replace(/[&<>"\r]/g, (character) => ESCAPES[character] ?? character)

export function toXml(name: string, value: Xml, item: 'member' | 'item', attributes = ''): string {
  if (value === null || value === undefined) return ''
  const open = `<${name}${attributes}>`
  const close = `</${name}>`
  if (typeof value !== 'object') return `${open}${escape(String(value))}${close}`
  if (isList(value)) return `${open}${value.map((element) => toXml(item, element, item)).join('')}${close}`
  const below = Object.entries(value).map(([key, element]) => toXml(key, element, item))
  return `${open}${below.join('')}${close}`
}

const isList = (value: Xml): value is readonly Xml[] => Array.isArray(value)
