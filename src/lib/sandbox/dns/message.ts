import type { Answer, DecodedPacket, Packet } from 'dns-packet'
import type { Answered, DnsAnswer, Question } from './answer.ts'
import * as dns from './packet.sdk.ts'
import { wired, wireName } from './records.ts'

/** One DNS message in, one out: all of RFC 1035 and 6891 that a name server for a few zones needs. */

const RCODE = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const

/** Bytes of a datagram without EDNS0 (RFC 1035, 2.3.4). */
const PLAIN_MAX = 512

/** The largest datagram that is sent, whatever is offered: no fragments (DNS flag day 2020). */
const DATAGRAM_MAX = 1232

const STREAM_MAX = 65_535

/** What came in garbled. */
const GARBLED = '\uFFFD'

/** Types that dns-packet has no name for. */
const TYPES: Readonly<Record<string, string>> = { UNKNOWN_64: 'SVCB', UNKNOWN_65: 'HTTPS' }

/**
 * The reply to one message; null: there is none (it is itself a reply, or too short to be anything). Never throws.
 *
 * @param answer what the zones say to one question
 */
export function replyTo(
  message: Buffer,
  transport: 'udp' | 'tcp',
  answer: (question: Question) => DnsAnswer,
): Buffer | null {
  // The header alone says whom to tell that the rest is unreadable.
  if (message.length < 12 || (message.readUInt16BE(2) & 0x8000) !== 0) return null
  const id = message.readUInt16BE(0)
  const flags = message.readUInt16BE(2) & dns.RECURSION_DESIRED
  const failed = (rcode: number): Buffer => dns.encode({ type: 'response', id, flags: flags | rcode })
  if (((message.readUInt16BE(2) >> 11) & 0xf) !== 0) return failed(RCODE.NOTIMP)
  try {
    const query = dns.decode(message)
    const [question, ...others] = query.questions ?? []
    const opts = (query.additionals ?? []).filter(({ type }) => type === 'OPT')
    if (question === undefined || others.length > 0 || opts.length > 1 || question.name.includes(GARBLED))
      return failed(RCODE.FORMERR)
    return replied(query, transport, answer)
  } catch {
    return failed(RCODE.FORMERR)
  }
}

function replied(query: DecodedPacket, transport: 'udp' | 'tcp', answer: (question: Question) => DnsAnswer): Buffer {
  const { id = 0, questions = [], additionals = [] } = query
  const opt = additionals.find((one) => one.type === 'OPT')
  const [question] = questions
  const isOld = opt !== undefined && opt.ednsVersion !== 0
  const limit = transport === 'tcp' ? STREAM_MAX : Math.min(DATAGRAM_MAX, Math.max(PLAIN_MAX, opt?.udpPayloadSize ?? 0))
  const base = (flags: number): Packet => ({
    type: 'response',
    id,
    flags: flags | ((query.flags ?? 0) & dns.RECURSION_DESIRED),
    questions,
    // BADVERS is 16: all but its last four bits stand in the OPT record (RFC 6891, 6.1.3).
    additionals: opt === undefined ? [] : [optOf(isOld ? 1 : 0)],
  })
  if (isOld) return dns.encode(base(0))
  if (question === undefined || (question.class ?? 'IN') !== 'IN') return dns.encode(base(RCODE.REFUSED))
  let whole: Packet
  try {
    const given = answer({ name: question.name, type: TYPES[question.type] ?? question.type })
    const asked = wireName(question.name).toLowerCase()
    const answers = wiredAll(given.answers, asked, question.name)
    const authorities = wiredAll(given.authority, asked, question.name)
    if (answers === null || authorities === null) return dns.encode(base(RCODE.SERVFAIL))
    whole = { ...base(RCODE[given.rcode] | authority(given)), answers, authorities }
    const bytes = dns.encode(whole)
    if (bytes.length <= limit) return bytes
  } catch {
    return dns.encode(base(RCODE.SERVFAIL))
  }
  return dns.encode(base((whole.flags ?? 0) | dns.TRUNCATED_RESPONSE))
}

/** Not of what was delegated away, nor of what is not ours. */
function authority({ rcode, answers, authority: told }: DnsAnswer): number {
  const isReferral = rcode === 'NOERROR' && answers.length === 0 && told.some(({ type }) => type === 'NS')
  return rcode === 'REFUSED' || rcode === 'SERVFAIL' || isReferral ? 0 : dns.AUTHORITATIVE_ANSWER
}

/** As it was asked, capitals too: resolvers compare them. Null: some of it has no form on the wire here. */
function wiredAll(sets: readonly Answered[], asked: string, spelling: string): Answer[] | null {
  const each = sets.map(wired)
  if (each.includes(null)) return null
  return each.flatMap((records) =>
    (records ?? []).map((one) => (one.name === asked ? { ...one, name: spelling } : one)),
  )
}

const optOf = (extendedRcode: number): Answer => ({
  type: 'OPT',
  name: '.',
  udpPayloadSize: DATAGRAM_MAX,
  extendedRcode,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
})
