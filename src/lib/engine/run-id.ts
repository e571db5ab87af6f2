/**
 * The id of a run: short, unique, and in the order of time when sorted as text (until 2059): `mib2k0ao-7f3k`.
 *
 * @param now milliseconds since the epoch
 * @param random 0 ≤ random() < 1
 */
export const newRunId = (now: number, random: () => number): string =>
  `${Math.trunc(now).toString(36).padStart(8, '0')}-${Math.floor(random() * 36 ** 4)
    .toString(36)
    .padStart(4, '0')}`
