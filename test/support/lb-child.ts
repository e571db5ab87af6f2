import { fileURLToPath } from 'node:url'
import { realClock } from '../../src/lib/adapters/host/clock.ts'
import { createStore } from '../../src/lib/adapters/host/store.ts'
import type { NyahEvent } from '../../src/lib/core/events.ts'
import type { JsonObject } from '../../src/lib/core/json.ts'
import { runLb } from './lb-run.ts'

/**
 * A process of its own: `node lb-child.ts STATE_DIR OPERATION ARGUMENTS MOMENT`, the arguments as JSON. It kills itself at
 * that moment: the number of an event, or the end of `<type> <id of the change>`; 0: never.
 */
export const lbChild = fileURLToPath(import.meta.url)

const isAt = ({ seq, type, data }: NyahEvent, moment: string): boolean =>
  String(seq) === moment || ('id' in data && `${type} ${data.id}`.endsWith(moment))

async function main([stateDir = '', operation = '', args = '{}', moment = '0']: readonly string[]): Promise<void> {
  const { outcome, events } = await runLb({
    clock: realClock(),
    store: createStore({ stateDir }),
    stateDir,
    operation,
    arguments: JSON.parse(args) as JsonObject,
    run: `run-${process.pid}`,
    onEvent: (event) => {
      if (isAt(event, moment)) process.kill(process.pid, 'SIGKILL')
    },
  })
  process.stdout.write(JSON.stringify({ outcome, events: events.length }))
}

if (process.argv[1] === lbChild) await main(process.argv.slice(2))
