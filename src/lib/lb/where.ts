import type { NyahEvent } from '../core/events.ts'

/** The AWS account and region that a run wrote to. */
export interface Where {
  readonly account: string
  readonly region: string
}

const ARN = /^arn:[a-z-]+:elasticloadbalancing:([a-z0-9-]+):(\d{12}):/

/** Of the ARNs that stand in a run's journal; null: it has none, so nothing of it can be in the wrong place. Pure. */
export function whereOf(events: readonly NyahEvent[]): Where | null {
  for (const { type, data } of events) {
    const texts =
      type === 'plan.made'
        ? data.plan.changes.map(({ ref }) => ref.id)
        : type === 'change.succeeded'
          ? Object.values(data.outputs)
          : []
    for (const text of texts) {
      const [, region, account] = (typeof text === 'string' && ARN.exec(text)) || []
      if (region !== undefined && account !== undefined) return { account, region }
    }
  }
  return null
}
