import { fileURLToPath } from 'node:url'
import { realClock } from '../../src/lib/adapters/host/clock.ts'
import { createStore } from '../../src/lib/adapters/host/store.ts'
import { runLb } from './lb-run.ts'

/** A process of its own: `node lb-child.ts STATE_DIR LOAD_BALANCER SEQ`; it kills itself at event SEQ (0: never). */
export const lbChild = fileURLToPath(import.meta.url)

async function main([stateDir = '', id = '', seq = '0']: readonly string[]): Promise<void> {
  const { outcome, events } = await runLb({
    clock: realClock(),
    store: createStore({ stateDir }),
    stateDir,
    operation: 'lb.mirror',
    arguments: { ids: [id], wait: true },
    run: 'run-a',
    onEvent: (event) => {
      if (event.seq === Number(seq)) process.kill(process.pid, 'SIGKILL')
    },
  })
  process.stdout.write(JSON.stringify({ outcome, events: events.length }))
}

if (process.argv[1] === lbChild) await main(process.argv.slice(2))
