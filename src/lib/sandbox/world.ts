import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as z from 'zod/mini'
import type { JsonObject } from '../core/json.ts'
import { EXIT, nyahError } from '../core/errors.ts'

/** What a sandbox starts with: a file in fixtures/worlds, or an object. Each section is its service's own business. */
const schema = z.object({
  v: z.literal(1),
  /** For people. */
  description: z.optional(z.string()),
  openstack: z.record(z.string(), z.json()),
  aws: z.record(z.string(), z.json()),
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

export interface World {
  readonly v: 1
  readonly description?: string | undefined
  readonly openstack: JsonObject
  readonly aws: JsonObject
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
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw unusableWorld(what, `${issue?.path.map(String).join('.') || 'it'}: ${issue?.message ?? 'not a world'}`)
}

/** Throws SANDBOX_WORLD_INVALID. */
export function loadWorld(path: string): World {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw unusableWorld(path, error instanceof Error ? error.message : String(error))
  }
  return parseWorld(value, path)
}

/** The built-in world, in the package's own folder, from the bundle as from source. Throws SANDBOX_WORLD_INVALID. */
export function defaultWorld(): World {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder)
  return loadWorld(join(folder, 'fixtures', 'worlds', 'default.json'))
}
