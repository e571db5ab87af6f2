import ipaddr from 'ipaddr.js'

export const isAddress = (address: string, family: 'ipv4' | 'ipv6'): boolean =>
  family === 'ipv4' ? ipaddr.IPv4.isValidFourPartDecimal(address) : ipaddr.IPv6.isValid(address)

export function contains(cidr: string, address: string): boolean {
  // The library's own `parse` tries IPv6 first, which takes most of the time of a large registration.
  const isSix = cidr.includes(':')
  if (isSix !== address.includes(':')) return false
  return isSix
    ? ipaddr.IPv6.parse(address).match(ipaddr.IPv6.parseCIDR(cidr))
    : ipaddr.IPv4.parse(address).match(ipaddr.IPv4.parseCIDR(cidr))
}

/** Canonical text of a CIDR block, host bits cleared as EC2 does; null: it is none. */
export function canonicalCidr(cidr: string): string | null {
  if (!/^[0-9A-Fa-f.:]+\/\d{1,3}$/.test(cidr)) return null
  const [address, bits] = cidr.split('/')
  if (ipaddr.IPv4.isValidFourPartDecimal(address ?? '') && ipaddr.IPv4.isValidCIDR(cidr)) {
    return `${ipaddr.IPv4.networkAddressFromCIDR(cidr).toString()}/${bits}`
  }
  if (ipaddr.IPv6.isValid(address ?? '') && ipaddr.IPv6.isValidCIDR(cidr)) {
    return `${ipaddr.IPv6.networkAddressFromCIDR(cidr).toString()}/${bits}`
  }
  return null
}

// CreateTargetGroup, `TargetType`: the ranges that an `ip` target may be in besides the VPC's subnets.
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10']

export const isPrivate = (address: string): boolean => PRIVATE.some((cidr) => contains(cidr, address))

/** The address `offset` after an IPv4 network's first. */
export function nthAddress(cidr: string, offset: number): string {
  const bytes = ipaddr.IPv4.networkAddressFromCIDR(cidr).toByteArray()
  let number = bytes.reduce((sum, byte) => sum * 256 + byte, 0) + offset
  const out: number[] = []
  for (let index = 0; index < 4; index++) {
    out.unshift(number % 256)
    number = Math.floor(number / 256)
  }
  return out.join('.')
}

export const sizeOf = (cidr: string): number => 2 ** (32 - Number(cidr.split('/')[1]))
