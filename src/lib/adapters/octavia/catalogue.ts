import { EXIT, nyahError } from '../../core/errors.ts'
import type { CloudConfig } from './clouds.ts'

/** Octavia's type in Keystone's catalogue. */
const SERVICE = 'load-balancer'

interface CatalogueEntry {
  readonly type: string
  readonly endpoints: readonly {
    readonly interface: string
    readonly region?: string | null | undefined
    readonly region_id?: string | null | undefined
    readonly url?: string | null | undefined
  }[]
}

/** What a token answer says of where the services are; `catalog` is absent from an unscoped one. */
export interface Told {
  readonly catalog?: readonly CatalogueEntry[] | undefined
  readonly project?: { readonly name: string } | undefined
  readonly user: { readonly name: string }
}

/** Octavia's address, and the region it is in. */
export interface Endpoint {
  readonly url: string
  readonly region: string | null
}

/** Picks Octavia by type, interface and region. Throws KEYSTONE_UNSCOPED, KEYSTONE_NO_ENDPOINT or KEYSTONE_REGION_AMBIGUOUS (3). */
export function catalogueEndpoint(cloud: CloudConfig, told: Told): Endpoint {
  if (told.catalog === undefined) {
    throw nyahError({
      code: 'KEYSTONE_UNSCOPED',
      message: `${cloud.origin}: Keystone knows user ${told.user.name}, but the token has no project, so it has no catalogue`,
      exit: EXIT.configuration,
      tries: ['name the project: project_name and project_domain_name (OS_PROJECT_NAME, OS_PROJECT_DOMAIN_NAME)'],
    })
  }
  const { all, matching } = endpointsOf(cloud, told.catalog, SERVICE)
  const [first] = matching
  if (first === undefined) {
    const wanted = `interface ${cloud.interface}${cloud.region === null ? '' : ` in region ${cloud.region}`}`
    const known = all.length > 0 ? all.map(({ face, region }) => `${face} in ${region ?? 'no region'}`) : null
    throw nyahError({
      code: 'KEYSTONE_NO_ENDPOINT',
      message:
        known === null
          ? `the catalogue of project ${told.project?.name ?? '(none)'} has no ${SERVICE} service; it has ${list(told.catalog.map(({ type }) => type))}`
          : `the catalogue has no ${SERVICE} endpoint with ${wanted}; it has ${list(known)}`,
      exit: EXIT.configuration,
      tries: [
        known === null
          ? 'set load_balancer_endpoint_override to the address of Octavia'
          : 'correct region_name or interface',
      ],
    })
  }
  if (new Set(matching.map(({ url }) => url)).size > 1) {
    const regions = [...new Set(matching.map(({ region }) => region ?? 'no region'))]
    throw nyahError({
      code: 'KEYSTONE_REGION_AMBIGUOUS',
      message: `the catalogue has ${matching.length} ${SERVICE} endpoints with interface ${cloud.interface}, in ${list(regions)}, and no region is chosen`,
      exit: EXIT.configuration,
      tries:
        regions.length > 1 ? [`export OS_REGION_NAME=${regions[0]}`] : ['set load_balancer_endpoint_override to one'],
    })
  }
  return { url: first.url, region: first.region }
}

/** Neutron's address without its version; null: the catalogue has none, or more than one that could be meant. */
export function networkRoot(cloud: CloudConfig, { catalog = [] }: Told): string | null {
  const { matching } = endpointsOf(cloud, catalog, 'network')
  const [url, ...more] = new Set(matching.map((one) => one.url.replace(/\/+$/, '').replace(/\/v2\.0$/, '')))
  return url === undefined || more.length > 0 || !/^https?:\/\//.test(url) ? null : url
}

/** Every endpoint of a service, and those with the interface and region that were chosen. */
function endpointsOf(cloud: CloudConfig, catalog: readonly CatalogueEntry[], type: string) {
  const all = catalog
    .filter((service) => service.type === type)
    .flatMap((service) => service.endpoints)
    .flatMap(({ interface: face, region, region_id, url }) =>
      url ? [{ url, face: face.replace(/URL$/i, ''), region: region_id ?? region ?? null }] : [],
    )
  const matching = all.filter(
    ({ face, region }) => face === cloud.interface && (cloud.region === null || region === cloud.region),
  )
  return { all, matching }
}

const list = (names: readonly string[]): string =>
  names.length === 0 ? 'nothing' : [...new Set(names)].toSorted().slice(0, 20).join(', ')

/** The catalogue's address may or may not end in the version. */
export function lbaasRoot(url: string): string {
  const plain = url.replace(/[?#].*$/, '').replace(/\/+$/, '')
  if (/\/v2(\.0)?\/lbaas$/.test(plain)) return plain
  return /\/v2(\.0)?$/.test(plain) ? `${plain}/lbaas` : `${plain}/v2/lbaas`
}
