import type { Change } from '../core/change.ts'
import type { Draft } from '../core/plan.ts'
import type { RecordSet } from '../ports/dns.ts'
import { basisOf, nameChange } from './changes.ts'
import { dropChecks } from './plan-check.ts'
import { TTL, type ObservedName } from './model.ts'
import { ownedSets, type OwnedSet } from './set.ts'

/** Names answer again what they answered before nyah; their health checks go. Pure. */
export function planDetach({ names }: { readonly names: readonly ObservedName[] }): Draft {
  return {
    scopes: names.map(({ name }) => name),
    names: {},
    basis: Object.fromEntries(names.map((seen) => [seen.name, basisOf(seen)])),
    changes: names.flatMap((seen) => {
      const change = restoring(seen)
      return [...(change === null ? [] : [change]), ...dropChecks(seen, new Set(), change)]
    }),
    findings: [],
  }
}

function restoring(seen: ObservedName): Change | null {
  const sets = ownedSets(seen)
  if (sets.length === 0) return null
  const restored = sets.flatMap((set) => formerRecord(seen.name, set))
  return nameChange(
    seen,
    'delete',
    { before: sets.flatMap((set) => [...set.records, set.stateRecord]), after: restored },
    { reason: `answers what it answered before: ${restored.flatMap(({ values }) => values).join(', ')}` },
  )
}

/** A name that answered nothing before keeps Octavia's address: it is never left without an answer. */
function formerRecord(name: string, { type, members, state }: OwnedSet): readonly RecordSet[] {
  const { ttl = TTL, values = null } = state.formerly ?? {}
  const answers = values ?? members.octavia?.values ?? []
  return answers.length === 0
    ? []
    : [
        {
          name,
          type,
          setIdentifier: null,
          weight: null,
          ttl,
          values: answers,
          alias: null,
          healthCheckId: null,
          otherRouting: null,
        },
      ]
}
