import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Builds dist/ once before the lanes that use it: a test of yesterday's build proves nothing. */
export function setup(): void {
  if (process.env['NYAH_TEST_BUILT'] !== undefined) return
  process.env['NYAH_TEST_BUILT'] = '1'
  const script = fileURLToPath(new URL('../../scripts/build.ts', import.meta.url))
  execFileSync(process.execPath, [script], { stdio: ['ignore', 'ignore', 'inherit'] })
}
