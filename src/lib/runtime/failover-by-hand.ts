import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dueChanges } from '../core/allow.ts'
import type { ErrorData } from '../core/errors.ts'
import type { NyahEvent } from '../core/events.ts'
import type { Plan, Request } from '../core/plan.ts'
import type { Batch, ByHand, Unread } from '../failover/by-hand.ts'
import type { Which } from '../failover/model.ts'
import { escapeText } from '../render/escape.ts'
import { count } from '../render/words.ts'
import type { Io } from './io.ts'

/** A failover that AWS did not let nyah carry out. */
export interface Undone {
  readonly request: Request
  /** Null: not even the zone could be read. */
  readonly plan: Plan | null
  readonly events: readonly NyahEvent[]
  readonly run: string
  readonly actor: string
  readonly reason: string
}

/** What a person does when nyah cannot: the commands, with their change batches saved; empty: nothing was kept from it by AWS. */
export async function byHandText(io: Io, undone: Undone): Promise<string> {
  const { request, plan, events, run, actor, reason } = undone
  const why = inTheWay(events)
  if (why === undefined) return ''
  const [{ recordDelta, stamped, standings }, { batchesOf }, make] = await Promise.all([
    import('../dns/delta.ts'),
    import('../dns/batches.ts'),
    import('../failover/by-hand.ts'),
  ])
  if (plan === null) return unreadScreen(make.byHandUnread(await unreadOf(request)), why)
  const succeeded = new Set(events.flatMap(({ type, data }) => (type === 'change.succeeded' ? [data.id] : [])))
  const at = new Date(events.at(-1)?.at ?? plan.observedAt).toISOString().replace(/\.\d+Z$/, 'Z')
  const parts = dueChanges(plan).map((change) => {
    const { before, after } = standings(change)
    const records = stamped(after.records, change.ref.name, { at, by: actor, why: reason, run: run.slice(-4) })
    const changes = recordDelta(before.records, records)
    return { id: change.id, name: change.ref.name, zoneId: after.zoneId, changes }
  })
  // In the batches that nyah sent: where one was done although nobody heard so, no other file has its names.
  const batches = batchesOf(parts).flatMap((batch): readonly Batch[] => {
    const left = batch.filter(({ id }) => !succeeded.has(id))
    const [first] = left
    if (first === undefined) return []
    return [{ zoneId: first.zoneId, names: left.length, changes: left.flatMap(({ changes }) => changes) }]
  })
  if (batches.length === 0) return ''
  const comment = `nyah ${run} ${actor} by hand${reason === '' ? '' : `: ${reason}`}`
  const places = [io.cwd, tmpdir()]
  for (const place of places) {
    const written = make.byHand(batches, comment, run, place)
    if (saved(place, written)) return screen(written, why)
  }
  return make
    .byHand(batches, comment, run, '.')
    .map(({ file, text, command }) => `Save this as ${file}:\n${text}Then: ${command}\n`)
    .join('\n')
}

/** What AWS said; also to those who would not wait any longer. Undefined: AWS was not in the way. */
function inTheWay(events: readonly NyahEvent[]): ErrorData | undefined {
  const ends = events.flatMap(({ type, data }) =>
    type === 'change.failed' || type === 'run.error' ? [data.error] : [],
  )
  const retried = events.flatMap(({ type, data }) =>
    type === 'change.retrying' || (type === 'read.retrying' && data.what.startsWith('route53:')) ? [data.error] : [],
  )
  const isGivenUp = ends.some(({ code }) => code === 'INTERRUPTED' || code === 'RUN_TIMED_OUT')
  return [...ends, ...(isGivenUp ? retried : [])].find(({ code, exit }) => code.startsWith('AWS_') && exit !== 6)
}

/** What nobody here can look up is to be filled in. */
const namesIn = (which: Which): Unread['names'] =>
  which.by === 'all' ? null : which.by === 'names' ? which.names : ['NAME']

/** What was asked for, in the words of the recipe. */
async function unreadOf({ operation, arguments: args }: Request): Promise<Unread> {
  const [{ toOf, endOf }, { weightsTo }] = await Promise.all([
    import('../failover/request.ts'),
    import('../failover/plan.ts'),
  ])
  if (operation === 'failover.to') {
    const { which, side, percent } = toOf(args)
    return { names: namesIn(which), weights: weightsTo(side, percent) }
  }
  const { which } = endOf(args)
  return { names: namesIn(which), weights: null }
}

function saved(place: string, files: readonly ByHand[]): boolean {
  try {
    for (const { file, text } of files) writeFileSync(`${place}/${file}`, text, { mode: 0o600, flag: 'wx' })
    return true
  } catch {
    return false
  }
}

const screen = (files: readonly ByHand[], { code, lostAnswer }: ErrorData): string =>
  [
    '',
    `AWS did not let nyah carry it out (${escapeText(code)}). From any machine that reaches Route 53, send it by hand:`,
    '',
    ...files.flatMap(({ command, names }) => [`  # ${count(names, 'name')}`, `  ${escapeText(command)}`]),
    '',
    'Each file is one change, done whole or not at all: it deletes the records exactly as they were read, and creates them with',
    'the new weights and nyah’s note of it. If somebody changed one meanwhile, AWS refuses the file and names the record',
    '(InvalidChangeBatch): nothing was overwritten; take that name out of the file, and send the rest.',
    ...(lostAnswer
      ? ['Whether AWS did it before it fell silent, nobody knows: if it did, the file is refused in the same way.']
      : []),
    'Afterwards `nyah dns show` and `nyah failover end` know of it, as if nyah had done it.',
    'In the console: Route 53, the hosted zone, the two records of the name, their weights.',
    '',
  ].join('\n')

/** The zone could not be read: nobody here knows the records. */
const unreadScreen = (commands: readonly string[], { code }: ErrorData): string =>
  [
    '',
    `Route 53 could not be read from here (${escapeText(code)}), so nyah cannot write the change for you. From any machine that`,
    'reaches it, with the aws CLI and jq (the first shows the zones, the second names yours):',
    '',
    ...commands.map((command) => `  ${escapeText(command)}`),
    '',
    'It deletes the records exactly as they stand and creates them with the other weights, whole or not at all. nyah’s note beside',
    'each name (TXT) stays: `nyah failover end` knows the way back all the same.',
    'In the console: Route 53, the hosted zone, the two records of the name, their weights.',
    '',
  ].join('\n')
