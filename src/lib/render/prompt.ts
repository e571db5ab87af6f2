import { dueChanges } from '../core/allow.ts'
import type { Plan } from '../core/plan.ts'
import { escapeText } from './escape.ts'
import { countsText, outlinePlan } from './outline.ts'
import type { Paint } from './paint.ts'

/**
 * The question after a plan, without a newline at its end. `confirmId`: what cannot be taken back wants the id typed;
 * else y or N, and anything but a yes is a no. A plan with nothing to do is asked about only between two steps of a walk.
 */
export function renderPrompt(plan: Plan, confirmId: string | null, paint: Paint): string {
  const context = escapeText(plan.request.context)
  if (confirmId === null && dueChanges(plan).length === 0)
    return `${paint('bold', `Go on with the walk in ${context}?`)} Nothing is due yet; its next steps are made as they fall due. [y/N] `
  if (confirmId === null)
    return `${paint('bold', `Apply this to ${context}?`)} ${countsText(outlinePlan(plan))}. [y/N] `
  return [
    `${paint('remove', 'This cannot be taken back.')} ${countsText(outlinePlan(plan))}, in ${context}.`,
    `${paint('bold', 'Type')} ${paint('code', escapeText(confirmId))} ${paint('bold', 'to go ahead:')} `,
  ].join('\n')
}

/** Is the typed answer a consent? */
export const isConsent = (answer: string, confirmId: string | null): boolean =>
  confirmId === null ? /^(y|yes)$/i.test(answer.trim()) : answer.trim() === confirmId
