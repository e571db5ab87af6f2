/** `0m0.021s` in milliseconds. */
function milliseconds(text: string): number {
  const match = /^(\d+)m([\d.]+)s$/.exec(text)
  if (match === null) throw new Error(`not a time of bash: ${JSON.stringify(text)}`)
  return Math.round((Number(match[1]) * 60 + Number(match[2])) * 1000)
}

/** Output of bash's `times` (own, then children's user and system time) and of `echo $code` after it. */
export function parseTimes(text: string): { readonly childrenMs: number; readonly exitCode: number } {
  const [, children = '', code = ''] = text.trim().split('\n')
  const [user = '', system = ''] = children.split(' ')
  return { childrenMs: milliseconds(user) + milliseconds(system), exitCode: Number(code) }
}

/** The middle value; of an even number, the mean of the two. Throws for none: nothing measured is not zero. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const high = sorted[Math.floor(sorted.length / 2)]
  const low = sorted[Math.ceil(sorted.length / 2) - 1]
  if (high === undefined || low === undefined) throw new Error('the median of nothing')
  return (low + high) / 2
}

/** Each measurement against the reference that ran beside it. */
export const ratios = (samples: readonly { readonly ms: number; readonly reference: number }[]): readonly number[] =>
  samples.map(({ ms, reference }) => ms / reference)
