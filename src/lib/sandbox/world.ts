import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as z from 'zod/mini'
import type { JsonObject } from '../core/json.ts'
import { EXIT, nyahError } from '../core/errors.ts'

const section = z.record(z.string(), z.json())

/** What a sandbox starts with: a file in fixtures/worlds, or an object. Each section is its service's own business. */
const schema = z.object({
  v: z.literal(1),
  /** For people. */
  description: z.optional(z.string()),
  /** The name of a built-in world, of which this one only says what differs, key by key of each section. */
  extends: z.optional(z.string()),
  openstack: section,
  aws: section,
  /** What the sandbox's Prometheus answers: values by series. */
  metrics: z.optional(section),
  /** Where mirrors may live in `aws`: what a context's `networks` would say. */
  networks: z.record(
    z.string(),
    z.object({
      vpcId: z.string(),
      scheme: z.enum(['internal', 'internet-facing']),
      subnets: z.array(z.string()).check(z.minLength(1)),
      routableCidrs: z.optional(z.array(z.string())),
    }),
  ),
})

/** What a world that extends another may leave out. */
const partial = z.object({
  openstack: z.optional(section),
  aws: z.optional(section),
  metrics: z.optional(section),
  networks: z.optional(section),
})

export interface World {
  readonly v: 1
  readonly description?: string | undefined
  readonly extends?: string | undefined
  readonly openstack: JsonObject
  readonly aws: JsonObject
  readonly metrics?: JsonObject | undefined
  readonly networks: z.infer<typeof schema>['networks']
}

/** SANDBOX_WORLD_INVALID. */
export const unusableWorld = (what: string, why: string): Error =>
  nyahError({
    code: 'SANDBOX_WORLD_INVALID',
    message: `the sandbox world ${what} cannot be used: ${why}`,
    exit: EXIT.configuration,
    tries: ['leave out the world: the built-in one (fixtures/worlds/default.json) is used then'],
  })

export function parseWorld(value: unknown, what: string): World {
  const parsed = schema.safeParse(extended(value))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw unusableWorld(what, `${issue?.path.map(String).join('.') || 'it'}: ${issue?.message ?? 'not a world'}`)
}

/** A world that extends another, laid over it. */
function extended(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('extends' in value)) return value
  const over = partial.safeParse(value)
  if (typeof value.extends !== 'string' || !NAME.test(value.extends) || !over.success) return value
  const base = loadWorld(value.extends)
  const { openstack, aws, metrics, networks } = over.data
  return {
    ...value,
    openstack: { ...base.openstack, ...openstack },
    aws: { ...base.aws, ...aws },
    metrics: { ...base.metrics, ...metrics },
    networks: { ...base.networks, ...networks },
  }
}

/** A built-in world's name, not a path. */
const NAME = /^[a-z][a-z0-9-]*$/

/** From a file, or by the name of a built-in one (`fields`). Throws SANDBOX_WORLD_INVALID. */
export function loadWorld(path: string): World {
  const file = NAME.test(path) && !existsSync(path) ? join(builtIn(), `${path}.json`) : path
  let value: unknown
  try {
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw unusableWorld(path, error instanceof Error ? error.message : String(error))
  }
  return parseWorld(value, path)
}

/** Where the built-in worlds are: in the package's own folder, from the bundle as from source. */
function builtIn(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder)
  return join(folder, 'fixtures', 'worlds')
}

/** Throws SANDBOX_WORLD_INVALID. */
export const defaultWorld = (): World => loadWorld('default')
