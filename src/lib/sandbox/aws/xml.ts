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
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F]/g

const escape = (value: string) =>
  value.replace(FORBIDDEN, '\uFFFD').replace(/[&<>"\r]/g, (character) => ESCAPES[character] ?? character)

/** One element with all below it; `item` names the elements of lists. */
export function toXml(name: string, value: Xml, item: 'member' | 'item', attributes = ''): string {
  const content = (below: Xml): string => {
    if (isList(below)) return below.map((element) => tagged(item, element)).join('')
    if (typeof below === 'object' && below !== null) {
      return Object.entries(below)
        .map(([key, element]) => tagged(key, element))
        .join('')
    }
    return escape(String(below))
  }
  const tagged = (tag: string, below: Xml): string =>
    below === null || below === undefined ? '' : `<${tag}>${content(below)}</${tag}>`
  return `<${name}${attributes}>${content(value)}</${name}>`
}

const isList = (value: Xml): value is readonly Xml[] => Array.isArray(value)
