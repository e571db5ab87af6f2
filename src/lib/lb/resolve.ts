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

/** What was typed, as names and as addresses are compared. */
const typed = (text: string): { readonly wanted: string; readonly lower: string } => {
  const wanted = text.trim()
  return { wanted, lower: wanted.toLowerCase().replace(/\.$/, '') }
}

/** The only one of them; else LB_NOT_FOUND or LB_AMBIGUOUS (both exit 2) with its message. */
function theOnly(ids: ReadonlySet<string>, none: string, several: string): string {
  const [only] = ids
  if (ids.size === 1 && only !== undefined) return only
  throw ids.size === 0
    ? nyahError({ code: 'LB_NOT_FOUND', message: none, exit: EXIT.usage, tries: ['nyah lb list'] })
    : nyahError({ code: 'LB_AMBIGUOUS', message: several, exit: EXIT.usage, tries: ['name it by its UUID'] })
}

/**
 * The Octavia id of what an operator calls a load balancer: UUID, name, VIP, or its mirror's name or DNS name; where
 * none of these fits, the name that a mirror remembers. Throws LB_NOT_FOUND, or LB_AMBIGUOUS with the list (both exit 2).
 */
export function resolveName(
  sources: readonly SourceLoadBalancer[],
  mirrors: readonly LoadBalancer[],
  text: string,
): string {
  const { wanted, lower } = typed(text)
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
  const called = new Map(sources.map((one) => [one.id, `${one.name} (${one.vip_address})`]))
  return theOnly(
    ids,
    `no load balancer is called "${wanted}": no id, name or VIP in Octavia (as far as these credentials see), and no mirror's name`,
    `${ids.size} load balancers are called ${wanted}: ${some([...ids].map((id) => `${id} ${called.get(id) ?? ''}`.trim()))}`,
  )
}

/**
 * The id a mirror has carried so far, of what an operator calls it: UUID, NLB or DNS name, or a name or VIP in Octavia, of
 * which only those with a mirror count: what was rebuilt often has its old name. Throws LB_NOT_FOUND or LB_AMBIGUOUS
 * (both exit 2).
 */
export function formerOf(
  sources: readonly SourceLoadBalancer[],
  mirrors: readonly LoadBalancer[],
  text: string,
): string {
  const { wanted, lower } = typed(text)
  const named = new Map(sources.map((source) => [source.id, source]))
  const ids = new Set(
    mirrors.flatMap(({ name, dnsName, tags }) => {
      const id = tags[TAG.octaviaId]
      if (id === undefined) return []
      const source = named.get(id)
      const called = [name, tags[TAG.source], source?.name].includes(wanted)
      const placed = [id, dnsName.toLowerCase(), source?.vip_address, ...(source?.additional_vips ?? [])].includes(
        lower,
      )
      return called || placed ? [id] : []
    }),
  )
  return theOnly(
    ids,
    `no mirror is called "${wanted}": none has that name, nor is one of a load balancer of that id, name or VIP`,
    `${ids.size} mirrors are called ${wanted}: those of ${some([...ids])}`,
  )
}
