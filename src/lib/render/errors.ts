import type { ErrorData } from '../core/errors.ts'
import { escapeLong, escapeText } from './escape.ts'
import { hanging, tryLines } from './findings.ts'
import { choosePaint } from './paint.ts'
import type { Paint } from './paint.ts'

/** The longest message shown: a proxy may answer with a page of HTML. */
const MESSAGE_LIMIT = 2000

export interface ErrorView {
  readonly colour: boolean
  /** Columns of the terminal. */
  readonly width: number
  /** Also what a support ticket needs: the remote's request id, status, and the exit code. */
  readonly debug: boolean
}

/** `CODE  what, which value, why`, then what to try, each command on a line of its own. */
export function errorLines(error: ErrorData, width: number, paint: Paint): readonly string[] {
  const code = escapeText(error.code)
  const [first = '', ...rest] = hanging(`${code}  `, escapeLong(error.message, MESSAGE_LIMIT), width)
  return [`${paint('error', code)}${first.slice(code.length)}`, ...rest, ...tryLines('', error.tries, width, paint)]
}

const detailLines = (error: ErrorData): readonly string[] => [
  `  exit: ${error.exit}`,
  `  retryable: ${error.retryable ? 'yes' : 'no'}${error.lostAnswer ? ', and it may have taken effect' : ''}`,
  ...Object.entries(error.details).map(([name, value]) => `  ${escapeText(name)}: ${escapeLong(String(value), 500)}`),
]

/** An error for stderr. Ends with a newline. */
export function renderError(error: ErrorData, view: ErrorView): string {
  const paint = choosePaint(view.colour)
  const details = view.debug ? detailLines(error).map((line) => paint('dim', line)) : []
  return [...errorLines(error, view.width, paint), ...details, ''].join('\n')
}
