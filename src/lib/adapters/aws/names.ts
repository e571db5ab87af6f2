/**
 * The 8 hex digits by which everything of one mirror is found, in the name of a load balancer (`nyah-shop-1a2b3c4d`) or
 * a target group (`nyah-shop-1a2b3c4d-443`, `nyah-shop-1a2b3c4d-443-t-w5`); the words between may have changed since.
 * Null: not one of nyah's names.
 */
export const hashInName = (name: string): string | null =>
  /^nyah-(?:.*-)?([0-9a-f]{8})(?:-\d{1,5}(?:-(?:t|6|w\d{1,3}))*)?$/.exec(name)?.[1] ?? null
