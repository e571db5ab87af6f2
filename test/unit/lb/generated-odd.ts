import * as fc from 'fast-check'

/** What generated Octavia objects have in common: oddities, and how often they come. */

/** A case is plain more often than not, else most trees would be refused for one of their many fields. */
export const twisted = <Thing>(most: number, twists: readonly Partial<Thing>[]): fc.Arbitrary<Partial<Thing>> =>
  fc
    .array(fc.constantFrom(...twists), { maxLength: most, size: 'max' })
    .chain((some) => fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 2, arbitrary: fc.constant(some) }))
    .map((some) => Object.assign({}, ...some) as Partial<Thing>)

export const NAMES = [
  '',
  ' ',
  '決済 (本番)',
  'متجر',
  '\u202egnp.pohs',
  'a\u0000b\u001b[31mc\r\n',
  '---',
  'x'.repeat(255),
  '𠮷'.repeat(127),
  'ﬃ'.repeat(85),
  '-Shop--NEW-',
]

const REF = 'https://barbican.example.com/v1/containers/'
export const REFS = ['a', 'b', 'c', 'unknown'].map((name) => `${REF}${name}`)

export const statusTwists = [
  { provisioning_status: 'PENDING_UPDATE' },
  { provisioning_status: 'PENDING_CREATE' },
  { provisioning_status: 'ERROR' },
] as const

/** `p-tls` speaks TLS to its members: for listeners that end TLS. */
export const POOLS = ['p-a', 'p-b', 'p-c', 'p-tls']
