/**
 * The tag `nyah:removals` of a target group: `<epoch>.<mark> <seconds>:<count>/<size> …`, oldest first.
 *
 * The epoch only grows: whoever planned a removal at one epoch and finds another has been overtaken. The mark (8 hex
 * digits) tells one removal from another with the same epoch. Each entry is one removal of the last hour: when (seconds
 * since the epoch), how many counted (`x`: nobody knows, which uses the whole budget up), and how many were registered
 * just before.
 */

export const WINDOW_SECONDS = 3_600

/** 256 characters is what AWS takes; an entry has at most 21. */
const MOST_ENTRIES = 10

/** One removal that counted. */
export interface Removal {
  /** Since the epoch. */
  readonly seconds: number
  /** Null: nobody knows. */
  readonly count: number | null
  /** How many were registered just before; null: not said. */
  readonly size: number | null
}

export interface Removals {
  /** 0: none was ever made. */
  readonly epoch: number
  /** Empty: not said. */
  readonly mark: string
  /** Oldest first. */
  readonly removals: readonly Removal[]
  /** False: this is no text of nyah's; it counts as a removal of the whole budget, just now. */
  readonly readable: boolean
}

const TEXT = /^(\d{1,12})(?:\.([0-9a-f]{8}))?((?: \d{1,11}:(?:\d{1,5}|x)(?:\/\d{1,5})?)*)$/
const CLAIM = /^(\d{1,12})\.([0-9a-f]{8}) \+(\d+)\/(\d+)$/

/** An unreadable one has an unknown removal in the far future: it counts whatever the time is, until it is written anew. */
const UNREADABLE: readonly Removal[] = [{ seconds: Number.MAX_SAFE_INTEGER, count: null, size: null }]

/** Undefined and the empty text: there was no removal yet. Never throws. */
export function parseRemovals(text: string | undefined): Removals {
  if (text === undefined || text === '') return { epoch: 0, mark: '', removals: [], readable: true }
  const [, epoch, mark = '', entries = ''] = TEXT.exec(text) ?? []
  if (epoch === undefined) {
    return { epoch: Number(/^\d{1,12}/.exec(text)?.[0] ?? 0), mark: '', removals: UNREADABLE, readable: false }
  }
  const removals = entries
    .split(' ')
    .filter((entry) => entry !== '')
    .map((entry): Removal => {
      const [seconds, rest = ''] = entry.split(':')
      const [amount, size] = rest.split('/')
      return {
        seconds: Number(seconds),
        count: amount === 'x' ? null : Number(amount),
        size: size === undefined ? null : Number(size),
      }
    })
  return { epoch: Number(epoch), mark, removals: removals.toSorted((a, b) => a.seconds - b.seconds), readable: true }
}

export const formatRemovals = ({ epoch, mark, removals }: Omit<Removals, 'readable'>): string =>
  [
    mark === '' ? String(epoch) : `${epoch}.${mark}`,
    ...removals.map(({ seconds, count, size }) => `${seconds}:${count ?? 'x'}${size === null ? '' : `/${size}`}`),
  ].join(' ')

/** Those of the last hour, and those of the future: some clock is wrong then, and nobody knows whose. */
export const inWindow = (removals: readonly Removal[], atMs: number): readonly Removal[] =>
  removals.filter(({ seconds }) => Math.floor(atMs / 1000) - seconds < WINDOW_SECONDS)

/**
 * What two nyahs compare: epoch and mark, without the times. Of a text that is not nyah's: the text itself. Null: there is
 * no tag.
 */
export function headOf(text: string | null | undefined): string | null {
  if (text == null || text === '') return null
  const claim = CLAIM.exec(text)
  if (claim !== null) return `${claim[1]}.${claim[2]}`
  const { epoch, mark, readable } = parseRemovals(text)
  if (!readable) return text
  return mark === '' ? String(epoch) : `${epoch}.${mark}`
}

/** `<epoch>.<mark> +<count>/<size>`: a removal to be made, before its time is known. */
export const claimText = (before: string | null, mark: string, amount: number, size: number): string =>
  `${parseRemovals(before ?? undefined).epoch + 1}.${mark} +${amount}/${size}`

/** How many removals a claim counts; 0: it is none. */
export const countIn = (claim: string): number => Number(CLAIM.exec(claim)?.[3] ?? 0)

/**
 * The tag that a claim becomes when it is written: the last hour's removals and this one. What was in the future or could
 * not be read counts from now on, so that it ends some day.
 */
export function stamped(current: string | undefined, claim: string, atMs: number): string {
  const [, epoch, mark = '', amount = '', size = ''] = CLAIM.exec(claim) ?? []
  if (epoch === undefined) throw new Error(`no claim of a removal: ${claim}`)
  const seconds = Math.ceil(atMs / 1000)
  const known = inWindow(parseRemovals(current).removals, atMs).map((removal) => ({
    ...removal,
    seconds: Math.min(removal.seconds, seconds),
  }))
  const made = Number(amount) === 0 ? [] : [{ seconds, count: Number(amount), size: Number(size) }]
  return formatRemovals({ epoch: Number(epoch), mark, removals: condensed([...known, ...made]) })
}

/**
 * The tag once a claim that came to nothing is taken back: without its entry, and at an epoch of its own, so that nobody takes
 * it for a claim that stands.
 */
export function withdrawn(current: string | undefined, claim: string): string {
  const [, , , amount, size] = CLAIM.exec(claim) ?? []
  const { epoch, removals } = parseRemovals(current)
  const at = removals.findLastIndex((one) => one.count === Number(amount) && one.size === Number(size))
  return formatRemovals({ epoch: epoch + 1, mark: '', removals: removals.filter((_one, index) => index !== at) })
}

/** The tag when targets went and nobody knows how many: the whole budget of the hour is used up. */
export const unknownRemoval = (current: string | undefined, atMs: number): string =>
  formatRemovals({
    epoch: parseRemovals(current).epoch + 1,
    mark: '',
    removals: [{ seconds: Math.ceil(atMs / 1000), count: null, size: null }],
  })

/** Few enough for a tag: the two nearest in time become one, as old as the younger of them, until it fits. */
function condensed(removals: readonly Removal[]): readonly Removal[] {
  if (removals.length <= MOST_ENTRIES) return removals
  const gaps = removals.slice(1).map(({ seconds }, at) => seconds - (removals[at]?.seconds ?? 0))
  const at = gaps.indexOf(Math.min(...gaps))
  const [one, other] = removals.slice(at, at + 2)
  if (one === undefined || other === undefined) return removals
  return condensed([...removals.slice(0, at), merged(one, other), ...removals.slice(at + 2)])
}

const merged = (one: Removal, other: Removal): Removal => ({
  seconds: other.seconds,
  count: one.count === null || other.count === null ? null : one.count + other.count,
  // The greater of what either says stood there before both: so nothing passes for new that is not.
  size: one.size === null || other.size === null ? null : Math.max(one.size, other.size + (one.count ?? 0)),
})
