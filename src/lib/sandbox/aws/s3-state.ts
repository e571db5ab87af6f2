import type { Outage } from './state.ts'

/** A bucket that is there from the beginning: the sandbox makes none. */
export interface BucketSeed {
  readonly name: string
  readonly region: string
  /** May anybody read its objects, Route 53's health checkers too? Absent: no. */
  readonly publicRead?: boolean | undefined
}

export interface BucketState {
  readonly name: string
  readonly region: string
  readonly publicRead: boolean
  /** By key. */
  readonly objects: Readonly<Record<string, ObjectState>>
  /** By key: when there was no such object, oldest first. Not in it: there never was one. */
  readonly absences: Readonly<Record<string, readonly Outage[]>>
}

export interface ObjectState {
  readonly body: string
  readonly etag: string
  readonly contentType: string
  readonly modifiedAt: number
}

export const bucketOf = ({ name, region, publicRead = false }: BucketSeed): BucketState => ({
  name,
  region,
  publicRead,
  objects: {},
  absences: {},
})

const NEVER: readonly Outage[] = [{ downAt: 0, upAt: null }]

/** When there was no such object. */
export const absencesOf = (bucket: BucketState, key: string): readonly Outage[] =>
  Object.hasOwn(bucket.absences, key) ? (bucket.absences[key] ?? NEVER) : NEVER
