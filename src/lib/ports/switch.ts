/** An object in S3 whose presence means "away from Octavia": written and deleted in one Region's data plane. */
export interface SwitchObjects {
  /** Writes it; twice is no harm. */
  engage(at: SwitchPlace): Promise<void>
  /** Deletes it; deleting what is not there succeeds. */
  disengage(at: SwitchPlace): Promise<void>
  engaged(at: SwitchPlace, signal?: AbortSignal): Promise<boolean>
}

export interface SwitchPlace {
  readonly region: string
  readonly bucket: string
  readonly key: string
}
