import { parseSync } from 'oxc-parser'

/** One import or re-export of a module. */
export interface Edge {
  /** As written: `../core/plan.ts`, `node:fs`, `@aws-sdk/client-sts`. */
  readonly specifier: string
  /** The file it means, from the repository's root; null: a package or a builtin. */
  readonly target: string | null
  /** Only types: gone at run time. */
  readonly typeOnly: boolean
  readonly dynamic: boolean
  readonly reexport: boolean
  /** Imported names; empty for a side effect or a dynamic import. */
  readonly names: readonly string[]
}

export interface Module {
  /** From the repository's root: `src/lib/core/plan.ts`. */
  readonly path: string
  readonly edges: readonly Edge[]
  /** It holds nothing but re-exports. */
  readonly onlyReexports: boolean
  readonly program: unknown
}

/** `src/lib/lb/plan.ts` + `../core/plan.ts` ⇒ `src/lib/core/plan.ts`; null for a package. */
export function resolveSpecifier(from: string, specifier: string): string | null {
  if (!specifier.startsWith('.')) return null
  return new URL(specifier, `file:///${from}`).pathname.slice(1)
}

/** Parses one source. Throws with the parser's message where it is no TypeScript. */
export function parseModule(path: string, text: string): Module {
  const { program, module, errors } = parseSync(path, text)
  const [error] = errors
  if (error !== undefined) throw new Error(`${path}: ${error.message}`)
  const edge = (specifier: string, rest: Omit<Edge, 'specifier' | 'target'>): Edge => ({
    specifier,
    target: resolveSpecifier(path, specifier),
    ...rest,
  })
  const imports = module.staticImports.map(({ moduleRequest, entries }) =>
    edge(moduleRequest.value, {
      typeOnly: entries.length > 0 && entries.every((entry) => entry.isType),
      dynamic: false,
      reexport: false,
      names: entries.map((entry) => entry.importName.name ?? '*'),
    }),
  )
  const exports = module.staticExports.flatMap(({ entries }) =>
    entries.flatMap((entry) =>
      entry.moduleRequest === null
        ? []
        : edge(entry.moduleRequest.value, {
            typeOnly: entry.isType,
            dynamic: false,
            reexport: true,
            names: [entry.importName.name ?? '*'],
          }),
    ),
  )
  const dynamics = module.dynamicImports.map(({ moduleRequest: { start, end } }) => {
    const literal = /^(['"`])([^'"`$]*)\1$/.exec(text.slice(start, end).trim())
    return edge(literal?.[2] ?? '(computed)', { typeOnly: false, dynamic: true, reexport: false, names: [] })
  })
  return {
    path,
    edges: [...imports, ...exports, ...dynamics],
    onlyReexports: exports.length > 0 && program.body.every((node) => isReexport(node)),
    program,
  }
}

const isReexport = (node: unknown): boolean =>
  typeof node === 'object' &&
  node !== null &&
  'type' in node &&
  (node.type === 'ExportAllDeclaration' ||
    (node.type === 'ExportNamedDeclaration' && 'source' in node && node.source !== null))

/** Import cycles at run time, each as the files on it. */
export function cycles(modules: readonly Module[]): readonly (readonly string[])[] {
  const byPath = new Map(modules.map((module) => [module.path, module]))
  const done = new Set<string>()
  const found: string[][] = []
  const walk = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path)
    if (at >= 0) {
      found.push([...trail.slice(at), path])
      return
    }
    if (done.has(path)) return
    for (const { target, typeOnly, dynamic } of byPath.get(path)?.edges ?? []) {
      if (target !== null && !typeOnly && !dynamic) walk(target, [...trail, path])
    }
    done.add(path)
  }
  for (const { path } of modules) walk(path, [])
  return found
}
