/**
 * One object in S3, whose presence means "away from Octavia": Route 53's health checkers look at it. It is written and
 * deleted in one Region's data plane, so it works while Route 53's API does not.
 */
export interface SwitchPlace {
  readonly region: string
  readonly bucket: string
  readonly key: string
}

export interface SwitchObjects {
  /** Writes it; twice is no harm. Throws the AWS_ codes of docs/aws.md. */
  engage(place: SwitchPlace, why: string): Promise<void>
  /** Deletes it; deleting what is not there succeeds. */
  disengage(place: SwitchPlace): Promise<void>
  /** Null: these credentials may not look. */
  engaged(place: SwitchPlace, signal?: AbortSignal): Promise<boolean | null>
}
