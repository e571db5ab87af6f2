/** Takes locks and says `got` or the error's code; holds it until its standard input ends. Arguments: directory, context, run, scopes. */
import { takeLocks } from '../../src/lib/adapters/host/lock.ts'

export const lockChild = import.meta.filename

const [, script, directory = '', context = '', run = '', ...scopes] = process.argv
if (script === lockChild) {
  process.stdout.write('ready\n')
  process.stdin.once('data', () => {
    try {
      takeLocks(directory, context, scopes, run)
      process.stdout.write('got\n')
    } catch (error) {
      process.stdout.write(`${error instanceof Error && 'code' in error ? String(error.code) : String(error)}\n`)
    }
  })
  process.stdin.once('end', () => process.exit())
}
