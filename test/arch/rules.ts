import type { Edge, Module } from './graph.ts'
import { cycles } from './graph.ts'
import { impurities, slowness } from './purity.ts'

/** A rule of the design that a file breaks. */
export interface Violation {
  readonly path: string
  readonly rule: string
  readonly what: string
}

/** Domains, each after those it may build on. */
const DOMAINS: ReadonlyMap<string, readonly string[]> = new Map([
  ['cluster', []],
  ['lb', []],
  ['dns', []],
  ['failover', ['lb', 'dns']],
  ['tenant', ['cluster', 'lb', 'dns']],
  ['prod', ['cluster', 'lb', 'dns', 'tenant']],
  ['rollout', ['cluster', 'lb', 'dns', 'tenant', 'prod']],
])

/** Files of a domain that act through ports (`list` and `show` only read); all others, and all of core, are pure. */
const ACTING = /\/(observe|apply|deregister|record|operation|list|show|watch-spread)\.ts$/

/** Of another domain only these may be imported. */
const SHARED_BETWEEN_DOMAINS = /\/(model|plan(-[a-z-]+)?)\.ts$/

/** The part of the tree a file belongs to: `core`, `lb`, `adapters/aws`, `commands`, `entry`. */
export function areaOf(path: string): string {
  if (path.startsWith('src/commands/')) return 'commands'
  const [, area = 'entry'] = /^src\/lib\/([^/]+)\//.exec(path) ?? []
  if (area !== 'adapters') return area
  return /^src\/lib\/(adapters\/[^/]+)\//.exec(path)?.[1] ?? 'adapters'
}

/** What an area may import at run time; every area may import itself. Domains and adapters have rules of their own. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  entry: ['runtime'],
  commands: ['runtime'],
  // What is not named here (domains, adapters that speak to a remote, sandbox, tui, controller) is loaded by `import()`.
  runtime: ['core', 'ports', 'engine', 'config', 'render', 'adapters/host'],
  engine: ['core', 'ports'],
  core: [],
  ports: ['core'],
  config: ['core'],
  render: ['core'],
  tui: ['core', 'ports', 'render'],
  sandbox: ['core', 'ports'],
  controller: ['core', 'ports', 'engine'],
}

/** What may be imported for its types only, besides. */
const MAY_NAME: Readonly<Record<string, readonly string[]>> = {
  runtime: [...DOMAINS.keys(), 'sandbox', 'tui', 'controller', 'adapters/aws', 'adapters/octavia', 'adapters/http'],
}

const DYNAMIC_IN = new Set(['runtime'])
const BUILTINS_IN = /^(runtime|config|sandbox|controller|adapters\/.*)$/
const SOCKETS = new Set(['node:http', 'node:https', 'node:net', 'node:tls', 'node:dns', 'node:dgram', 'node:http2'])
const SOCKETS_IN = /^(sandbox|adapters\/.*)$/
/** Packages that any file may import; all others stand behind a *.sdk.ts. */
const FREE_PACKAGES = /^(zod\/mini|ipaddr\.js)$/
const OCLIF_IN = new Set(['commands', 'runtime', 'entry'])

const isSdk = (path: string): boolean => path.endsWith('.sdk.ts')

function mayImport(from: string, edge: Edge): boolean {
  if (edge.target === null) return true
  const [own, other] = [areaOf(from), areaOf(edge.target)]
  if (own === other) return true
  if (edge.dynamic) return DYNAMIC_IN.has(own) ? other !== 'commands' : own === 'commands' && other === 'runtime'
  const builtOn = DOMAINS.get(own)
  if (builtOn !== undefined) {
    if (other === 'core' || other === 'ports') return true
    if (edge.target === 'src/lib/engine/operation.ts') return edge.typeOnly
    return builtOn.includes(other) && SHARED_BETWEEN_DOMAINS.test(edge.target)
  }
  if (own.startsWith('adapters/')) return ['core', 'ports', 'adapters/http'].includes(other)
  if ((MAY_IMPORT[own] ?? []).includes(other)) return true
  return edge.typeOnly && (MAY_NAME[own] ?? []).includes(other)
}

