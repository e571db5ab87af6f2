import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Starts the real servers, or says loudly why there are none: a lane that skips itself proves nothing. */
export function setup(): void {
  for (const lane of ['octavia-lane', 'aws-lane', 'prometheus-lane']) {
    const script = fileURLToPath(new URL(`./lanes/${lane}`, import.meta.url))
    const { status, error } = spawnSync(script, ['up'], { stdio: ['ignore', 'inherit', 'inherit'] })
    if (status === 0) continue
    const why = error === undefined ? `exit ${status}` : error.message
    throw new Error(`${lane} up: ${why}. The real lane needs root and apt (Debian); all else runs with: npm test`)
  }
}
