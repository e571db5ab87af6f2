import ipaddr from 'ipaddr.js'

/** Addresses and CIDRs as AWS writes them, so that what was sent and what is read back compare equal. */

const text = (address: ipaddr.IPv4 | ipaddr.IPv6): string =>
  address.kind() === 'ipv4' ? address.toString() : (address as ipaddr.IPv6).toRFC5952String()

/** `10.0.0.9/8` → `10.0.0.0/8`; an address alone gets its full length. Null: it is neither. */
export function canonicalCidr(cidr: string): string | null {
  const whole = cidr.includes('/') ? cidr : `${cidr}/${ipaddr.IPv4.isValid(cidr) ? 32 : 128}`
  if (ipaddr.IPv4.isValidCIDRFourPartDecimal(whole)) {
    return `${text(ipaddr.IPv4.networkAddressFromCIDR(whole))}/${ipaddr.IPv4.parseCIDR(whole)[1]}`
  }
  if (ipaddr.IPv6.isValidCIDR(whole)) {
    return `${text(ipaddr.IPv6.networkAddressFromCIDR(whole))}/${ipaddr.IPv6.parseCIDR(whole)[1]}`
  }
  return null
}

export const isIpv4 = (address: string): boolean => ipaddr.IPv4.isValidFourPartDecimal(address)

export const isIpv6 = (address: string): boolean => ipaddr.IPv6.isValid(address)

const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10']

/** RFC 1918 or 100.64.0.0/10: what an NLB takes as a target outside its VPC. */
export const isPrivate = (address: string): boolean => isIpv4(address) && isWithin(address, PRIVATE)

type Network = readonly [ipaddr.IPv4 | ipaddr.IPv6, number]

const networks = new WeakMap<readonly string[], readonly Network[]>()

/** Without the malformed ones; remembered by list, since thousands of members are held against the same few. */
function networksOf(cidrs: readonly string[]): readonly Network[] {
  const known = networks.get(cidrs)
  if (known !== undefined) return known
  const parsed = cidrs.filter((cidr) => ipaddr.isValidCIDR(cidr)).map((cidr) => ipaddr.parseCIDR(cidr))
  networks.set(cidrs, parsed)
  return parsed
}

/** IPv4 addresses are parsed here: members are thousands, and each is asked several times. Null: no address. */
function parsedOf(address: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  // A leading zero means octal to some.
  const number = /(?:^|\.)0\d/.test(address) ? null : ipv4Number(address)
  if (number !== null) return new ipaddr.IPv4([24, 16, 8, 0].map((bits) => Math.floor(number / 2 ** bits) % 256))
  return ipaddr.isValid(address) ? ipaddr.parse(address) : null
}

/** Does the address lie in one of the CIDRs? Those of the other family, or malformed, do not hold it. */
export function isWithin(address: string, cidrs: readonly string[]): boolean {
  if (cidrs.length === 0) return false
  const parsed = parsedOf(address)
  if (parsed === null) return false
  return networksOf(cidrs).some(([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits))
}

/** `10.20.0.14:8080`, `[2001:db8::1]:8080` */
export const endpoint = (target: { readonly address: string; readonly port: number }): string =>
  target.address.includes(':') ? `[${target.address}]:${target.port}` : `${target.address}:${target.port}`

/** An IPv4 address as a number; null: it is none. */
function ipv4Number(address: string): number | null {
  let number = 0
  let part = -1
  let parts = 0
  for (let at = 0; at <= address.length; at++) {
    const digit = at === address.length ? DOT : address.charCodeAt(at) - ZERO
    if (digit === DOT) {
      if (part < 0 || part > 255) return null
      number = number * 256 + part
      parts += 1
      part = -1
    } else if (digit >= 0 && digit <= 9) part = (part < 0 ? 0 : part * 10) + digit
    else return null
  }
  return parts === 4 ? number : null
}

const ZERO = 48
/** The code of `.` less that of `0`. */
const DOT = -2

/** In the order of numbers, as people read IPv4 addresses: 10.0.0.9 before 10.0.0.10. Others come last, as text. */
export function byAddress(a: string, b: string): number {
  const [these, those] = [ipv4Number(a), ipv4Number(b)]
  if (these === null || those === null)
    return Number(these === null) - Number(those === null) || (a === b ? 0 : a < b ? -1 : 1)
  return these - those
}
