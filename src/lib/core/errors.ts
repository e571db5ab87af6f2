/** The exit codes: a frozen contract (README has the table). */
export const EXIT = {
  ok: 0,
  bug: 1,
  usage: 2,
  configuration: 3,
  notEmpty: 4,
  confirmationNeeded: 5,
  refused: 6,
  remote: 7,
  partial: 8,
  notHealthy: 9,
  stale: 10,
  held: 11,
  partialAnswer: 12,
  interrupted: 130,
  terminated: 143,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** An error as data: what the journal, `--json` and the terminal show. Never a secret, never a header. */
export interface ErrorData {
  /** Stable, upper case: `OCTAVIA_NOT_FOUND`. */
  readonly code: string
  /** What, which value, why: one sentence. Remote text in it is escaped at the border. */
  readonly message: string
  /** Whole commands or actions for the `Try:` line. */
  readonly tries: readonly string[]
  readonly exit: ExitCode
  /** May the engine send the same call again? */
  readonly retryable: boolean
  /** The request may have taken effect although no answer came. */
  readonly lostAnswer: boolean
  /** The remote's request id, status or error code, for a support ticket. */
  readonly details: Readonly<Record<string, string | number | boolean>>
}

/** The one error nyah throws. Told apart by `code`: bundling may duplicate classes, so never by `instanceof`. */
export type NyahError = Error & ErrorData

interface ErrorOptions {
  readonly code: string
  readonly message: string
  readonly exit: ExitCode
  readonly tries?: readonly string[]
  readonly retryable?: boolean
  readonly lostAnswer?: boolean
  readonly details?: Readonly<Record<string, string | number | boolean>>
}

export function nyahError(options: ErrorOptions): NyahError {
  const { code, message, exit, tries = [], retryable = false, lostAnswer = false, details = {} } = options
  return Object.assign(new Error(message), { name: 'NyahError', code, exit, tries, retryable, lostAnswer, details })
}

export const isNyahError = (error: unknown): error is NyahError =>
  error instanceof Error && error.name === 'NyahError' && 'exit' in error && 'tries' in error

/** Any thrown value as data. What is not a NyahError is a bug (exit 1); its message is kept, its other fields are not. */
export function errorData(error: unknown): ErrorData {
  if (isNyahError(error)) {
    const { code, message, tries, exit, retryable, lostAnswer, details } = error
    return { code, message, tries, exit, retryable, lostAnswer, details }
  }
  const message = error instanceof Error ? error.message : String(error)
  return {
    code: 'BUG',
    message: `unexpected: ${message}`,
    tries: ['run the command again with --debug and report what it prints'],
    exit: EXIT.bug,
    retryable: false,
    lostAnswer: false,
    details: {},
  }
}

/** The error with which a signal ends a wait: exit 130 (SIGINT) or 143 (SIGTERM). */
export const interrupted = (signal: 'SIGINT' | 'SIGTERM'): NyahError =>
  nyahError({
    code: 'INTERRUPTED',
    message: `interrupted by ${signal}`,
    exit: signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated,
  })
