import type { FirewallRule } from '../core/report.ts'
import { escapeText } from './escape.ts'
import { hanging } from './findings.ts'
import type { Paint } from './paint.ts'
import { padEnd, textWidth, wrap } from './width.ts'
import { count } from './words.ts'

/** What firewalls have to let in, in as few words as say all of it. */

export interface Sender {
  readonly cidr: string
  readonly name: string
}

export interface Way {
  readonly port: number
  readonly protocol: string
  readonly purpose: string
  /** Single addresses, or first and last of several that follow each other: `10.20.0.11-10.20.0.14`. Sorted. */
  readonly to: readonly string[]
}

/** Senders that may all go the same ways. */
export interface FirewallGroup {
  readonly from: readonly Sender[]
  readonly ways: readonly Way[]
}

const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)]

/** Rules of several load balancers too: what goes the same way is said once. */
export function groupFirewall(rules: readonly FirewallRule[]): readonly FirewallGroup[] {
  const senders = new Map<string, Sender>()
  const ways = new Map<string, { readonly from: string; readonly rule: FirewallRule; readonly to: string[] }>()
  for (const rule of rules) {
    senders.set(rule.from, { cidr: rule.from, name: rule.fromName })
    const key = JSON.stringify([rule.from, rule.protocol, rule.port, rule.purpose])
    const known = ways.get(key) ?? { from: rule.from, rule, to: [] }
    known.to.push(...rule.to)
    ways.set(key, known)
  }
  const bySender = new Map<string, Way[]>()
  for (const { from, rule, to } of ways.values()) {
    const { port, protocol, purpose } = rule
    bySender.set(from, [...(bySender.get(from) ?? []), { port, protocol, purpose, to: ranges(unique(to)) }])
  }
  const groups = new Map<string, { readonly from: Sender[]; readonly ways: readonly Way[] }>()
  for (const [from, own] of bySender) {
    const sorted = own.toSorted((a, b) => a.port - b.port || (a.purpose < b.purpose ? -1 : 1))
    const key = JSON.stringify(sorted)
    const group = groups.get(key) ?? { from: [], ways: sorted }
    group.from.push(senders.get(from) ?? { cidr: from, name: '' })
    groups.set(key, group)
  }
  return [...groups.values()]
}

/** Null: not IPv4. */
function numberOf(address: string): number | null {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address)?.slice(1).map(Number) ?? []
  if (parts.length !== 4 || parts.some((part) => part > 255)) return null
  return parts.reduce((sum, part) => sum * 256 + part, 0)
}

/** Three and more IPv4 addresses in a row as one range; nothing is left out. */
export function ranges(addresses: readonly string[]): readonly string[] {
  const known = addresses
    .map((address) => ({ address, at: numberOf(address) }))
    .toSorted((a, b) => (a.at ?? Infinity) - (b.at ?? Infinity) || (a.address < b.address ? -1 : 1))
  const runs: { readonly address: string; readonly at: number | null }[][] = []
  for (const one of known) {
    const last = runs.at(-1)?.at(-1)?.at ?? null
    if (last !== null && one.at === last + 1) runs.at(-1)?.push(one)
    else runs.push([one])
  }
  return runs.flatMap((run) =>
    run.length < 3 ? run.map(({ address }) => address) : [`${run[0]?.address}-${run.at(-1)?.address}`],
  )
}

/** The section shows so many lines; the rest is counted. */
const MOST_LINES = 16
/** Addresses of one way before they are counted. */
const MOST_ADDRESSES = 12

/** Empty where there is nothing to let in. */
export function firewallLines(
  rules: readonly FirewallRule[],
  { paint, width }: { readonly paint: Paint; readonly width: number },
): readonly string[] {
  const groups = groupFirewall(rules)
  if (groups.length === 0) return []
  const lines = groups.flatMap(({ from, ways }) => [
    ...fromLines(from, width),
    ...ways.flatMap((way) => wayLines(way, width)),
  ])
  const shown = lines.length <= MOST_LINES ? lines : lines.slice(0, MOST_LINES)
  const rest = lines.length - shown.length
  return [
    paint('bold', 'Firewalls of the private cloud must let in:'),
    ...shown,
    ...(rest > 0 ? [paint('dim', `  … and ${count(rest, 'more line')} (all of it: --json)`)] : []),
  ]
}

function fromLines(from: readonly Sender[], width: number): readonly string[] {
  const cidrs = Math.max(...from.map(({ cidr }) => textWidth(escapeText(cidr))))
  return from.flatMap(({ cidr, name }, index) =>
    hanging(`  ${index === 0 ? 'from' : '    '}  ${padEnd(escapeText(cidr), cidrs)}  `, escapeText(name), width),
  )
}

function wayLines({ port, protocol, purpose, to }: Way, width: number): readonly string[] {
  const shown = to.length <= MOST_ADDRESSES + 1 ? to : to.slice(0, MOST_ADDRESSES)
  const rest = to.length - shown.length
  const addresses = `${shown.map(escapeText).join(', ')}${rest > 0 ? ` … and ${rest} more` : ''}`
  const head = `  to    ${escapeText(protocol)} ${port}  `
  const line = `${head}${addresses}  (${escapeText(purpose)})`
  if (textWidth(line) <= width) return [line]
  return [
    `${head}(${escapeText(purpose)})`,
    ...wrap(addresses, Math.max(20, width - 10)).map((part) => `${' '.repeat(10)}${part}`),
  ]
}
