/** How often a kind of call may be made: `burst` at once, then `perSecond`. */
export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

/** A token bucket. Negative tokens are reservations: callers who wait already. */
export interface Bucket {
  readonly tokens: number
  /** Milliseconds since the epoch. */
  readonly at: number
}

export const fullBucket = (rate: Rate, now: number): Bucket => ({ tokens: rate.burst, at: now })

/**
 * Takes one token, on credit when there is none: whoever asks first is served first, and nobody has to ask again.
 * A clock that was set back refills nothing.
 */
export function takeToken(
  bucket: Bucket,
  rate: Rate,
  now: number,
): { readonly bucket: Bucket; readonly waitMs: number } {
  const elapsed = Math.max(0, now - bucket.at)
  const tokens = Math.min(rate.burst, bucket.tokens + (elapsed / 1000) * rate.perSecond) - 1
  return {
    bucket: { tokens, at: Math.max(now, bucket.at) },
    waitMs: tokens >= 0 ? 0 : Math.ceil((-tokens / rate.perSecond) * 1000),
  }
}
