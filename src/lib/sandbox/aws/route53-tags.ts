import { fault } from './fault.ts'
import type { ZoneState, Route53State } from './route53-state.ts'
import { fields, invalidInput, listOf } from './route53-xml.ts'
import { own } from './state.ts'
import type { AwsState } from './state.ts'
import type { Element } from './xml-read.ts'
import { childOf, textOf } from './xml-read.ts'

/** API_ChangeTagsForResource and API_ListTagsForResources. */

const KINDS: Readonly<Record<string, (state: AwsState, id: string) => ZoneState | object | undefined>> = {
  healthcheck: (state, id) => own(state.route53.healthChecks, id),
  hostedzone: (state, id) => own(state.zones, id),
}

function keyOf(state: AwsState, kind: string, id: string): string {
  const find = own(KINDS, kind)
  if (find === undefined) throw invalidInput(`Invalid ResourceType ${kind}: it must be healthcheck or hostedzone`)
  if (find(state, id) === undefined) {
    throw kind === 'healthcheck'
      ? fault('NoSuchHealthCheck', `No health check exists with the specified ID: ${id}`, 404)
      : fault('NoSuchHostedZone', `No hosted zone found with ID: ${id}`, 404)
  }
  return `${kind}/${id}`
}

/** The tags after a ChangeTagsForResourceRequest. */
export function tagged(state: AwsState, kind: string, id: string, request: Element): Route53State {
  const key = keyOf(state, kind, id)
  const added = (childOf(request, 'AddTags')?.children ?? []).map(
    (tag) => [textOf(tag, 'Key') ?? '', textOf(tag, 'Value') ?? ''] as const,
  )
  const removed = (childOf(request, 'RemoveTagKeys')?.children ?? []).map(({ text }) => text)
  if (added.length === 0 && removed.length === 0) throw invalidInput('AddTags or RemoveTagKeys is needed')
  if (added.length > 10 || removed.length > 10) throw invalidInput('At most 10 tags are added or removed at a time')
  // API_Tag: a key has at most 128 characters, a value 256.
  const long = added.find(([name, value]) => name === '' || name.length > 128 || value.length > 256)
  if (long !== undefined)
    throw invalidInput(`Invalid tag '${long[0]}': a key has 1 to 128 characters, a value at most 256`)
  const kept = Object.entries(own(state.route53.tags, key) ?? {}).filter(([name]) => !removed.includes(name))
  const tags = Object.fromEntries([...kept, ...added])
  // API_ChangeTagsForResource, AddTags: at most 10 tags of a health check or a hosted zone.
  if (Object.keys(tags).length > 10) throw invalidInput('A health check or a hosted zone has at most 10 tags')
  return { ...state.route53, tags: { ...state.route53.tags, [key]: tags } }
}

const setXml = (state: AwsState, kind: string, id: string): string =>
  `<ResourceTagSet>${fields({ ResourceType: kind, ResourceId: id })}${listOf(
    'Tags',
    'Tag',
    Object.entries(own(state.route53.tags, keyOf(state, kind, id)) ?? {}).map(([Key, Value]) => ({ Key, Value })),
  )}</ResourceTagSet>`

/** The tags of one. */
export const tagsOf = setXml

/** Those of up to 10. */
export function tagsOfMany(state: AwsState, kind: string, request: Element): string {
  const ids = (childOf(request, 'ResourceIds')?.children ?? []).map(({ text }) => text)
  if (ids.length < 1 || ids.length > 10) throw invalidInput('ResourceIds must have 1 to 10 ids')
  return `<ResourceTagSets>${ids.map((id) => setXml(state, kind, id)).join('')}</ResourceTagSets>`
}
