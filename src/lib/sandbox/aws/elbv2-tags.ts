import type { Action, Actions } from './action.ts'
import { listenerOf, loadBalancerOf, targetGroupOf } from './elbv2-lookup.ts'
import { fault, invalid } from './fault.ts'
import type { Params } from './query.ts'
import { required, requiredStructs, requiredTexts, structs, text } from './query.ts'
import type { AwsState, Tags } from './state.ts'

// "Tag a load balancer" page, tag restrictions: 50 per resource, key ≤ 128, value ≤ 256, letters, spaces and numbers of
// any script plus + - = . _ : / @, no `aws:` prefix; API_AddTags: DuplicateTagKeys, TooManyTags.
const MOST = 50
const CHARACTERS = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u

function checked(items: readonly Params[]): Tags {
  const tags = new Map<string, string>()
  for (const item of items) {
    const key = required(item, 'Key')
    const value = text(item, 'Value') ?? ''
    if (tags.has(key)) throw fault('DuplicateTagKeys', `Tag keys '${key}' specified more than once`)
    if (/^aws:/i.test(key)) throw invalid(`The tag key '${key}' is reserved: 'aws:' prefixed tags may not be set`)
    if (key.length > 128 || !CHARACTERS.test(key)) throw invalid(`The tag key '${key}' is not valid`)
    if (value.length > 256 || !CHARACTERS.test(value)) throw invalid(`The tag value '${value}' is not valid`)
    tags.set(key, value)
  }
  return withinLimit(Object.fromEntries(tags))
}

function withinLimit(tags: Tags): Tags {
  if (Object.keys(tags).length > MOST) throw fault('TooManyTags', `The maximum number of tags per resource is ${MOST}`)
  return tags
}

/** The `Tags` of a create. */
export const createdTags = (params: Params): Tags => checked(structs(params, 'Tags') ?? [])

/** Order does not make tags differ. */
export const sameTags = (a: Tags, b: Tags): boolean => {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}

/** The ARN tells the kind; a missing one has its kind's NotFound (API_AddTags, API_DescribeTags). */
function tagged(
  state: AwsState,
  arn: string,
): { readonly tags: Tags; readonly set: (state: AwsState, tags: Tags) => AwsState } {
  if (arn.includes(':targetgroup/')) {
    const { tags } = targetGroupOf(state, arn)
    return {
      tags,
      set: (to, next) => ({
        ...to,
        targetGroups: { ...to.targetGroups, [arn]: { ...targetGroupOf(to, arn), tags: next } },
      }),
    }
  }
  if (arn.includes(':listener/')) {
    const { tags } = listenerOf(state, arn)
    return {
      tags,
      set: (to, next) => ({ ...to, listeners: { ...to.listeners, [arn]: { ...listenerOf(to, arn), tags: next } } }),
    }
  }
  const { tags } = loadBalancerOf(state, arn)
  return {
    tags,
    set: (to, next) => ({
      ...to,
      loadBalancers: { ...to.loadBalancers, [arn]: { ...loadBalancerOf(to, arn), tags: next } },
    }),
  }
}

const change =
  (edit: (tags: Tags, params: Params) => Tags): Action =>
  ({ state, params }) => {
    const next = requiredTexts(params, 'ResourceArns').reduce((to, arn) => {
      const { tags, set } = tagged(to, arn)
      return set(to, edit(tags, params))
    }, state)
    return { state: next, result: {} }
  }

export const tagActions: Actions = {
  AddTags: change((tags, params) => withinLimit({ ...tags, ...checked(requiredStructs(params, 'Tags')) })),

  // API_RemoveTags: a key that is not there is no error.
  RemoveTags: change((tags, params) => {
    const gone = new Set(requiredTexts(params, 'TagKeys'))
    return Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.has(key)))
  }),

  // API_DescribeTags: at most 20 ARNs, and each must exist.
  DescribeTags({ state, params }) {
    const arns = requiredTexts(params, 'ResourceArns')
    if (arns.length > 20) throw invalid(`You can specify at most 20 resources, you specified ${arns.length}`)
    const descriptions = arns.map((arn) => ({
      ResourceArn: arn,
      Tags: Object.entries(tagged(state, arn).tags).map(([Key, Value]) => ({ Key, Value })),
    }))
    return { state, result: { TagDescriptions: descriptions } }
  },
}
