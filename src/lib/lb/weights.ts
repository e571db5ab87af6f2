/** Member weights as weights of target groups: one group per distinct weight. */

/** What AWS takes as the weight of a target group. */
const MOST = 999

export interface Share {
  /** The weight of each member in the group. */
  readonly weight: number
  readonly members: number
  /** Of the group, 1-999. */
  readonly share: number
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))

/**
 * By weight, ascending. A group's share is the sum of its members' weights, in least terms; `exact` as long as none had to
 * be rounded to fit 1-999. Weights are positive whole numbers.
 */
export function sharesOf(weights: readonly number[]): { readonly shares: readonly Share[]; readonly exact: boolean } {
  const members = new Map<number, number>()
  for (const weight of weights) members.set(weight, (members.get(weight) ?? 0) + 1)
  const sums = [...members]
    .toSorted(([a], [b]) => a - b)
    .map(([weight, amount]) => ({ weight, amount, sum: weight * amount }))
  const divisor = sums.reduce((so, { sum }) => gcd(so, sum), 0)
  const most = Math.max(...sums.map(({ sum }) => sum / divisor), 1)
  const fits = most <= MOST
  return {
    shares: sums.map(({ weight, amount, sum }) => {
      const least = sum / divisor
      return { weight, members: amount, share: fits ? least : Math.max(1, Math.round((least * MOST) / most)) }
    }),
    exact: fits,
  }
}
