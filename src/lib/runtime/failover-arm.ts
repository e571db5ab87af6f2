import type { Outputs } from '../core/change.ts'
import { errorData } from '../core/errors.ts'
import { jsonText, type Json, type JsonObject } from '../core/json.ts'
import type { Request } from '../core/plan.ts'
import type { Scene } from '../engine/operation.ts'
import type { ObservedName } from '../dns/model.ts'
import type { Card } from '../failover/card.ts'
import type { SeenWorld, Which } from '../failover/model.ts'
import { escapeText } from '../render/escape.ts'
import { count } from '../render/words.ts'
import { chosen, nobody } from './failover.ts'
import { cardAt, saveCard } from './failover-card.ts'
import { counting, switchReady } from './failover-prove.ts'
import { configuredSwitch, waysOf } from './failover-ways.ts'
import { namesPorts, zoneChoice } from './names-read.ts'
import type { Bound } from './operations.ts'
import type { Opened } from './open.ts'

/** Nobody is in a hurry: what is not on the card cannot be known on the worst day. */
const HEALTH_MS = 20_000

/** Binds `failover.arm`. */
export async function bindArm(request: Request, opened: Opened): Promise<Bound> {
  const [make, { armOf }, { observeNames }, { applyNames, applyCheck }, armed, cards, { run }, ports] =
    await Promise.all([
      import('../failover/operation.ts'),
      import('../failover/request.ts'),
      import('../dns/observe.ts'),
      import('../dns/apply.ts'),
      import('../dns/plan-armed.ts'),
      import('../failover/card.ts'),
      import('../engine/run.ts'),
      namesPorts(opened),
    ])
  const place = configuredSwitch(opened)
  const asked = armOf(request.arguments, place)
  const choice = zoneChoice(opened)
  return {
    tell,
    run: (each, options, deps) => {
      const before = cardAt(opened.card)
      let account = ''
      let old: Card | null = null
      let failure: Error | null = null
      let written = false
      let latest: readonly ObservedName[] = []
      const enactor = { by: options.actor, why: options.reason ?? '', run: deps.run.slice(-4) }
      const ready = switchReady(opened, place, () => ({ names: latest, account }))
      const observe = async (which: Which, scene: Scene): Promise<SeenWorld> => {
        const at = scene.clock.now()
        const look = { names: which.by === 'names' ? which.names : null, choice, healthMs: HEALTH_MS, ownChecks: true }
        const [found, own, read] = await Promise.all([
          observeNames(ports, look, scene),
          opened.account(scene.signal),
          before,
        ])
        account = own
        old = read.state === 'ready' ? read.card : null
        const names = chosen(which, found)
        if (names.length === 0) throw nobody(which)
        latest = names
        const ways = await waysOf(opened, found, names, { which, isAll: which.by !== 'names' }, scene)
        return { at, names, ways }
      }
      const cardOf = ({ at, names }: SeenWorld): Card => {
        const covers = asked.which.by === 'all' ? 'all' : 'some'
        const fresh = cards.cardOf(names, { at: new Date(at).toISOString(), context: opened.name, account, covers })
        return old === null ? fresh : cards.mergedCard(old, fresh)
      }
      const operation = make.armOperation(
        {
          observe,
          account: () => account,
          applyNames: async (changes, scene) => applyNames(changes, await opened.names(), enactor, scene),
          async apply(change, scene) {
            const [dns, checks] = await Promise.all([opened.names(), opened.checks()])
            if (change.ref.type === 'weighted-set') {
              const result = (await applyNames([change], dns, enactor, scene)).get(change.id)
              if (result instanceof Error) throw result
              return result ?? {}
            }
            if (place !== null && change.scope === armed.placeText(place))
              return { id: change.kind === 'wait' ? await ready.proved(scene) : await ready.made(scene) }
            if (change.kind === 'delete') return onceFree(() => applyCheck(change, dns, checks, scene), scene)
            return applyCheck(await counting(change, armed.SWITCH_CHECK, () => ready.proved(scene)), dns, checks, scene)
          },
          write(world) {
            try {
              saveCard(opened.card, cardOf(world))
              written = true
            } catch (error) {
              failure = error instanceof Error ? error : new Error(String(error))
            }
          },
          cardOf(world) {
            if (failure !== null) throw failure
            const { at, covers, names } = cardOf(world)
            return { path: opened.card.path, written, at, account, covers, names: names.map(({ name }) => name) }
          },
        },
        asked,
      )
      return run(operation, each, options, deps)
    },
  }
}

/** Other names leave the switch in the same run: its health check goes after theirs, or with the next run. */
async function onceFree(drop: () => Promise<Outputs>, { clock, signal }: Scene): Promise<Outputs> {
  const until = clock.now() + FREE_MS
  for (;;)
    try {
      return await drop()
    } catch (error) {
      if (errorData(error).code !== 'AWS_IN_USE') throw error
      if (clock.now() >= until) return { kept: true }
      await clock.sleep(1_000, signal)
    }
}

const FREE_MS = 10_000

/** What there is now on the worst day. */
function tell(result: Json): string {
  const { card } = (result ?? {}) as { card?: JsonObject }
  const { path, written, covers, names } = (card ?? {}) as { [key: string]: Json } & { names?: readonly Json[] }
  if (names === undefined) return ''
  const what = `${count(names.length, 'name')}${covers === 'all' ? ', all that nyah owns' : ''}`
  const where = escapeText(jsonText(path ?? ''))
  if (written !== true) return `A card of ${what}, would be written: ${where}\n`
  return [
    `Armed: ${what}, on the card ${where}`,
    'A failover now asks Route 53 for no list. Nothing in the card is secret: hand it on.',
    'Arm again after names came, or were moved from another machine; nyah doctor says when.',
    '',
  ].join('\n')
}
