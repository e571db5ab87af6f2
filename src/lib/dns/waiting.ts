import type { Waiting } from '../core/events.ts'
import type { Spread } from './model.ts'

/** Until every name server of Route 53 answers with what was done. */
export const waitingFor = ({ spread }: { readonly spread: readonly Spread[] }): readonly Waiting[] =>
  spread.flatMap(({ name, state, detail }) => (state === 'done' ? [] : [{ scope: name, subject: name, detail }]))