function packageViolations(module: Module, edge: Edge): readonly string[] {
  const area = areaOf(module.path)
  const { specifier } = edge
  if (specifier.startsWith('nyah:')) return area === 'entry' ? [] : [`${specifier} is the build's`]
  if (specifier.startsWith('node:')) {
    if (SOCKETS.has(specifier) && !SOCKETS_IN.test(area)) return [`${specifier} outside of adapters and the sandbox`]
    const hashing = specifier === 'node:crypto' && edge.names.every((name) => name === 'createHash')
    return BUILTINS_IN.test(area) || edge.typeOnly || hashing ? [] : [`${specifier} in ${area}`]
  }
  if (FREE_PACKAGES.test(specifier)) return []
  if (specifier.startsWith('@oclif/core/')) return OCLIF_IN.has(area) ? [] : [`${specifier} in ${area}`]
  if (isSdk(module.path) || edge.typeOnly) return []
  return [`${specifier} is imported outside of a *.sdk.ts`]
}

/** All that this module imports at run time, of ours, near and far; itself included. */
function closure(start: Module, byPath: ReadonlyMap<string, Module>): readonly Module[] {
  const seen = new Map([[start.path, start]])
  for (const module of seen.values()) {
    for (const { target, typeOnly } of module.edges) {
      const next = target === null || typeOnly ? undefined : byPath.get(target)
      if (next !== undefined) seen.set(next.path, next)
    }
  }
  return [...seen.values()]
}

const mustBePure = (path: string): boolean =>
  areaOf(path) === 'core' || (DOMAINS.has(areaOf(path)) && !ACTING.test(path) && !isSdk(path))

/** Every rule of the design's layout that these modules break. */
export function violations(modules: readonly Module[]): readonly Violation[] {
  const byPath = new Map(modules.map((module) => [module.path, module]))
  const found: Violation[] = []
  for (const module of modules) {
    const { path } = module
    const add = (rule: string, what: string): void => void found.push({ path, rule, what })
    for (const edge of module.edges) {
      if (!mayImport(path, edge)) {
        add(
          'layers',
          `${areaOf(path)} may not ${edge.dynamic ? 'import()' : 'import'} ${edge.target ?? edge.specifier}`,
        )
      }
      if (edge.target === null) for (const what of packageViolations(module, edge)) add('packages', what)
      if (edge.target !== null && !byPath.has(edge.target)) add('missing', edge.target)
      if (edge.dynamic && edge.specifier === '(computed)') add('dynamic', 'import() of a computed name')
      if (edge.dynamic && edge.target === null) add('dynamic', `import(${edge.specifier}): only our own modules`)
      if (edge.target?.includes('/tui/') && edge.target.endsWith('.sdk.ts') && !edge.dynamic && !edge.typeOnly) {
        add('sdk', `${edge.target} is an ES module: import() it`)
      }
    }
    if (isSdk(path)) {
      if (!module.onlyReexports) add('sdk', 'a *.sdk.ts only re-exports')
      if (module.edges.some((edge) => edge.names.includes('*'))) add('sdk', 'export what is used by name, not *')
      if (module.edges.some((edge) => edge.target !== null))
        add('sdk', 'a *.sdk.ts re-exports packages, not our own code')
    } else if (module.onlyReexports) add('names', 'a barrel file: import from where it is defined')
    if (/(^|\/)(utils?|helpers?|common|misc|shared)(\/|\.tsx?$)/.test(path)) add('names', 'call it by what it does')
    if (mustBePure(path)) {
      for (const part of closure(module, byPath)) {
        for (const why of impurities(part)) add('pure', part === module ? why : `imports ${part.path}, which ${why}`)
      }
    }
    for (const what of slowness(module)) add('startup', `${what} is slow at first use`)
  }
  const rings = cycles(modules).map((ring) => ({ path: ring[0] ?? '', rule: 'cycle', what: ring.join(' → ') }))
  return [...found, ...rings]
}
