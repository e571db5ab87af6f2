/**
 * Colour by meaning. It only repeats what a symbol and a word say already. Whether there is colour (a terminal,
 * `NO_COLOR`, `--no-color`) is the runtime's decision.
 */
export type Tone =
  | 'create'
  | 'update'
  | 'remove'
  | 'hold'
  | 'refuse'
  | 'ok'
  | 'warn'
  | 'error'
  | 'dim'
  | 'bold'
  | 'code'

export type Paint = (tone: Tone, text: string) => string

export const plainPaint: Paint = (_tone, text) => text

/** SGR parameters: the sixteen colours every terminal has, so that the operator's own palette decides. */
const SGR: Readonly<Record<Tone, string>> = {
  create: '32',
  update: '33',
  remove: '31',
  hold: '35',
  refuse: '1;31',
  ok: '32',
  warn: '33',
  error: '1;31',
  dim: '2',
  bold: '1',
  code: '36',
}

export const colourPaint: Paint = (tone, text) => (text === '' ? '' : `\u001b[${SGR[tone]}m${text}\u001b[0m`)

/** `colour`: the terminal takes colour and the operator wants it. */
export const choosePaint = (colour: boolean): Paint => (colour ? colourPaint : plainPaint)
