/** Takes a lock and says `got` or the error's code; holds it until its standard input ends. Arguments: directory, context, run. */
import { takeLock } from '../../src/lib/adapters/host/lock.ts'

export const lockChild = import.meta.filename

const [, script, directory = '', context = '', run = ''] = process.argv
if (script === lockChild) {
  process.stdout.write('ready\n')
  process.stdin.once('data', () => {
    try {
      takeLock(directory, context, run)
      process.stdout.write('got\n')
    } catch (error) {
      process.stdout.write(`${error instanceof Error && 'code' in error ? String(error.code) : String(error)}\n`)
    }
  })
  process.stdin.once('end', () => process.exit())
}
