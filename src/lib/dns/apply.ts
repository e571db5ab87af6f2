import type { Change, Outputs } from '../core/change.ts'
import { EXIT, errorData, nyahError, type NyahError } from '../core/errors.ts'
import type { Scene } from '../engine/operation.ts'
import type { Dns, RecordSet } from '../ports/dns.ts'
import type { CheckSpec, HealthChecks } from '../ports/health-checks.ts'
import { batchesOf, halves, type NamePart } from './batches.ts'
import { recordDelta, stamped, standings, type Stamp } from './delta.ts'
import type { SetState } from './model.ts'
import { ownerOf } from './state.ts'
import { TYPES } from './set.ts'

/** Who carries out a plan: what is not known before. */
export type Enactor = Omit<Stamp, 'at'>

interface Part extends NamePart {
  readonly change: Change
  readonly after: readonly RecordSet[]
}

type Results = Map<string, Outputs | Error>

/**
 * Carries out changes of weighted sets: as few batches as the limits allow, each atomic, each compare and swap. What is
 * refused is divided between names until it is known which. A name whose change was refused, or never answered, is read back:
 * the state there says whether it was us.
 *
 * Gives for each change its outputs, or DNS_OVERTAKEN, DNS_RECORD_MOVED (10), or what the remote said.
 */
