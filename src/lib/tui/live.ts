import type { ReactNode } from 'react'
import type { NyahEvent } from '../core/events.ts'
import { noProgress, progressed } from '../core/progress.ts'
import type { Phase, Progress } from '../core/progress.ts'
import type { Clock } from '../ports/clock.ts'
import { endingLines } from '../render/outcome.ts'
import { choosePaint } from '../render/paint.ts'
import type { Tone } from '../render/paint.ts'
import type * as Ink from './ink.sdk.ts'
import type { Line } from './lines.ts'
import { liveLines } from './state.ts'

/** Ink and React, loaded by the runtime only where there is a terminal. */
export type InkModule = typeof Ink

export interface LiveOptions {
  readonly clock: Pick<Clock, 'now'>
  readonly stderr: NodeJS.WriteStream
  readonly colour: boolean
}

export interface LiveView {
  sink(event: NyahEvent): void
  /** Takes the view down, leaves its last frame, and writes how the run ended. Calling it again does nothing. */
  stop(): void
}

interface Style {
  readonly color?: string
  readonly bold?: boolean
  readonly dimColor?: boolean
}

const STYLES: Readonly<Record<Tone, Style>> = {
  create: { color: 'green' },
  update: { color: 'yellow' },
  remove: { color: 'red' },
  hold: { color: 'magenta' },
  refuse: { color: 'red', bold: true },
  ok: { color: 'green' },
  warn: { color: 'yellow' },
  error: { color: 'red', bold: true },
  dim: { dimColor: true },
  bold: { bold: true },
  code: { color: 'cyan' },
}

/** Draws lines, nothing else. */
export function drawLines(
  ink: Pick<InkModule, 'Box' | 'Text' | 'createElement'>,
  lines: readonly Line[],
  colour: boolean,
): ReactNode {
  const { Box, Text, createElement } = ink
  return createElement(
    Box,
    { flexDirection: 'column' },
    ...lines.map((line, row) =>
      createElement(
        Text,
        { key: row, wrap: 'truncate' },
        ...line.map(({ text, tone }, column) =>
          createElement(Text, { key: column, ...(colour && tone !== undefined ? STYLES[tone] : {}) }, text),
        ),
      ),
    ),
  )
}

/** Milliseconds between frames: the spinner turns, the clocks run. */
const TICK_MS = 120

const component = (ink: InkModule, { clock, colour }: LiveOptions) =>
  function Live({ progress }: { readonly progress: Progress }): ReactNode {
    const { frame } = ink.useAnimation({ interval: TICK_MS })
    const { columns, rows } = ink.useWindowSize()
    return drawLines(ink, liveLines(progress, { now: clock.now(), frame, columns, rows }), colour)
  }

/** While the plan is read and the question stands, the terminal is theirs. */
const SHOWN: ReadonlySet<Phase> = new Set<Phase>(['observing', 'second-reading', 'applying', 'verifying', 'pausing'])

/** The live view of a run on a terminal: it comes with the first reading, steps aside for the question, and stays to the end. */
export function startLiveView(ink: InkModule, options: LiveOptions): LiveView {
  const { stderr, colour } = options
  const Live = component(ink, options)
  let progress = noProgress
  let instance: ReturnType<InkModule['render']> | null = null
  let isStopped = false

  const draw = (): void => {
    const node = ink.createElement(Live, { progress })
    if (instance === null)
      instance = ink.render(node, {
        stdout: stderr,
        exitOnCtrlC: false,
        patchConsole: false,
        interactive: true,
        maxFps: 20,
      })
    else instance.rerender(node)
  }

  /** `keep`: the last frame stays on the screen. */
  const takeDown = (keep: boolean): void => {
    if (instance === null) return
    if (!keep) instance.rerender(null)
    instance.unmount()
    instance = null
  }

  // Events that come together (a replay of those before the view was there) are one frame.
  let isDue = false
  const drawSoon = (): void => {
    if (isDue) return
    isDue = true
    queueMicrotask(() => {
      isDue = false
      if (!isStopped && (instance !== null || SHOWN.has(progress.phase))) draw()
    })
  }

  return {
    sink(event) {
      if (isStopped) return
      progress = progressed(progress, event)
      if (progress.phase === 'asking') takeDown(false)
      else drawSoon()
    },
    stop() {
      if (isStopped) return
      isStopped = true
      // The last events may still be waiting for their frame.
      if (instance !== null) draw()
      // Without a single change the last frame says nothing that the outcome does not say.
      takeDown(progress.changes.length > 0)
      const lines = endingLines(progress, stderr.columns ?? 80, choosePaint(colour))
      if (lines.length > 0) stderr.write(`${lines.join('\n')}\n`)
    },
  }
}
