import { Visitor } from 'oxc-parser'
import type { Module } from './graph.ts'

/** Packages that hold no I/O, no clock and no randomness (docs/dependencies.md). */
const PURE_PACKAGES = new Set(['ipaddr.js', 'zod/mini'])

/** Of all builtins only hashing is pure. */
const PURE_BUILTINS: ReadonlyMap<string, ReadonlySet<string>> = new Map([['node:crypto', new Set(['createHash'])]])

const IMPURE_GLOBALS = new Set([
  'process',
  'console',
  'performance',
  'crypto',
  'fetch',
  'globalThis',
  'require',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'Promise',
])

const IMPURE_CALLS = new Set(['Date.now', 'Math.random'])

/** What costs a start tens of milliseconds: built-in undici, and ICU's tables. */
const SLOW_GLOBALS = new Set(['fetch', 'Headers', 'Intl'])
const SLOW_MEMBERS = new Set(['localeCompare', 'toLocaleString', 'toLocaleDateString', 'toLocaleTimeString'])

/** Names that the program uses from outside, members (`Date.now`), and syntax that needs time to pass. */
interface Uses {
  readonly globals: ReadonlySet<string>
  readonly members: ReadonlySet<string>
  readonly asynchronous: boolean
  readonly clockless: boolean
}

function uses(program: unknown): Uses {
  const called = new Set<string>()
  const members = new Set<string>()
  const declared = new Set<string>()
  let asynchronous = false
  let clockless = true
  const functionLike = (node: { readonly async: boolean; readonly params: readonly object[] }): void => {
    if (node.async) asynchronous = true
    // Scopes are not told apart: a parameter's name hides the global in the whole file. Lint sees that one better.
    for (const each of node.params) if ('name' in each && typeof each.name === 'string') declared.add(each.name)
  }
  const skip = new Set<unknown>()
  const visitor = new Visitor({
    ImportDeclaration: (node) => {
      for (const each of node.specifiers) declared.add(each.local.name)
    },
    VariableDeclarator: (node) => {
      if (node.id.type === 'Identifier') declared.add(node.id.name)
    },
    FunctionDeclaration: (node) => functionLike(node),
    FunctionExpression: (node) => functionLike(node),
    ArrowFunctionExpression: (node) => functionLike(node),
    AwaitExpression: () => void (asynchronous = true),
    Property: (node) => {
      if (!node.computed && !node.shorthand) skip.add(node.key)
    },
    MemberExpression: (node) => {
      if (node.computed || node.property.type !== 'Identifier') return
      skip.add(node.property)
      members.add(node.property.name)
      if (node.object.type === 'Identifier') members.add(`${node.object.name}.${node.property.name}`)
    },
    NewExpression: (node) => {
      const bare = node.callee.type === 'Identifier' && node.callee.name === 'Date' && node.arguments.length === 0
      if (bare) clockless = false
    },
    TSTypeReference: (node) => void skip.add(node.typeName),
    TSPropertySignature: (node) => void skip.add(node.key),
    TSMethodSignature: (node) => void skip.add(node.key),
    Identifier: (node) => {
      if (!skip.has(node)) called.add(node.name)
    },
  })
  visitor.visit(program as Parameters<typeof visitor.visit>[0])
  return { globals: new Set([...called].filter((name) => !declared.has(name))), members, asynchronous, clockless }
}

/** Why a module is not pure, in words; empty: it is. What it imports of ours is looked at separately. */
export function impurities(module: Module): readonly string[] {
  const found = uses(module.program)
  const imports = module.edges.filter(
    (edge) => edge.target === null && !edge.typeOnly && !PURE_PACKAGES.has(edge.specifier),
  )
  return [
    ...imports
      .filter(
        ({ specifier, names }) => names.length === 0 || !names.every((name) => PURE_BUILTINS.get(specifier)?.has(name)),
      )
      .map(({ specifier }) => `imports ${specifier}`),
    ...[...found.globals].filter((name) => IMPURE_GLOBALS.has(name)).map((name) => `uses ${name}`),
    ...[...found.members].filter((name) => IMPURE_CALLS.has(name)).map((name) => `calls ${name}`),
    ...(found.asynchronous ? ['is async'] : []),
    ...(found.clockless ? [] : ['asks the clock (new Date())']),
  ]
}

/** Globals and methods that make every start slower. */
export function slowness(module: Module): readonly string[] {
  const { globals, members } = uses(module.program)
  return [
    ...[...globals].filter((name) => SLOW_GLOBALS.has(name)),
    ...[...members].filter((name) => SLOW_MEMBERS.has(name)),
  ]
}