export async function applyNames(
  changes: readonly Change[],
  dns: Pick<Dns, 'change' | 'recordsOf'>,
  enactor: Enactor,
  scene: Scene,
): Promise<ReadonlyMap<string, Outputs | Error>> {
  const at = new Date(scene.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z')
  const results: Results = new Map()
  const parts = changes.map((change): Part => {
    const { before, after } = standings(change)
    const name = change.ref.name
    const written = stamped(after.records, name, { ...enactor, at })
    return { change, name, zoneId: after.zoneId, after: written, changes: recordDelta(before.records, written) }
  })
  for (const { change } of parts.filter((part) => part.changes.length === 0)) results.set(change.id, {})
  const due = parts.filter((part) => part.changes.length > 0)
  // Changes of one zone that overlap are refused as PriorRequestNotComplete: one after the other, zones side by side.
  const batches = batchesOf(due)
  const zones = [...new Set(due.map(({ zoneId }) => zoneId))]
  await Promise.all(
    zones.map(async (zoneId) => {
      for (const batch of batches) if (batch[0]?.zoneId === zoneId) await send(batch, dns, enactor, results, scene)
    }),
  )
  return results
}

async function send(
  parts: readonly Part[],
  dns: Pick<Dns, 'change' | 'recordsOf'>,
  enactor: Enactor,
  results: Results,
  scene: Scene,
): Promise<void> {
  const [first] = parts
  if (first === undefined) return
  const succeed = (part: Part, outputs: Outputs): unknown => results.set(part.change.id, outputs)
  try {
    const id = await dns.change(
      first.zoneId,
      parts.flatMap((part) => part.changes),
      commentOf(parts, enactor),
    )
    for (const part of parts) succeed(part, { changeId: id })
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    const { code, lostAnswer } = errorData(error)
    const refused = code === 'DNS_BATCH_REFUSED'
    if (refused && parts.length > 1) {
      for (const half of halves(parts)) await send(half, dns, enactor, results, scene)
      return
    }
    if (refused || lostAnswer || code === 'AWS_UNCERTAIN') {
      await readBack(parts, error, dns, enactor, results, scene)
      return
    }
    for (const part of parts) results.set(part.change.id, error)
  }
}

/** For CloudTrail, which keeps it: who and why, whole, where the state has no room. */
const commentOf = (parts: readonly Part[], { by, why, run }: Enactor): string =>
  [
    ...`nyah ${run} ${by}: ${parts.length === 1 ? parts[0]?.name : `${parts.length} names`}${why === '' ? '' : `: ${why}`}`,
  ]
    .slice(0, 256)
    .join('')

async function readBack(
  parts: readonly Part[],
  error: Error,
  dns: Pick<Dns, 'recordsOf'>,
  enactor: Enactor,
  results: Results,
  scene: Scene,
): Promise<void> {
  const names = parts.flatMap((part) => part.changes.map(({ record }) => record.name))
  const zoneId = parts[0]?.zoneId ?? ''
  let there: readonly RecordSet[]
  try {
    there = await dns.recordsOf(zoneId, [...new Set(names)], scene.signal)
  } catch {
    // Nobody can say whether it was done: the next attempt compares and swaps again, so it can do no harm.
    for (const part of parts) results.set(part.change.id, again(error))
    return
  }
  for (const part of parts) results.set(part.change.id, judge(part, there, error, enactor))
}

/** What the records that stand there now say of a change that was refused, or not answered. */
function judge(part: Part, there: readonly RecordSet[], error: Error, { run }: Enactor): Outputs | Error {
  const { before } = standings(part.change)
  const wanted = stateIn(part.after, part.name)
  const now = stateIn(there, part.name)
  const took =
    wanted === null
      ? part.changes.every(({ action, record }) => (action === 'CREATE') === holds(there, record))
      : now?.run === run && now.epoch === wanted.epoch
  if (took) return { readBack: true }
  const untouched = before.records.every((record) => holds(there, record))
  // Not done, and as it was: what was refused for another reason stays refused, what was lost is sent again.
  if (untouched && now?.epoch === stateIn(before.records, part.name)?.epoch)
    return errorData(error).code === 'DNS_BATCH_REFUSED' ? error : again(error)
  return now === null || now.epoch <= (stateIn(before.records, part.name)?.epoch ?? 0)
    ? moved(part)
    : overtaken(part, now)
}

const holds = (records: readonly RecordSet[], wanted: RecordSet): boolean =>
  recordDelta([wanted], records).every(({ action }) => action !== 'DELETE')

/** State of the first set of a name: those of one name change together. */
function stateIn(records: readonly RecordSet[], name: string): SetState | null {
  for (const type of TYPES) {
    const owner = ownerOf(records, name, type)
    if (owner.kind === 'nyah') return owner.state
  }
  return null
}

const again = (error: Error): NyahError => {
  const { code, message, tries, exit, lostAnswer, details } = errorData(error)
  return nyahError({ code, message, tries, exit, lostAnswer, details, retryable: true })
}

const overtaken = ({ name }: Part, { by, at, why, run }: SetState): NyahError =>
  nyahError({
    code: 'DNS_OVERTAKEN',
    message: `${name} was changed meanwhile by ${by || 'somebody'} at ${at || 'an unknown time'}${why === '' ? '' : ` (${why})`}: nothing of this plan was done to it`,
    exit: EXIT.stale,
    tries: [`nyah dns show ${name}`, 'run the command again: it plans from what is there now'],
    details: { name, run },
  })

const moved = ({ name }: Part): NyahError =>
  nyahError({
    code: 'DNS_RECORD_MOVED',
    message: `the records of ${name} are no longer those that were read, and nyah's state does not say who changed them: nothing was done to it`,
    exit: EXIT.stale,
    tries: [`nyah dns show ${name}`, 'run the command again: it plans from what is there now'],
    details: { name },
  })

/** How often a reference may have been used up by checks that were deleted, or differ. */
const GENERATIONS = 50

/**
 * Makes, changes or deletes one health check. One that a lost reply had made is found again by its reference; a reference
 * that is used up gives way to the next generation. One that a record of its zone refers to again stays.
 */
export async function applyCheck(
  { kind, after, before }: Change,
  dns: Pick<Dns, 'records'>,
  checks: Pick<HealthChecks, 'create' | 'update' | 'delete'>,
  scene: Scene,
): Promise<Outputs> {
  if (kind === 'delete') {
    const { id, zoneId } = before as unknown as { readonly id: string; readonly zoneId: string }
    const records = await dns.records(zoneId, scene.signal)
    if (records.some(({ healthCheckId }) => healthCheckId === id)) return { kept: true }
    await checks.delete(id)
    return {}
  }
  if (kind === 'update') {
    const { id, version, spec } = after as unknown as { id: string; version: number; spec: CheckSpec }
    await checks.update(id, version, spec)
    return { id }
  }
  const { reference, spec } = after as unknown as { reference: string; spec: CheckSpec }
  for (let generation = 1; ; generation += 1) {
    try {
      return { id: (await checks.create(`${reference}-${generation}`, spec)).id }
    } catch (error) {
      if (errorData(error).code !== 'AWS_ALREADY_EXISTS' || generation === GENERATIONS) throw error
    }
  }
}
