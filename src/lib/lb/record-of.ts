import { stops } from '../core/allow.ts'
import type { Plan } from '../core/plan.ts'
import type { Tags } from '../ports/mirrors.ts'
import { heldOf, heldText, revisionOf, second, settingsOf } from './held.ts'
import { TAG, type Observed } from './model.ts'
import { ownedOf } from './owned.ts'

/** What to write on one mirror's load balancer, and what to take away. */
export interface MirrorRecord {
  /** ARN of the load balancer. */
  readonly arn: string
  readonly set: Tags
  readonly remove: readonly string[]
}

/**
 * What a second person needs to know about one mirror, as far as its load balancer's tags do not say it yet: what is held
 * (or refused) and since when, and the revision of the source with which it is in step. Null: they say it, or there is no
 * load balancer of ours to say it on.
 */
export function recordOf(observed: Observed, plan: Pick<Plan, 'changes' | 'findings'>): MirrorRecord | null {
  // What an adoption or a retarget has not made ours yet is somebody else's to write on: nobody may have said yes.
  const { loadBalancer } = ownedOf({ ...observed, asked: { ...observed.asked, adopt: false, formerId: null } })
  if (loadBalancer === null) return null
  const { arn, tags } = loadBalancer
  const held = heldNow(observed, plan, tags)
  const settings = settingsOf(observed.placement)
  const step = held === '' ? inStepNow(observed, plan) : null
  const set = {
    ...(held === '' || held === tags[TAG.held] ? {} : { [TAG.held]: held }),
    ...(step === null || step === tags[TAG.inStep] ? {} : { [TAG.inStep]: step }),
    ...(step === null || settings === tags[TAG.settings] ? {} : { [TAG.settings]: settings }),
  }
  const remove = held === '' && tags[TAG.held] !== undefined ? [TAG.held] : []
  return Object.keys(set).length === 0 && remove.length === 0 ? null : { arn, set, remove }
}

/** Codes that stop something now, each since it first did. */
function heldNow({ id, at }: Observed, { findings }: Pick<Plan, 'findings'>, tags: Tags): string {
  const codes = new Set(findings.filter((finding) => finding.scope === id && stops(finding)).map(({ code }) => code))
  const known = new Map(heldOf(tags).map(({ code, since }) => [code, since]))
  return heldText([...codes].map((code) => ({ code, since: known.get(code) ?? second(at) })))
}

/** The source's revision when nothing is left to do for it; null: something is, or nobody can say. */
function inStepNow({ id, source, asked }: Observed, { changes }: Pick<Plan, 'changes'>): string | null {
  // A run that only looks at members does not know about the rest.
  if (source === null || asked.membersOnly || changes.some(({ scope }) => scope === id)) return null
  return source.loadbalancer.provisioning_status === 'ACTIVE' ? revisionOf(source.loadbalancer) : null
}
