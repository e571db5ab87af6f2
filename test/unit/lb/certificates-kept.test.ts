import { describe, expect, it } from 'vitest'
import { stops } from '../../../src/lib/core/allow.ts'
import { TAG } from '../../../src/lib/lb/model.ts'
import { listener, placement, pool, tree } from './sources.ts'
import { guarded, looked, standing, tagged } from './standing.ts'

const arn = (name: string): string => `arn:aws:acm:ap-northeast-1:111122223333:certificate/${name}`
const place = (...names: readonly string[]) =>
  placement({ certificates: Object.fromEntries(names.map((name) => [name, arn(name)])) })

const source = (...sni: readonly string[]) =>
  tree({
    listeners: [
      listener({
        protocol: 'TERMINATED_HTTPS',
        protocol_port: 443,
        default_tls_container_ref: 'm',
        sni_container_refs: sni,
        tls_versions: ['TLSv1.2', 'TLSv1.3'],
      }),
    ],
    pools: [pool({ protocol: 'HTTP' })],
  })

const MEMORY = { [TAG.allowed]: 'SNI_CONTAINERS' }

/** What is planned where the map says `now`, once it was mirrored by a map that said `then`. */
function planned(then: readonly string[], now: readonly string[], sni: readonly string[] = ['a', 'b', 'c']) {
  const side = tagged(standing(source('a', 'b', 'c'), 'healthy', { placement: place(...then) }), MEMORY)
  const { plan } = guarded(looked(source(...sni), { ...side, placement: place(...now) }))
  return plan.findings.filter(stops).map(({ code }) => code)
}

describe('a certificate that the mirror shows', () => {
  it('goes without, where that was allowed once', () => {
    expect(planned(['m', 'a', 'b'], ['m', 'a', 'b'])).toEqual([])
    expect(planned(['m', 'a'], ['m', 'a', 'b'])).toEqual([])
  })

  it('is not taken away on an old allowance when its line in the map is lost', () => {
    expect(planned(['m', 'a', 'b'], ['m', 'a'])).toEqual(['LB_UNSUPPORTED_SNI_CONTAINERS'])
  })

  it('goes without on a new listener too, with a warning', () => {
    const before = source('a', 'b', 'c')
    const second = before.listeners.map((one) => ({ ...one, id: 'second', name: 'second', protocol_port: 8443 }))
    const side = tagged(standing(before, 'healthy', { placement: place('m', 'a', 'b') }), MEMORY)
    const told = (is: typeof before) =>
      guarded(looked(is, { ...side, placement: place('m', 'a', 'b') })).plan.findings.flatMap(
        ({ code, subject, severity }) => (code === 'LB_ALLOWED_ANEW' ? [`${severity} ${subject}`] : []),
      )
    expect(told(before)).toEqual([])
    expect(told({ ...before, listeners: [...before.listeners, ...second] })).toEqual([
      'warn listener second (port 8443)',
    ])
  })

  it('goes when Octavia names it no more', () => {
    expect(planned(['m', 'a', 'b', 'c'], ['m', 'a', 'b', 'c'], ['a'])).toEqual([])
  })
})
