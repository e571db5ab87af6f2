import { createInterface } from 'node:readline'
import type { Plan } from '../core/plan.ts'
import type { Paint } from '../render/paint.ts'
import { isConsent, renderPrompt } from '../render/prompt.ts'

/** One line from the terminal; null when its input ended or the signal came first. The question goes to stderr. */
export function askLine(question: string, signal: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    const terminal = createInterface({ input: process.stdin, output: process.stderr })
    const finish = (answer: string | null): void => {
      // First the answer: closing emits `close`, which would answer null.
      resolve(answer)
      signal.removeEventListener('abort', onAbort)
      terminal.close()
    }
    const onAbort = (): void => finish(null)
    signal.addEventListener('abort', onAbort, { once: true })
    // readline in a terminal takes Ctrl-C for itself: hand it on, so that there is one way to interrupt.
    terminal.on('SIGINT', () => process.emit('SIGINT'))
    terminal.on('close', () => finish(null))
    terminal.question(question, finish)
  })
}

/** Asks whether a plan may be applied; an empty or other answer declines. */
export async function askConsent(
  plan: Plan,
  confirmId: string | null,
  paint: Paint,
  signal: AbortSignal,
): Promise<boolean> {
  const answer = await askLine(renderPrompt(plan, confirmId, paint), signal)
  return answer !== null && isConsent(answer, confirmId)
}
