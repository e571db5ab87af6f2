import ipaddr from 'ipaddr.js'

/** Ranges that nobody on the internet reaches; those for documentation stand for public ones. */
const HIDDEN: ReadonlySet<string> = new Set([
  'broadcast',
  'carrierGradeNat',
  'linkLocal',
  'loopback',
  'multicast',
  'private',
  'uniqueLocal',
  'unspecified',
])

/** Can users and Route 53's checkers on the internet reach this address? */
export const isReachable = (address: string): boolean =>
  ipaddr.isValid(address) && !HIDDEN.has(ipaddr.process(address).range())
