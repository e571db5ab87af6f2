/** Calls in flight at once, per list. */
const IN_FLIGHT = 16

/**
 * `work` on every item, at most 16 at once; answers in the order of the items. After a failure nothing new is started
 * and the first error is thrown once what was under way has ended.
 */
export async function bounded<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = []
  const failures: unknown[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      const index = next++
      try {
        answers[index] = await work(items[index] as T)
      } catch (error) {
        failures.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, items.length) }, lane))
  if (failures.length > 0) throw failures[0]
  return answers
}

/** `[1,2,3,4,5]` in twos: `[1,2] [3,4] [5]`. */
export const chunks = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size))
