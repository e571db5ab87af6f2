import type { ExitCode } from '../core/errors.ts'

/** What a reading command prints. */
export interface Report {
  readonly document: unknown
  /** Ends with a newline. */
  readonly text: string
  readonly exitCode: ExitCode
}
