import type { Element } from './xml-read.ts'
import { textOf } from './xml-read.ts'
import { fault } from './fault.ts'
import type { Xml, XmlObject } from './xml.ts'
import { toXml } from './xml.ts'

/** How Route 53 writes its answers and reads its requests: REST with XML. */

export const NAMESPACE = ' xmlns="https://route53.amazonaws.com/doc/2013-04-01/"'

/** A list whose elements have a name of their own. */
export const listOf = (name: string, item: string, values: readonly Xml[]): string =>
  `<${name}>${values.map((value) => toXml(item, value, 'member')).join('')}</${name}>`

export const element = (name: string, ...parts: readonly string[]): string => `<${name}>${parts.join('')}</${name}>`

export const document = (name: string, ...parts: readonly string[]): string =>
  `<${name}${NAMESPACE}>${parts.join('')}</${name}>`

/** Elements in the order of the keys; what is null or undefined is left out. */
export const fields = (values: XmlObject): string =>
  Object.entries(values)
    .map(([name, value]) => (value === null || value === undefined ? '' : toXml(name, value, 'member')))
    .join('')

export const invalidInput = (message: string) => fault('InvalidInput', message)

/** A whole number within bounds; null: not given. */
export function numberOf(parent: Element, name: string, least: number, most: number): number | null {
  const text = textOf(parent, name)
  if (text === undefined) return null
  const value = Number(text)
  if (!/^\d{1,10}$/.test(text) || value < least || value > most) {
    throw invalidInput(`Invalid ${name} ${text}: it must be between ${least} and ${most}`)
  }
  return value
}

/** `maxitems` of a list. */
export function pageSize(query: URLSearchParams, most: number, name = 'maxitems'): number {
  const text = query.get(name) ?? String(most)
  if (!/^\d{1,5}$/.test(text) || Number(text) < 1) throw invalidInput(`Invalid ${name} ${text}`)
  return Math.min(most, Number(text))
}
