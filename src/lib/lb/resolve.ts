import { EXIT, nyahError } from '../core/errors.ts'
import type { LoadBalancer } from '../ports/mirrors.ts'
import type { SourceLoadBalancer } from '../ports/source.ts'
import { TAG } from './model.ts'
import { some } from './remarks.ts'

/** Is it a whole Octavia id? Then nothing needs to be listed to know what is meant. */
export const isUuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text.trim())

const rememberedAs = (mirrors: readonly LoadBalancer[], name: string): ReadonlySet<string> =>
  new Set(
    mirrors
      .filter(({ tags }) => tags[TAG.source] === name)
      .map(({ tags }) => tags[TAG.octaviaId])
      .filter((id) => id !== undefined),
  )

/**
 * The Octavia id of what an operator calls a load balancer: UUID, name, VIP, or its mirror's name or DNS name; where
 * none of these fits, the name that a mirror remembers. Throws
 * LB_NOT_FOUND, or LB_AMBIGUOUS with the list (both exit 2).
 */
export function resolveName(
  sources: readonly SourceLoadBalancer[],
  mirrors: readonly LoadBalancer[],
  text: string,
): string {
  const wanted = text.trim()
  const lower = wanted.toLowerCase().replace(/\.$/, '')
  const bySource = sources.filter(
    (one) =>
      one.id === lower || one.name === wanted || one.vip_address === lower || one.additional_vips.includes(lower),
  )
  const byMirror = mirrors.filter(
    (one) => one.name === wanted || one.dnsName.toLowerCase() === lower || one.tags[TAG.octaviaId] === lower,
  )
  const owners = byMirror.map((one) => one.tags[TAG.octaviaId]).filter((id) => id !== undefined)
  const found = new Set([...bySource.map((one) => one.id), ...owners])
  // What Octavia lost, or cannot show now, is still called by the name that its mirror remembers, as in the list.
  const ids = found.size > 0 ? found : rememberedAs(mirrors, wanted)
  const [only] = ids
  if (ids.size === 1 && only !== undefined) return only
  if (ids.size === 0) {
    throw nyahError({
      code: 'LB_NOT_FOUND',
      message: `no load balancer is called "${wanted}": no id, name or VIP in Octavia (as far as these credentials see), and no mirror's name`,
      exit: EXIT.usage,
      tries: ['nyah lb list'],
    })
  }
  const called = new Map(sources.map((one) => [one.id, `${one.name} (${one.vip_address})`]))
  throw nyahError({
    code: 'LB_AMBIGUOUS',
    message: `${ids.size} load balancers are called ${wanted}: ${some([...ids].map((id) => `${id} ${called.get(id) ?? ''}`.trim()))}`,
    exit: EXIT.usage,
    tries: ['name it by its UUID'],
  })
}
