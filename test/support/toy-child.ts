/**
 * One run of the toy in a process of its own, over a world in a file, with the real store; it kills itself (SIGKILL) at
 * the event asked for. Arguments: state directory, world file, seq, run id.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createStore } from '../../src/lib/adapters/host/store.ts'
import { type Entries, type ToyState, toyOperation, toyRemote, type Wish } from './toy.ts'
import { runToy } from './toy-run.ts'

export const childWishes: Readonly<Record<string, Wish>> = {
  'shop/lb': { value: 'nlb' },
  'shop/tg': { value: 'group', parent: 'shop/lb' },
  'admin/lb': { value: 'nlb' },
}

export const inFile = (path: string): ToyState => ({
  load: () => JSON.parse(readFileSync(path, 'utf8')) as Entries,
  save: (entries) => {
    writeFileSync(`${path}.new`, JSON.stringify(entries))
    renameSync(`${path}.new`, path)
  },
})

export const toyChild = import.meta.filename

const [, script, stateDir, world, seq, run] = process.argv
if (script === toyChild && stateDir && world && run) {
  const result = await runToy(toyOperation({ remote: toyRemote(inFile(world)), wishes: () => childWishes }), {
    deps: { store: createStore({ stateDir }), run },
    onEvent: (event) => {
      if (event.seq === Number(seq)) process.kill(process.pid, 'SIGKILL')
    },
  })
  process.stdout.write(JSON.stringify({ outcome: result.outcome, events: result.events.length }))
}
