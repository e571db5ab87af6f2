import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseModule } from './graph.ts'
import { violations } from './rules.ts'

const root = new URL('../../', import.meta.url)

const sources = readdirSync(new URL('src/', root), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.name.endsWith('.d.ts'))
  .map((entry) => `${entry.parentPath}/${entry.name}`)
  .map((file) => file.slice(file.lastIndexOf('/src/') + 1).replaceAll('//', '/'))

/** Broken rules of a made-up tree, as `rule: path`. */
function broken(tree: Readonly<Record<string, string>>): readonly string[] {
  const modules = Object.entries(tree).map(([path, text]) => parseModule(path, text))
  return violations(modules).map(({ rule, path }) => `${rule}: ${path}`)
}

describe('the import graph', () => {
  it('keeps every rule of the layout', () => {
    const modules = sources.map((path) => parseModule(path, readFileSync(new URL(path, root), 'utf8')))
    expect(modules.length).toBeGreaterThan(30)
    expect(violations(modules).map(({ path, rule, what }) => `${path}: ${rule}: ${what}`)).toEqual([])
  })
})

const CORE = 'export const plan = 1'

describe('the checker sees', () => {
  it.each([
    [
      'core that imports upwards',
      'layers: src/lib/core/a.ts',
      { 'src/lib/core/a.ts': `import { b } from '../lb/b.ts'; b`, 'src/lib/lb/b.ts': 'export const b = 1' },
    ],
    [
      'a type imported upwards',
      'layers: src/lib/core/a.ts',
      {
        'src/lib/core/a.ts': `import type { B } from '../lb/b.ts'; export type A = B`,
        'src/lib/lb/b.ts': 'export type B = 1',
      },
    ],
    [
      'an engine that knows a domain',
      'layers: src/lib/engine/a.ts',
      { 'src/lib/engine/a.ts': `import { plan } from '../lb/plan.ts'; plan`, 'src/lib/lb/plan.ts': CORE },
    ],
    [
      'a command that imports an adapter',
      'layers: src/commands/a.ts',
      {
        'src/commands/a.ts': `import { x } from '../lib/adapters/aws/x.ts'; x`,
        'src/lib/adapters/aws/x.ts': 'export const x = 1',
      },
    ],
    [
      'adapters that import each other',
      'layers: src/lib/adapters/aws/a.ts',
      {
        'src/lib/adapters/aws/a.ts': `import { x } from '../octavia/x.ts'; x`,
        'src/lib/adapters/octavia/x.ts': 'export const x = 1',
      },
    ],
    [
      'an adapter that imports a planner',
      'layers: src/lib/adapters/aws/a.ts',
      { 'src/lib/adapters/aws/a.ts': `import { plan } from '../../lb/plan.ts'; plan`, 'src/lib/lb/plan.ts': CORE },
    ],
    [
      'a domain that imports sideways',
      'layers: src/lib/lb/a.ts',
      { 'src/lib/lb/a.ts': `import { plan } from '../dns/plan.ts'; plan`, 'src/lib/dns/plan.ts': CORE },
    ],
    [
      'a domain that imports more than a model or planner',
      'layers: src/lib/tenant/a.ts',
      { 'src/lib/tenant/a.ts': `import { x } from '../lb/pool.ts'; x`, 'src/lib/lb/pool.ts': 'export const x = 1' },
    ],
    [
      'a static import where a dynamic one belongs',
      'layers: src/lib/runtime/a.ts',
      {
        'src/lib/runtime/a.ts': `import { x } from '../adapters/aws/x.ts'; x`,
        'src/lib/adapters/aws/x.ts': 'export const x = 1',
      },
    ],
    [
      'a re-export across layers',
      'layers: src/lib/ports/a.ts',
      {
        'src/lib/ports/a.ts': `export { x } from '../engine/x.ts'; export const y = 1`,
        'src/lib/engine/x.ts': 'export const x = 1',
      },
    ],
    [
      'a dynamic import outside of runtime',
      'layers: src/lib/lb/observe.ts',
      {
        'src/lib/lb/observe.ts': `export const a = () => import('../core/x.ts')`,
        'src/lib/core/x.ts': 'export const x = 1',
      },
    ],
    [
      'a computed import',
      'dynamic: src/lib/runtime/a.ts',
      { 'src/lib/runtime/a.ts': 'export const a = (name: string) => import(name)' },
    ],
    [
      'an SDK outside of its file',
      'packages: src/lib/adapters/aws/a.ts',
      { 'src/lib/adapters/aws/a.ts': `import { STSClient } from '@aws-sdk/client-sts'; STSClient` },
    ],
    [
      'an SDK file that does something',
      'sdk: src/lib/adapters/aws/a.sdk.ts',
      { 'src/lib/adapters/aws/a.sdk.ts': `export { STSClient } from '@aws-sdk/client-sts'; export const x = 1` },
    ],
    [
      'an SDK file that exports everything',
      'sdk: src/lib/adapters/aws/a.sdk.ts',
      { 'src/lib/adapters/aws/a.sdk.ts': `export * from '@aws-sdk/client-sts'` },
    ],
    [
      'sockets in a domain',
      'packages: src/lib/lb/observe.ts',
      { 'src/lib/lb/observe.ts': `import { request } from 'node:http'; request` },
    ],
    [
      'files in a planner',
      'pure: src/lib/lb/plan.ts',
      { 'src/lib/lb/plan.ts': `import { readFileSync } from 'node:fs'; readFileSync` },
    ],
    [
      'a planner that asks the clock',
      'pure: src/lib/lb/plan.ts',
      { 'src/lib/lb/plan.ts': 'export const now = () => Date.now()' },
    ],
    [
      'a planner that asks the date',
      'pure: src/lib/lb/plan.ts',
      { 'src/lib/lb/plan.ts': 'export const now = () => new Date()' },
    ],
    [
      'a planner that throws dice',
      'pure: src/lib/lb/plan.ts',
      { 'src/lib/lb/plan.ts': 'export const dice = () => Math.random()' },
    ],
    [
      'a planner that reads the environment',
      'pure: src/lib/lb/plan.ts',
      { 'src/lib/lb/plan.ts': 'export const home = () => process.env.HOME' },
    ],
    ['an async guard', 'pure: src/lib/lb/guards.ts', { 'src/lib/lb/guards.ts': 'export const guard = async () => []' }],
    [
      'impurity one import away',
      'pure: src/lib/lb/plan.ts',
      {
        'src/lib/lb/plan.ts': `import { now } from './apply.ts'; now`,
        'src/lib/lb/apply.ts': 'export const now = () => Date.now()',
      },
    ],
    [
      'random ids beside hashing',
      'pure: src/lib/core/hash.ts',
      { 'src/lib/core/hash.ts': `import { createHash, randomUUID } from 'node:crypto'; createHash; randomUUID` },
    ],
    [
      'a barrel file',
      'names: src/lib/lb/index.ts',
      { 'src/lib/lb/index.ts': `export { plan } from './plan.ts'`, 'src/lib/lb/plan.ts': CORE },
    ],
    ['a drawer for anything', 'names: src/lib/core/utils.ts', { 'src/lib/core/utils.ts': CORE }],
    [
      'a slow call',
      'startup: src/lib/render/a.ts',
      { 'src/lib/render/a.ts': 'export const f = (a: string, b: string) => a.localeCompare(b)' },
    ],
    [
      'a slow global',
      'startup: src/lib/adapters/aws/a.ts',
      { 'src/lib/adapters/aws/a.ts': `export const f = () => fetch('http://127.0.0.1')` },
    ],
    [
      'a circle',
      'cycle: src/lib/core/a.ts',
      {
        'src/lib/core/a.ts': `import { b } from './b.ts'; export const a = () => b`,
        'src/lib/core/b.ts': `import { a } from './a.ts'; export const b = () => a`,
      },
    ],
    [
      'a file that is not there',
      'missing: src/lib/core/a.ts',
      { 'src/lib/core/a.ts': `import { b } from './b.ts'; b` },
    ],
  ])('%s', (_, expected, tree) => {
    expect(broken(tree)).toContain(expected)
  })

  it('nothing in a tree that keeps the rules', () => {
    const tree = {
      'src/commands/lb/mirror.ts': `import { Command } from '@oclif/core/command'; import { run } from '../../lib/runtime/run.ts'; run; Command`,
      'src/lib/runtime/run.ts': `import type { Plan } from '../lb/plan.ts'; export const run = async (): Promise<Plan> => (await import('../lb/plan.ts')).plan`,
      'src/lib/lb/plan.ts': `import { createHash } from 'node:crypto'; import type { Port } from '../ports/p.ts'; export type Plan = Promise<Port>; export const plan = (o: { process: 1 }) => createHash(String(o.process)) as never`,
      'src/lib/lb/observe.ts': `import type { Operation } from '../engine/operation.ts'; export const observe = async (o: Operation) => o`,
      'src/lib/engine/operation.ts': 'export type Operation = 1',
      'src/lib/ports/p.ts': 'export interface Port { fetch(): Promise<void> }',
      'src/lib/adapters/aws/sts.sdk.ts': `export { STSClient } from '@aws-sdk/client-sts'`,
      'src/lib/adapters/aws/a.ts': `import { STSClient } from './sts.sdk.ts'; import { door } from '../http/door.ts'; export const x = async () => [STSClient, door, Date.now()]`,
      'src/lib/adapters/http/door.ts': `import { request } from 'node:http'; export const door = request`,
    }
    expect(broken(tree)).toEqual([])
  })
})
