import type { Change } from '../core/change.ts'
import type { JsonObject } from '../core/json.ts'
import type { Scene } from '../engine/operation.ts'
import type { ObservedName } from '../dns/model.ts'
import type { CheckSpec } from '../ports/health-checks.ts'
import type { SwitchPlace } from '../ports/switch.ts'
import { switchesOf } from './failover-ways.ts'
import type { Opened } from './open.ts'

/** The switch's health check, which all names of a run wait for: made once, proved once. */
export interface SwitchReady {
  /** Its id, once it is there. */
  made(scene: Scene): Promise<string>
  /** Its id, once it was seen to work; one that names follow already has been. */
  proved(scene: Scene): Promise<string>
}

/** @param seen what was observed last, and the account of it */
export function switchReady(
  opened: Opened,
  place: SwitchPlace | null,
  seen: () => { readonly names: readonly ObservedName[]; readonly account: string },
): SwitchReady {
  const make = async (scene: Scene): Promise<{ readonly id: string; readonly used: boolean }> => {
    if (place === null) throw new Error('there is no switch to make')
    const [{ findSwitch, switchCheck }, { applyCheck }, dns, checks] = await Promise.all([
      import('../dns/plan-armed.ts'),
      import('../dns/apply.ts'),
      opened.names(),
      opened.checks(),
    ])
    const { names, account } = seen()
    const found = findSwitch(names, place)
    if (found !== null) return found
    const { reference, spec } = switchCheck(account, place)
    const after = { reference, spec } as unknown as JsonObject
    const { id } = await applyCheck({ ...CREATE, after }, dns, checks, scene)
    return { id: typeof id === 'string' ? id : '', used: false }
  }
  const made = again(make)
  const proved = again(async (scene) => {
    const { id, used } = await made(scene)
    if (used || place === null) return id
    const [{ proveSwitch }, checks] = await Promise.all([import('../failover/apply.ts'), opened.checks()])
    await proveSwitch(place, id, { switches: switchesOf(opened), checks }, scene)
    return id
  })
  return { made: async (scene) => (await made(scene)).id, proved }
}

const CREATE: Omit<Change, 'after'> = {
  id: 'switch/health-check/create',
  scope: 'switch',
  ref: { type: 'health-check', id: null, name: 'switch' },
  kind: 'create',
  before: null,
  needs: [],
  reason: '',
  risk: 'none',
}

/** Once for all who ask; after a failure anew. */
function again<T>(make: (scene: Scene) => Promise<T>): (scene: Scene) => Promise<T> {
  let going: Promise<T> | null = null
  return (scene) => {
    going ??= make(scene).catch((error: unknown) => {
      going = null
      throw error
    })
    return going
  }
}

/** A check that counts on the switch, with the switch's id in its place. */
export async function counting(change: Change, marker: string, id: () => Promise<string>): Promise<Change> {
  const spec = (change.after as { readonly spec?: CheckSpec } | null)?.spec
  if (change.kind !== 'create' || spec === undefined || !spec.children.includes(marker)) return change
  const real = await id()
  const children = spec.children.map((child) => (child === marker ? real : child))
  return { ...change, after: { ...change.after, spec: { ...spec, children } as unknown as JsonObject } }
}
