/** One side's part of answers that were really given. */
export interface MeasuredShare {
  /** Set identifier of the record; null: answers that none of them gives. */
  readonly id: string | null
  readonly answers: number
  /** Percent, with the bounds between which the true share lies with 95 % confidence. */
  readonly share: number
  readonly low: number
  readonly high: number
  /** Percent that it should have now, by weights and health; null: nobody could say. */
  readonly intended: number | null
  /** Does `intended` lie between the bounds? */
  readonly fits: boolean
}

/** A member as far as its answers are recognised. */
export interface Recognisable {
  readonly id: string | null
  readonly pointsTo: readonly string[]
  /** Of a load balancer's name nobody here knows the addresses: what is no other member's is its. */
  readonly alias: boolean
  readonly now: number
}

/** Two-sided 95 %. */
const Z = 1.959964

/**
 * Bounds of a share of which `hits` of `total` were seen, in percent (Wilson's score interval: it holds near 0 and 100 too).
 *
 * @see https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval
 */
export function wilson(hits: number, total: number): { readonly low: number; readonly high: number } {
  if (total === 0) return { low: 0, high: 100 }
  const p = hits / total
  const z2 = Z * Z
  const middle = (p + z2 / (2 * total)) / (1 + z2 / total)
  const spread = (Z / (1 + z2 / total)) * Math.sqrt((p * (1 - p)) / total + z2 / (4 * total * total))
  return {
    low: hits === 0 ? 0 : 100 * Math.max(0, middle - spread),
    high: hits === total ? 100 : 100 * Math.min(1, middle + spread),
  }
}

/** Which part each member had of these answers, each a list of addresses. Pure. */
export function measuredShares(
  members: readonly Recognisable[],
  answers: readonly (readonly string[])[],
): readonly MeasuredShare[] {
  const alias = members.find((one) => one.alias)
  const ownerOf = (values: readonly string[]): Recognisable | undefined =>
    members.find((one) => !one.alias && values.some((value) => one.pointsTo.includes(value))) ??
    (values.length > 0 ? alias : undefined)
  const owners = answers.map(ownerOf)
  const strangers = owners.filter((one) => one === undefined).length
  const shareOf = (id: string | null, hits: number, intended: number | null): MeasuredShare => {
    const { low, high } = wilson(hits, answers.length)
    const share = answers.length === 0 ? 0 : (100 * hits) / answers.length
    const fits = intended === null || (intended >= low - 1e-9 && intended <= high + 1e-9)
    return { id, answers: hits, share, low, high, intended, fits }
  }
  return [
    ...members.map((one) => shareOf(one.id, owners.filter((owner) => owner === one).length, one.now)),
    ...(strangers > 0 ? [shareOf(null, strangers, 0)] : []),
  ]
}
