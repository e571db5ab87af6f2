/**
 * A walk of two names in a process of its own, over a world in a file, with the real store; it kills itself (SIGKILL) at
 * the event asked for. Arguments: state directory, world file, seq, run id.
 */
import { createStore } from '../../src/lib/adapters/host/store.ts'
import { toyRemote } from './toy.ts'
import { inFile } from './toy-child.ts'
import { runToy } from './toy-run.ts'
import { walkOperation } from './toy-walk.ts'

export const walkers = ['admin', 'shop']

export const walkChild = import.meta.filename

const [, script, stateDir, world, seq, run] = process.argv
if (script === walkChild && stateDir && world && run) {
  const result = await runToy(walkOperation({ remote: toyRemote(inFile(world)), names: walkers }), {
    deps: { store: createStore({ stateDir }), run },
    onEvent: (event) => {
      if (event.seq === Number(seq)) process.kill(process.pid, 'SIGKILL')
    },
  })
  process.stdout.write(JSON.stringify({ outcome: result.outcome, types: result.events.map(({ type }) => type) }))
}
