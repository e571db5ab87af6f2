import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { mutatingFlags } from './flags.ts'

/** Words and flags that failovers share. */
export const failoverArgs = {
  names: Args.string({ description: 'Names in Route 53.', multiple: true, ignoreStdin: true }),
}

const which = {
  all: Flags.boolean({ description: 'All names that nyah owns.', helpGroup: 'SELECT', exclusive: ['mirror'] }),
  mirror: Flags.string({
    description: "All names with this mirror as one side: the load balancer's UUID, the NLB's name or DNS name.",
    helpGroup: 'SELECT',
  }),
}

const card = Flags.string({
  description: "The card's file; the context's own in nyah's state directory unless given.",
  helpValue: 'FILE',
})

export const failoverToFlags = {
  ...which,
  percent: Flags.integer({ description: 'Percent of users to move there.', default: 100, min: 1, max: 100 }),
  card,
  'no-card': Flags.boolean({ description: 'Read the zone, although there is a card.', exclusive: ['card'] }),
  ...mutatingFlags,
}

export const failoverEndFlags = {
  ...which,
  steps: Flags.string({ description: 'Percent of the way back, step by step, the last one 100.', default: '100' }),
  every: Flags.string({ description: 'Time between two steps.', default: '2m' }),
  ...mutatingFlags,
}

export const failoverArmFlags = { ...which, card, ...mutatingFlags }
