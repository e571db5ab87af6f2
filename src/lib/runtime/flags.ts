import * as Flags from '@oclif/core/flags'

/** Flags of every command that talks to a remote or reads the configuration. */
export const sharedFlags = {
  context: Flags.string({
    description: 'Context of the configuration to use.',
    env: 'NYAH_CONTEXT',
    helpGroup: 'GLOBAL',
  }),
  config: Flags.string({ description: 'Configuration file.', env: 'NYAH_CONFIG', helpGroup: 'GLOBAL' }),
  sandbox: Flags.boolean({
    description: 'Use the sandbox: the running one, or one inside this process.',
    helpGroup: 'GLOBAL',
  }),
  json: Flags.boolean({ description: 'Print one JSON document.', helpGroup: 'GLOBAL', exclusive: ['output'] }),
  output: Flags.string({
    description: 'Form of the output; ndjson is the event stream as it happens.',
    options: ['text', 'ndjson', 'markdown'],
    default: 'text',
    env: 'NYAH_OUTPUT',
    helpGroup: 'GLOBAL',
  }),
  timeout: Flags.string({
    description: 'Give up after this time, e.g. 90s or 15m.',
    default: '15m',
    env: 'NYAH_TIMEOUT',
    helpGroup: 'GLOBAL',
  }),
  quiet: Flags.boolean({
    description: 'No progress on standard error, and plans without fidelity, firewalls and quotas.',
    helpGroup: 'GLOBAL',
  }),
  debug: Flags.boolean({ description: 'Say more: details of errors, every retry.', helpGroup: 'GLOBAL' }),
  'no-color': Flags.boolean({ description: 'No colour and no animation.', helpGroup: 'GLOBAL' }),
}

/** Flags of commands that change something. */
export const mutatingFlags = {
  plan: Flags.boolean({ description: 'Only show what would be done.', helpGroup: 'PLAN' }),
  'plan-out': Flags.string({
    description: 'Only show, and save the plan to this file for `nyah plan apply`.',
    helpGroup: 'PLAN',
  }),
  'detailed-exitcode': Flags.boolean({
    description: 'With --plan: exit 4 when there is something to do.',
    helpGroup: 'PLAN',
  }),
  yes: Flags.boolean({ char: 'y', description: 'Do not ask.', helpGroup: 'PLAN' }),
  allow: Flags.string({
    description: 'Overrule a refusal or hold by its code (needs --reason).',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: 'PLAN',
  }),
  reason: Flags.string({ description: 'Why; kept in the journal.', helpGroup: 'PLAN' }),
  parallel: Flags.integer({
    description: 'Changes in flight at once.',
    default: 16,
    min: 1,
    max: 64,
    env: 'NYAH_PARALLEL',
    helpGroup: 'PLAN',
  }),
}

/** Flags that choose load balancers, besides naming them; see `selectionOf`. */
export const selectorFlags = {
  tag: Flags.string({
    description: 'Those that carry this tag in Octavia; given again: that one too.',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: 'SELECT',
  }),
  name: Flags.string({
    description: 'Those whose name in Octavia fits this pattern (* and ?); given again: or that one.',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: 'SELECT',
  }),
  all: Flags.boolean({ description: 'All of them.', helpGroup: 'SELECT' }),
}

/** What of a translation an operator decides; part of the request. */
export const translationFlags = {
  weights: Flags.string({
    description: 'What becomes of member weights: every target alike, or a target group for each weight.',
    options: ['equal', 'target-groups'],
  }),
  strict: Flags.boolean({ description: 'Refuse whatever would not be exact.' }),
  adopt: Flags.boolean({ description: "Take over what carries nyah's names and has lost its tags." }),
}

export const noWaitFlag = {
  'no-wait': Flags.boolean({ description: 'Do not wait until targets are healthy.' }),
}

/** Values of `sharedFlags` as oclif parses them. */
export interface SharedFlags {
  readonly context: string | undefined
  readonly config: string | undefined
  readonly sandbox: boolean
  readonly json: boolean
  readonly output: string
  readonly timeout: string
  readonly quiet: boolean
  readonly debug: boolean
  readonly 'no-color': boolean
}

/** Values of `mutatingFlags`; a command that cannot be taken back adds `confirm`. */
export interface MutatingFlags extends SharedFlags {
  readonly plan: boolean
  readonly 'plan-out': string | undefined
  readonly 'detailed-exitcode': boolean
  readonly yes: boolean
  readonly confirm?: string | undefined
  readonly allow: readonly string[] | undefined
  readonly reason: string | undefined
  readonly parallel: number
}

/** Consent of a command that has no such flags: it only reads, or never asks. */
export const NO_CONSENT = {
  plan: false,
  'plan-out': undefined,
  'detailed-exitcode': false,
  yes: false,
  allow: undefined,
  reason: undefined,
  parallel: 16,
} as const
