import { interrupted } from '../core/errors.ts'

/**
 * A signal that the first SIGINT or SIGTERM aborts: nothing new is started, the journal is completed. A second one
 * ends the process at once; what is in flight is then found by the next observation.
 */
export function interruptible(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController()
  const on = (name: 'SIGINT' | 'SIGTERM') => (): void => {
    if (controller.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143)
    controller.abort(interrupted(name))
  }
  const onInt = on('SIGINT')
  const onTerm = on('SIGTERM')
  process.on('SIGINT', onInt)
  process.on('SIGTERM', onTerm)
  return {
    signal: controller.signal,
    release: () => {
      process.off('SIGINT', onInt)
      process.off('SIGTERM', onTerm)
    },
  }
}
