import { durationText } from '../core/duration.ts'
import type { Scene } from '../engine/operation.ts'
import { returning } from './guards.ts'
import { isWatched, leftOf, looked, proofKey, proofText, type Return } from './healthy-for.ts'
import type { End, FailoverWorld, Proof, Proofs } from './model.ts'
import { planEnd } from './plan.ts'

/** While a return waits, or users are out, it is looked for trouble so often. Unhealthy, a health check of Route 53 stays so for at least one of its intervals of 10 or 30 s. */
export const LOOK_EVERY_MS = 10_000

/** How often it is said how far it is. */
const SAY_EVERY_MS = 30_000

export interface WatchReturn {
  /** `world` with what was seen of the sides so far, this look included; says how far they are. */
  look<World extends FailoverWorld>(world: World, scene: Pick<Scene, 'clock' | 'emit'>): World
  /** Milliseconds until the first of these names may return, Infinity: nobody can say; null: none waits for that. Pure. */
  dueIn(world: FailoverWorld): number | null
}

/** Watches the sides that users return to, for one run: another run begins to count again. */
export function watchReturn(asked: End): WatchReturn {
  const { healthyForSeconds } = asked
  let proofs: Proofs = new Map()
  let saidAt: number | null = null
  let lookedAt = -Infinity
  const waiting = (world: FailoverWorld): readonly Return[] =>
    returning(planEnd(world, asked), world).filter((one) => isWatched(one, world, healthyForSeconds))
  return {
    look(before, { clock, emit }) {
      // Seen before (while what was changed spreads, only that is looked at): nobody has looked since.
      if (before.at <= lookedAt) return { ...before, proofs }
      lookedAt = before.at
      const old = proofs
      proofs = looked(old, returning(planEnd(before, asked), before), before.at, clock.now())
      const world = { ...before, proofs }
      const watched = waiting(world).map((one): Watched => ({ one, proof: proofs.get(proofKey(one)) }))
      const known = watched.filter(({ one }) => old.has(proofKey(one)))
      const broken = known.filter(({ one, proof }) => {
        const since = old.get(proofKey(one))?.since ?? null
        return proof?.gap === true || (since !== null && proof?.since === null)
      })
      if (broken.length > 0) {
        emit('note', null, { code: 'FAILOVER_RETURN_BREAK', message: breakText(broken, healthyForSeconds, before.at) })
        saidAt = before.at
      } else if (known.length > 0 && (saidAt === null || before.at - saidAt >= SAY_EVERY_MS)) {
        emit('note', null, { code: 'FAILOVER_RETURN_WATCHED', message: farText(known, healthyForSeconds, before.at) })
        saidAt = before.at
      }
      return world
    },
    dueIn(world) {
      const left = new Map<string, number>()
      for (const one of waiting(world)) {
        const its = leftOf(world.proofs?.get(proofKey(one)), healthyForSeconds, world.at)
        left.set(one.seen.name, Math.max(its, left.get(one.seen.name) ?? 0))
      }
      return left.size === 0 ? null : Math.min(...left.values())
    },
  }
}

interface Watched {
  readonly one: Return
  readonly proof: Proof | undefined
}

/** The one that has the longest way to go stands for all. */
function farText(all: readonly Watched[], forSeconds: number, at: number): string {
  const since = ({ proof }: Watched): number => proof?.since ?? Infinity
  const [last, ...others] = all.toSorted((a, b) => since(b) - since(a))
  if (last?.proof === undefined) return ''
  const rest = others.length === 0 ? '' : `; ${others.length} more for as long or longer`
  return `${nameOf(last)}: ${proofText(last.one.side, last.proof, forSeconds, at)}${rest}`
}

function breakText(broken: readonly Watched[], forSeconds: number, at: number): string {
  const [first] = broken
  if (first?.proof === undefined) return ''
  const { proof, one } = first
  const what = proof.gap
    ? `nobody looked at ${one.side} for a while, and its ${durationText(forSeconds * 1000)} begin again`
    : proofText(one.side, proof, forSeconds, at)
  return `${nameOf(first)}: ${what}${broken.length > 1 ? `; so for ${broken.length - 1} more` : ''}`
}

const nameOf = ({ one }: Watched): string => `${one.seen.name} ${one.set.type}`
