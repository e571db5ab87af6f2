import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { mutatingFlags } from './flags.ts'

/** Words and flags that failovers share. */
export const failoverArgs = {
  names: Args.string({ description: 'Names in Route 53.', multiple: true, ignoreStdin: true }),
}

const which = {
  all: Flags.boolean({ description: 'All names that nyah owns.', helpGroup: 'SELECT', exclusive: ['mirror', 'tag'] }),
  mirror: Flags.string({
    description: "All names with this mirror as one side: the load balancer's UUID, the NLB's name or DNS name.",
    helpGroup: 'SELECT',
    exclusive: ['tag'],
  }),
  tag: Flags.string({
    description: 'All names with a side whose NLB carries this tag, KEY=VALUE. ELBv2 has to answer for it.',
    helpGroup: 'SELECT',
  }),
}

/** Nobody waits a quarter of an hour for a Route 53 that is dead, to be told then how to do it by hand. */
const timeout = Flags.string({
  description: 'Give up on AWS after this time, e.g. 30s or 5m, and say how to do it by hand.',
  default: '60s',
  env: 'NYAH_TIMEOUT',
  helpGroup: 'GLOBAL',
})

const card = Flags.string({
  description: "The card's file; the context's own in nyah's state directory unless given.",
  helpValue: 'FILE',
})

const noWait = Flags.boolean({
  description: "Do not wait until Route 53's name servers answer with it.",
})

const attended = Flags.boolean({
  description: 'You stay: nyah runs on here until they are back.',
})

export const failoverToFlags = {
  ...which,
  timeout,
  percent: Flags.integer({ description: 'Percent of users to move there.', default: 100, min: 1, max: 100 }),
  card,
  'no-card': Flags.boolean({ description: 'Read the zone, although there is a card.', exclusive: ['card'] }),
  for: Flags.string({
    description: 'Bring them back to their own steady weights after this time, e.g. 30m. Needs --attended.',
    helpValue: 'TIME',
    exclusive: ['no-wait'],
  }),
  attended,
  'no-wait': noWait,
  ...mutatingFlags,
}

export const failoverDrillFlags = {
  ...which,
  timeout,
  to: Flags.string({ description: 'Side to rehearse.', options: ['aws', 'octavia'], default: 'aws' }),
  percent: Flags.integer({ description: 'Percent of users on that side meanwhile.', default: 20, min: 1, max: 100 }),
  for: Flags.string({ description: 'How long.', helpValue: 'TIME', default: '15m' }),
  attended,
  'abort-on': Flags.string({
    description:
      'Bring them back at once when this is broken, or has no data: check:ID, alarm:NAME[@REGION], metric:QUERY > NUMBER. Again: that one too.',
    helpValue: 'CONDITION',
    multiple: true,
    multipleNonGreedy: true,
  }),
  ...mutatingFlags,
}

export const failoverEndFlags = {
  ...which,
  timeout,
  steps: Flags.string({ description: 'Percent of the way back, step by step, the last one 100.', default: '100' }),
  every: Flags.string({ description: 'Time between two steps.', default: '2m' }),
  'no-wait': noWait,
  ...mutatingFlags,
}

export const failoverArmFlags = { ...which, card, ...mutatingFlags }
