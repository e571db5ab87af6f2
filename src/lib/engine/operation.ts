import type { Change, Outputs } from '../core/change.ts'
import type { Emit, Waiting } from '../core/events.ts'
import type { Json } from '../core/json.ts'
import type { Draft, Finding, Plan } from '../core/plan.ts'
import type { Clock } from '../ports/clock.ts'

/** What the engine gives to whatever acts on remotes. */
export interface Scene {
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly emit: Emit
}

/**
 * A pure check of a plan. It may refuse it (`refuse`), hold a part (`hold` with `holds`), or say something.
 * The engine applies allowances to what it returns.
 */
export type Guard<World> = (draft: Draft, world: World) => readonly Finding[]

/** What a remote takes in one call; see `Operation.together`. */
export interface Together {
  readonly keyOf: (change: Change) => string | null
  readonly apply: (changes: readonly Change[], scene: Scene) => Promise<ReadonlyMap<string, Outputs | Error>>
}

/**
 * A domain's capability, all the engine knows of it. `plan`, `guards`, `waiting`, `requeue` and `summary` are pure;
 * `observe` and `apply` act through the ports the operation was made with.
 */
export interface Operation<World> {
  /** `lb.mirror` */
  readonly name: string
  /** False: `apply` is never reached (a diff); nothing is asked, locked or journalled. */
  readonly mutates: boolean
  /** Goes on, loudly, where no journal can be written: users wait for it, and its state lives with the thing. Absent: it does not. */
  readonly evenUnjournalled?: boolean
  /** Set: what it does cannot be taken back, and this id must be typed (`--confirm ID`); `--yes` does not answer. */
  readonly confirmId: string | null
  observe(scene: Scene): Promise<World>
  plan(world: World): Draft
  readonly guards: readonly Guard<World>[]
  /** `change.after` comes with its tokens resolved. Idempotent: the engine may repeat it after a lost answer. */
  apply(change: Change, scene: Scene): Promise<Outputs>
  /**
   * Changes that the remote takes in one call: those of one key that are ready at once are given to `apply` together,
   * however many. It gives for each id its outputs, or the error; `keyOf` null: on its own. Absent: none.
   */
  readonly together?: Together
  /**
   * What is not yet as it should be after an apply; empty: done. Null: nothing is ever waited for. The engine observes
   * and asks again until it is empty or the deadline has passed (exit 9).
   */
  readonly waiting: ((world: World) => readonly Waiting[]) | null
  /**
   * Changes of a saved plan that may come out otherwise when it is applied (members that came or went meanwhile), as long
   * as the guards accept them; they are shown. Absent: none. Pure.
   */
  readonly tolerates?: (change: Change) => boolean
  /**
   * Writes down with the thing itself what a second person needs (what is held and since when, when both sides were last
   * in step): at the end of each run that was to apply, held ones too. `plan`: what would be planned for `world` now.
   * Idempotent, and only where it differs; a failure is a note, never an outcome. Absent: nothing.
   */
  readonly record?: (world: World, plan: Plan, scene: Scene) => Promise<void>
  /**
   * A walk between splits: milliseconds from the observation of `world` until the next step is due, counting only scopes
   * that are not in `stopped` (refused or held by now); null: none is on its way. The run then sleeps, watches the world,
   * and does what the planner says as soon as it says something: changes of kind `shift` and `wait` in the scopes that
   * were agreed to, under the same consent; anything else is held (RUN_STEP_NOT_AGREED). Other runs may have the scopes
   * meanwhile: what keeps a step from overwriting theirs is its own precondition. Pure. Absent: one plan is all.
   */
  readonly requeue?: (world: World, stopped: ReadonlySet<string>) => number | null
  /** How often the world is looked at while a walk pauses, in milliseconds. Absent: every 30 s. */
  readonly lookEveryMs?: number
  /** The command's result document (`--json`): what is there now. */
  summary(world: World, plan: Plan): Json
}
