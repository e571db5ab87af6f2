import type { Actions } from './action.ts'
import { fault } from './fault.ts'
import type { Params } from './query.ts'
import { structs, text, texts } from './query.ts'
import type { AwsState, Tags } from './state.ts'
import { own } from './state.ts'

// "Tag your Amazon EC2 resources" page, tag restrictions: 50 per resource, key 1-127 (API: 127), value ≤ 255 (API: 255)
// characters, no `aws:` prefix.
const MOST = 50

export function tagsOf(items: readonly Params[]): Tags {
  const tags = new Map<string, string>()
  for (const item of items) {
    const key = text(item, 'Key')
    const value = text(item, 'Value') ?? ''
    if (key === undefined || key === '') throw fault('InvalidParameterValue', 'Tag key cannot be empty.')
    if (/^aws:/i.test(key)) {
      throw fault('InvalidParameterValue', "Tag keys starting with 'aws:' are reserved for internal use")
    }
    if (key.length > 127) throw fault('InvalidParameterValue', `Tag key exceeds the maximum length of 127 characters`)
    if (value.length > 255)
      throw fault('InvalidParameterValue', `Tag value exceeds the maximum length of 255 characters`)
    if (tags.has(key)) throw fault('InvalidParameterValue', `Duplicate tag key '${key}' specified.`)
    tags.set(key, value)
  }
  if (tags.size > MOST) throw limit()
  return Object.fromEntries(tags)
}

// Error codes page: TagLimitExceeded.
const limit = () => fault('TagLimitExceeded', `You have reached the maximum number of tags (${MOST}) for a resource`)

const ID = /^([a-z]+)-[0-9a-z-]+$/

// Error codes page: each kind has its own NotFound; an id of no kind is InvalidID.
function checkResource(state: AwsState, id: string): void {
  const kind = ID.exec(id)?.[1]
  const missing = (code: string, noun: string) => fault(code, `The ${noun} '${id}' does not exist`)
  if (kind === 'sg') {
    if (own(state.securityGroups, id) === undefined) throw missing('InvalidGroup.NotFound', 'security group')
  } else if (kind === 'subnet') {
    if (!state.subnets.some((subnet) => subnet.id === id)) throw missing('InvalidSubnetID.NotFound', 'subnet ID')
  } else if (kind === 'vpc') {
    if (!state.vpcs.some((vpc) => vpc.id === id)) throw missing('InvalidVpcID.NotFound', 'vpc ID')
  } else if (kind === 'eipalloc') {
    const known = state.addresses.some(({ allocationId }) => allocationId === id)
    if (!known) throw missing('InvalidAllocationID.NotFound', 'allocation ID')
  } else {
    throw fault('InvalidID', `The ID '${id}' is not valid`)
  }
}

function resources(state: AwsState, params: Params): readonly string[] {
  const ids = texts(params, 'ResourceId') ?? []
  if (ids.length === 0) throw fault('MissingParameter', 'The request must contain the parameter resourceIdSet')
  ids.forEach((id) => checkResource(state, id))
  return ids
}

export const tagActions: Actions = {
  // API_CreateTags: adds or overwrites; all resources or none.
  CreateTags({ state, params }) {
    const ids = resources(state, params)
    const items = structs(params, 'Tag') ?? []
    if (items.length === 0) throw fault('MissingParameter', 'The request must contain the parameter tagSet')
    const tags = tagsOf(items)
    const changed = ids.map((id) => [id, { ...state.ec2Tags[id], ...tags }] as const)
    if (changed.some(([, all]) => Object.keys(all).length > MOST)) throw limit()
    return {
      state: { ...state, ec2Tags: { ...state.ec2Tags, ...Object.fromEntries(changed) } },
      result: { return: true },
    }
  },

  // API_DeleteTags: with a value (also an empty one) only where it matches; without tags, all of them.
  DeleteTags({ state, params }) {
    const ids = resources(state, params)
    const items = structs(params, 'Tag')
    const gone = (key: string, value: string) =>
      items === undefined || items.some((item) => text(item, 'Key') === key && (text(item, 'Value') ?? value) === value)
    const changed = ids.map((id) => {
      const left = Object.entries(state.ec2Tags[id] ?? {}).filter(([key, value]) => !gone(key, value))
      return [id, Object.fromEntries(left)] as const
    })
    return {
      state: { ...state, ec2Tags: { ...state.ec2Tags, ...Object.fromEntries(changed) } },
      result: { return: true },
    }
  },
}
