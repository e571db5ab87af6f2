import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dueChanges } from '../core/allow.ts'
import type { NyahEvent } from '../core/events.ts'
import type { Plan } from '../core/plan.ts'
import type { ByHand } from '../failover/by-hand.ts'
import { escapeText } from '../render/escape.ts'
import type { Io } from './io.ts'

/** A failover that AWS did not let nyah carry out. */
export interface Undone {
  /** Null: not even the zone could be read. */
  readonly plan: Plan | null
  readonly events: readonly NyahEvent[]
  readonly run: string
  readonly actor: string
  readonly reason: string
}

/** What a person does when nyah cannot: the commands, with their change batches saved; empty: nothing was kept from it by AWS. */
export async function byHandText(io: Io, { plan, events, run, actor, reason }: Undone): Promise<string> {
  const errors = events.flatMap(({ type, data }) =>
    type === 'change.failed' || type === 'run.error' ? [data.error] : [],
  )
  if (!errors.some(({ code, exit }) => code.startsWith('AWS_') && exit !== 6)) return ''
  if (plan === null) return `${RECIPE.join('\n')}\n`
  const succeeded = new Set(events.flatMap(({ type, data }) => (type === 'change.succeeded' ? [data.id] : [])))
  const left = dueChanges(plan).filter(({ id, ref }) => !succeeded.has(id) && ref.type === 'weighted-set')
  if (left.length === 0) return ''
  const [{ recordDelta, stamped, standings }, { batchesOf }, { byHand }] = await Promise.all([
    import('../dns/delta.ts'),
    import('../dns/batches.ts'),
    import('../failover/by-hand.ts'),
  ])
  const at = new Date(events.at(-1)?.at ?? plan.observedAt).toISOString().replace(/\.\d+Z$/, 'Z')
  const parts = left.map((change) => {
    const { before, after } = standings(change)
    const records = stamped(after.records, change.ref.name, { at, by: actor, why: reason, run: run.slice(-4) })
    return { name: change.ref.name, zoneId: after.zoneId, changes: recordDelta(before.records, records) }
  })
  const batches = batchesOf(parts).map((batch) => ({
    zoneId: batch[0]?.zoneId ?? '',
    changes: batch.flatMap(({ changes }) => changes),
  }))
  const comment = `nyah ${run} ${actor} by hand${reason === '' ? '' : `: ${reason}`}`
  const places = [io.cwd, tmpdir()]
  for (const place of places) {
    const written = byHand(batches, comment, run, place)
    if (saved(place, written)) return screen(written)
  }
  return byHand(batches, comment, run, '.')
    .map(({ file, text, command }) => `Save this as ${file}:\n${text}Then: ${command}\n`)
    .join('\n')
}

/** What each way did, where there is more than one; empty: the records are the only one. */
export function waysText({ plan, events }: Pick<Undone, 'plan' | 'events'>): string {
  if (plan === null) return ''
  const due = dueChanges(plan)
  const switches = due.filter(({ ref, kind }) => ref.type === 'switch' && kind === 'shift')
  if (switches.length === 0) return ''
  const succeeded = new Set(events.flatMap(({ type, data }) => (type === 'change.succeeded' ? [data.id] : [])))
  const errors = new Map(
    events.flatMap(({ type, data }) => (type === 'change.failed' ? [[data.id, data.error] as const] : [])),
  )
  const names = due.filter(({ ref }) => ref.type === 'weighted-set')
  const moved = names.filter(({ id }) => succeeded.has(id)).length
  const [error] = names.flatMap(({ id }) => errors.get(id) ?? [])
  const dead = error?.code === 'AWS_UNREACHABLE' || error?.code === 'AWS_UNAVAILABLE' || error?.code === 'AWS_UNCERTAIN'
  const records =
    names.length === 0
      ? []
      : [
          error === undefined || moved > 0
            ? `${moved} of ${names.length} names changed${error === undefined ? '' : ` (${error.code})`}`
            : `${dead ? 'did not answer' : 'did not do it'} (${error.code})`,
        ]
  return [
    ...records.map((text) => `Route 53's API: ${text}`),
    ...switches.map(({ id, ref, after }) => {
      const verb = after?.['engaged'] === true ? 'engaged' : 'disengaged'
      const failed = errors.get(id)
      const done = succeeded.has(id) ? verb : `not ${verb}${failed === undefined ? '' : ` (${failed.code})`}`
      return `switch: ${done}  ${escapeText(ref.name)}`
    }),
    '',
  ].join('\n')
}

function saved(place: string, files: readonly ByHand[]): boolean {
  try {
    for (const { file, text } of files) writeFileSync(`${place}/${file}`, text, { mode: 0o600, flag: 'wx' })
    return true
  } catch {
    return false
  }
}

const screen = (files: readonly ByHand[]): string =>
  [
    '',
    'AWS did not let nyah carry it out. From any machine that reaches Route 53, send it by hand:',
    '',
    ...files.map(({ command }) => `  ${escapeText(command)}`),
    '',
    'Each deletes records exactly as they were read: what was changed meanwhile is refused whole, and nothing is overwritten.',
    'In the console: Route 53, the hosted zone, the two records of the name, their weights.',
    '',
  ].join('\n')

/** The zone could not be read: nobody here knows the records. */
const RECIPE = [
  '',
  'The zone could not be read from here, so nyah cannot write the change for you. From any machine that reaches Route 53:',
  '',
  '  aws route53 list-hosted-zones-by-name --dns-name NAME',
  '  aws route53 list-resource-record-sets --hosted-zone-id ZONE --start-record-name NAME --max-items 10',
  '  aws route53 change-resource-record-sets --hosted-zone-id ZONE --change-batch file://batch.json',
  '',
  'In batch.json: DELETE both records of the name exactly as they are listed, and CREATE them with the other weights.',
]
