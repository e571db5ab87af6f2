import { decode, encode, type Answer, type DecodedPacket, type Packet } from 'dns-packet'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Answered, DnsAnswer } from '../../../src/lib/sandbox/dns/answer.ts'
import { replyTo } from '../../../src/lib/sandbox/dns/message.ts'
import { stringsOf } from '../../../src/lib/sandbox/dns/records.ts'

const given = (answers: readonly Answered[], more: Partial<DnsAnswer> = {}): (() => DnsAnswer) => {
  return () => ({ rcode: 'NOERROR', answers, authority: [], ...more })
}

const A: Answered = { name: 'shop.example.jp.', type: 'A', ttl: 60, values: ['203.0.113.11'] }

const opt = (udpPayloadSize: number, ednsVersion = 0): Answer => ({
  type: 'OPT',
  name: '.',
  udpPayloadSize,
  extendedRcode: 0,
  ednsVersion,
  flags: 0,
  flag_do: false,
  options: [],
})

const query = (more: Packet = {}): Buffer =>
  encode({ type: 'query', id: 77, questions: [{ name: 'shop.example.jp', type: 'A' }], ...more })

const replied = (message: Buffer, answer: () => DnsAnswer, transport: 'udp' | 'tcp' = 'udp'): DecodedPacket =>
  decode(replyTo(message, transport, answer) ?? Buffer.alloc(0))

const rcodeOf = ({ flags = 0 }: DecodedPacket): number => flags & 0xf

describe('a reply', () => {
  it('has the question, the answer, and authority', () => {
    const reply = replied(query({ flags: 256 }), given([A]))
    expect(reply).toMatchObject({ id: 77, flag_qr: true, flag_aa: true, flag_ra: false, flag_rd: true, flag_tc: false })
    expect(reply.questions).toMatchObject([{ name: 'shop.example.jp', type: 'A' }])
    expect(reply.answers).toMatchObject([{ name: 'shop.example.jp', type: 'A', ttl: 60, data: '203.0.113.11' }])
  })

  it('spells the name as it was asked', () => {
    const asked = query({ questions: [{ name: 'ShOp.eXample.jp', type: 'A' }] })
    expect(replied(asked, given([A])).answers).toMatchObject([{ name: 'ShOp.eXample.jp' }])
  })

  it('of a name that is not there has the SOA, and of another zone no authority', () => {
    const soa = { name: 'example.jp.', type: 'SOA', ttl: 900, values: ['ns-1.a. host.a. 1 7200 900 1209600 86400'] }
    const none = replied(query(), given([], { rcode: 'NXDOMAIN', authority: [soa] }))
    expect([rcodeOf(none), none.flag_aa]).toEqual([3, true])
    expect(none.authorities).toMatchObject([{ type: 'SOA', data: { mname: 'ns-1.a', minimum: 86400 } }])
    const refused = replied(query(), given([], { rcode: 'REFUSED' }))
    expect([rcodeOf(refused), refused.flag_aa]).toEqual([5, false])
  })

  it('that is a referral has no authority', () => {
    const ns = { name: 'sub.example.jp.', type: 'NS', ttl: 300, values: ['ns.other.example.'] }
    const referral = replied(query(), given([], { authority: [ns] }))
    expect(referral.flag_aa).toBe(false)
    expect(referral.authorities).toMatchObject([{ type: 'NS', data: 'ns.other.example' }])
  })

  it.each([
    ['CNAME', ['www.example.jp.'], 'www.example.jp'],
    ['MX', ['10 mail.example.jp.'], { preference: 10, exchange: 'mail.example.jp' }],
    ['SRV', ['1 2 443 shop.example.jp.'], { priority: 1, weight: 2, port: 443, target: 'shop.example.jp' }],
    ['CAA', ['0 issue "ca.example"'], { flags: 0, tag: 'issue', value: 'ca.example' }],
  ])('has %s records on the wire', (type, values, data) => {
    const asked = query({ questions: [{ name: 'shop.example.jp', type: type as 'MX' }] })
    expect(replied(asked, given([{ ...A, type, values }])).answers).toMatchObject([{ type, data }])
  })

  it('of a type that has no form here is SERVFAIL, as is one that nobody could make', () => {
    expect(rcodeOf(replied(query(), given([{ ...A, type: 'NAPTR', values: ['x'] }])))).toBe(2)
    const broken = (): DnsAnswer => {
      throw new Error('x')
    }
    expect(rcodeOf(replied(query(), broken))).toBe(2)
  })

  it('asks for HTTPS records by their name', () => {
    const asked: string[] = []
    const message = query()
    message.writeUInt16BE(65, message.length - 4)
    const answer = ({ type }: { readonly type: string }): DnsAnswer => {
      asked.push(type)
      return { rcode: 'NOERROR', answers: [], authority: [] }
    }
    replyTo(message, 'udp', answer)
    expect(asked).toEqual(['HTTPS'])
  })
})

