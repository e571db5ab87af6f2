import type { Side } from './model.ts'
import type { ShownMember, ShownSet } from './view.ts'

/** Could all users of a name be sent to this side now? */
export interface Ready {
  readonly name: string
  readonly type: string
  readonly to: Side
  readonly verdict: 'ready' | 'bad' | 'unknown'
  /** What stands in the way, or is not known; empty when ready. */
  readonly why: readonly string[]
}

const SIDES = ['aws', 'octavia'] as const

/** For each side of each set that nyah owns. Pure. */
export const readinessOf = (sets: readonly ShownSet[]): readonly Ready[] =>
  sets
    .filter(({ owner }) => owner.kind === 'nyah' || owner.kind === 'unreadable')
    .flatMap((set) => SIDES.map((to) => readyTo(set, to)))

function readyTo(set: ShownSet, to: Side): Ready {
  const member = set.members.find(({ side }) => side === to)
  const bad = [
    ...(set.owner.kind === 'unreadable' ? [`its state cannot be read: ${set.owner.detail ?? ''}`] : []),
    ...(set.routing === 'other' ? ['it has another routing than weights'] : []),
    ...(set.isProtected === true ? ['it is protected: Route 53 refuses every change'] : []),
    ...(member === undefined ? [`it has no record ${to}`] : ill(member)),
  ]
  const unknown = [
    ...(member === undefined ? [] : unclear(member)),
    ...(set.isProtected === null ? ['whether it is protected could not be read'] : []),
  ]
  const verdict = bad.length > 0 ? 'bad' : unknown.length > 0 ? 'unknown' : 'ready'
  return { name: set.name, type: set.type, to, verdict, why: [...bad, ...unknown] }
}

const ill = ({ health }: ShownMember): readonly string[] =>
  health.health === 'unhealthy' ? [`it is unhealthy: ${health.detail}`] : []

const unclear = ({ health }: ShownMember): readonly string[] =>
  health.health === 'unknown' ? [`its health is unknown: ${health.detail}`] : []

/** The whole of it: the worst of what is known, else what is not known. No name at all is not ready. */
export function verdictOf(ready: readonly Ready[]): Ready['verdict'] {
  if (ready.some(({ verdict }) => verdict === 'bad')) return 'bad'
  return ready.length === 0 || ready.some(({ verdict }) => verdict === 'unknown') ? 'unknown' : 'ready'
}
