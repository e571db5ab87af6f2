import { EXIT, nyahError, type NyahError } from '../../core/errors.ts'
import type { Tags } from '../../ports/mirrors.ts'

export const OWNER_TAG = 'nyah:octavia-id'

/** What must be the same on a thing that is found by name before it may be taken for one's own. */
const OWNER = ['nyah:managed', OWNER_TAG] as const

/** Does what carries `found` belong to the mirror that wants to carry `wanted`? A missing tag never counts as equal. */
export const isOwn = (found: Tags, wanted: Tags): boolean =>
  OWNER.every((key) => (wanted[key] ?? '') !== '' && found[key] === wanted[key])

/** `tags[key]` carries nyah's mark at all. */
export const isManaged = (tags: Tags): boolean => (tags['nyah:managed'] ?? '') !== ''

/** The Octavia id whose mirror it belongs to; empty: it does not say. */
export const ownerOf = (tags: Tags): string => tags['nyah:octavia-id'] ?? ''

/** The SDK's tag lists (ELBv2 and EC2 have the same shape) and ours. */
export const tagsOf = (list: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined): Tags =>
  Object.fromEntries((list ?? []).flatMap(({ Key, Value }) => (Key === undefined ? [] : [[Key, Value ?? '']])))

export const tagList = (tags: Tags): { Key: string; Value: string }[] =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))

export function nameTaken(what: string, id: string, found: Tags, wanted: Tags): NyahError {
  const owner = found['nyah:octavia-id']
  const whose = owner === undefined ? 'carries no tag of nyah' : `belongs to the mirror of ${owner}`
  return nyahError({
    code: 'AWS_NAME_TAKEN',
    message: `${what} exists (${id}) and ${whose}, not to the mirror of ${wanted['nyah:octavia-id'] ?? '?'}`,
    exit: EXIT.refused,
    tries: [`look at ${id}; delete or rename it if nobody needs it, then run the command again`],
    details: { id },
  })
}

/** AWS says that the name exists, and does not show it: its answers lag behind. */
export const unsettled = (what: string): NyahError =>
  nyahError({
    code: 'AWS_UNSETTLED',
    message: `AWS says that ${what} exists, but does not show it yet`,
    exit: EXIT.remote,
    tries: ['wait a minute and run the command again'],
    retryable: true,
  })