describe('what is too long for a datagram', () => {
  const many = given([{ ...A, values: Array.from({ length: 60 }, (_, at) => `203.0.113.${at}`) }])
  const few = given([{ ...A, values: Array.from({ length: 20 }, (_, at) => `203.0.113.${at}`) }])

  it('is cut, and is whole over TCP', () => {
    expect(replied(query(), many)).toMatchObject({ flag_tc: true, flag_aa: true, answers: [] })
    expect(replied(query(), many, 'tcp').answers).toHaveLength(60)
  })

  it.each([
    ['nothing', few, [], true],
    ['less than 512', few, [opt(100)], true],
    ['1232', few, [opt(1232)], false],
    ['more than is ever sent', many, [opt(4096)], true],
  ])('goes by what the client offers: %s', (_what, answer, additionals, cut) => {
    const reply = replyTo(query({ additionals: [...additionals] }), 'udp', answer)
    expect(decode(reply!).flag_tc).toBe(cut)
    expect(reply!.length).toBeLessThanOrEqual(additionals.length === 0 ? 512 : 1232)
  })

  it('an EDNS0 query gets an EDNS0 reply, one of a later version BADVERS', () => {
    expect(replied(query({ additionals: [opt(1232)] }), given([A])).additionals).toMatchObject([
      { type: 'OPT', udpPayloadSize: 1232, extendedRcode: 0 },
    ])
    const old = replied(query({ additionals: [opt(1232, 1)] }), given([A]))
    expect(old).toMatchObject({ answers: [], additionals: [{ extendedRcode: 1 }] })
  })
})

describe('what is no query', () => {
  it.each([
    ['too short', Buffer.from('nyah')],
    ['a reply', encode({ type: 'response', id: 1, questions: [{ name: 'a', type: 'A' }] })],
  ])('gets no reply: %s', (_what, message) => {
    expect(replyTo(message, 'udp', given([A]))).toBeNull()
  })

  it.each([
    ['an update', 4, query({ flags: 5 << 11 })],
    ['two questions', 1, query({ questions: ['a', 'b'].map((name) => ({ name, type: 'A' as const })) })],
    ['no question', 1, query({ questions: [] })],
    ['a question that ends early', 1, query().subarray(0, 20)],
    ['another class', 5, query({ questions: [{ name: 'shop.example.jp', type: 'A', class: 'CH' }] })],
  ])('is refused in its way: %s', (_what, rcode, message) => {
    expect(rcodeOf(replied(message, given([A])))).toBe(rcode)
  })

  it('a name that points to itself is a format error', () => {
    const message = query()
    message.writeUInt16BE(0xc00c, 12)
    expect(rcodeOf(replied(message, given([A])))).toBe(1)
  })

  it('never throws, and never says more than its limit, whatever comes', () => {
    const garbled = fc.oneof(
      fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
      fc.tuple(fc.array(fc.tuple(fc.nat(40), fc.nat(255)), { maxLength: 6 }), fc.nat(45)).map(([edits, cut]) => {
        const message = query({ additionals: [opt(1232)] })
        for (const [at, value] of edits) message[at % message.length] = value
        return message.subarray(0, message.length - (cut % 8))
      }),
    )
    fc.assert(
      fc.property(garbled, (message) => {
        const reply = replyTo(message, 'udp', given([A]))
        if (reply === null) return
        expect(reply.length).toBeLessThanOrEqual(1232)
        expect(reply.readUInt16BE(0)).toBe(message.readUInt16BE(0))
        expect(decode(reply).flag_qr).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a TXT value', () => {
  it.each([
    ['"one" "two"', ['one', 'two']],
    [String.raw`"a \"b\" \\ \052"`, [String.raw`a "b" \ *`]],
    ['plain', ['plain']],
    ['""', ['']],
  ])('%s', (value, strings) => {
    expect(stringsOf(value).map(String)).toEqual(strings)
  })
})
