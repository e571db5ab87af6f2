import type { Actions } from './action.ts'
import { interfacesOf } from './ec2-network.ts'
import { checkIds, filtersOf, keeps, pageOf, tagSet } from './ec2-filters.ts'
import { askedRules, permissionsXml, ruleKey, ruleText, ruleXml } from './ec2-rules.ts'
import { tagsOf } from './ec2-tags.ts'
import { fault } from './fault.ts'
import { ruleId, securityGroupId } from './ids.ts'
import type { Params } from './query.ts'
import { structs, text, texts } from './query.ts'
import type { AwsState, RuleState, SecurityGroupState, Tags } from './state.ts'
import { counted, own, without } from './state.ts'

const bad = (message: string) => fault('InvalidParameterValue', message)
const missing = (name: string) => fault('MissingParameter', `The request must contain the parameter ${name}`)

// API_CreateSecurityGroup: name and description at most 255 characters of this set; the name does not start with `sg-`.
const WORDS = /^[a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]{1,255}$/

function groupOf(state: AwsState, params: Params): SecurityGroupState {
  const id = text(params, 'GroupId')
  if (id === undefined) {
    // A group of a VPC that is not the default one is named by its id (API_DeleteSecurityGroup, GroupName).
    if (text(params, 'GroupName') === undefined) throw missing('groupId')
    throw fault(
      'InvalidGroup.NotFound',
      `The security group '${text(params, 'GroupName')}' does not exist in default VPC`,
    )
  }
  if (!/^sg-[0-9a-f]{8,17}$/.test(id))
    throw fault('InvalidGroupId.Malformed', `Invalid id: "${id}" (expecting "sg-...")`)
  const group = own(state.securityGroups, id)
  if (group === undefined) throw fault('InvalidGroup.NotFound', `The security group '${id}' does not exist`)
  return group
}

// API_TagSpecification: the resource type has to be the one that is made.
function specifiedTags(params: Params): Tags {
  const specifications = structs(params, 'TagSpecification') ?? []
  for (const specification of specifications) {
    const type = text(specification, 'ResourceType')
    if (type !== 'security-group')
      throw bad(`'${type ?? ''}' is not a valid taggable resource type for this operation.`)
  }
  return tagsOf(specifications.flatMap((specification) => structs(specification, 'Tag') ?? []))
}

const withIngress = (state: AwsState, group: SecurityGroupState, ingress: readonly RuleState[]): AwsState => ({
  ...state,
  securityGroups: { ...state.securityGroups, [group.id]: { ...group, ingress } },
})

// Amazon VPC quotas page: 60 inbound rules per security group; IPv4 and IPv6 are counted apart.
const MOST_RULES = 60

export const groupActions: Actions = {
  // API_DescribeSecurityGroups; error codes page: InvalidGroup.NotFound.
  DescribeSecurityGroups({ state, params }) {
    const ids = texts(params, 'GroupId')
    const names = texts(params, 'GroupName')
    if (names !== undefined && names.length > 0) {
      const message = `The security group '${names[0]}' does not exist in default VPC`
      throw fault('InvalidGroup.NotFound', message)
    }
    const malformed = ids?.find((id) => !/^sg-[0-9a-f]{8,17}$/.test(id))
    if (malformed !== undefined)
      throw fault('InvalidGroupId.Malformed', `Invalid id: "${malformed}" (expecting "sg-...")`)
    const code = 'InvalidGroup.NotFound'
    checkIds(
      ids ?? [],
      (id) => own(state.securityGroups, id) !== undefined,
      code,
      (id) => `The security group '${id}' does not exist`,
    )
    if (ids !== undefined && ids.length > 0 && text(params, 'MaxResults') !== undefined) {
      throw fault('InvalidParameterCombination', 'The parameter GroupIds cannot be used with the parameter MaxResults')
    }
    const filters = filtersOf(params)
    const found = Object.values(state.securityGroups).filter((group) => {
      const filterable = {
        'group-id': [group.id],
        'group-name': [group.name],
        'vpc-id': [group.vpcId],
        'owner-id': [state.accountId],
        description: [group.description],
      }
      return (ids === undefined || ids.includes(group.id)) && keeps(filters, filterable, state.ec2Tags[group.id] ?? {})
    })
    const { items, nextToken } = pageOf(params, found)
    const securityGroupInfo = items.map((group) => ({
      ownerId: state.accountId,
      groupId: group.id,
      securityGroupArn: groupArn(state, group.id),
      groupName: group.name,
      groupDescription: group.description,
      vpcId: group.vpcId,
      ipPermissions: permissionsXml(state, group.ingress),
      // A new group of a VPC lets everything out.
      ipPermissionsEgress: [
        { ipProtocol: '-1', groups: [], ipRanges: [{ cidrIp: '0.0.0.0/0' }], ipv6Ranges: [], prefixListIds: [] },
      ],
      tagSet: tagSet(state.ec2Tags[group.id] ?? {}),
    }))
    return { state, result: { securityGroupInfo, nextToken } }
  },

  // API_CreateSecurityGroup; error codes page: InvalidGroup.Duplicate, InvalidGroup.Reserved, VPCIdNotSpecified.
  CreateSecurityGroup({ state: before, params }) {
    const name = text(params, 'GroupName')
    const description = text(params, 'GroupDescription')
    const vpcId = text(params, 'VpcId')
    if (name === undefined || name === '') throw missing('GroupName')
    if (description === undefined || description === '') throw missing('GroupDescription')
    if (!WORDS.test(name))
      throw bad(`Value (${name}) for parameter GroupName is invalid. Character sets beyond ASCII are not supported.`)
    if (!WORDS.test(description)) {
      throw bad(
        `Value (${description}) for parameter GroupDescription is invalid. Character sets beyond ASCII are not supported.`,
      )
    }
    if (/^sg-/i.test(name)) throw bad('Group names may not be in the format sg-*.')
    if (vpcId === undefined) throw fault('VPCIdNotSpecified', 'No default VPC for this user')
    if (!before.vpcs.some((vpc) => vpc.id === vpcId))
      throw fault('InvalidVpcID.NotFound', `The vpc ID '${vpcId}' does not exist`)
    if (name === 'default') throw fault('InvalidGroup.Reserved', "The security group 'default' is reserved")
    const taken = Object.values(before.securityGroups).some((group) => group.vpcId === vpcId && group.name === name)
    if (taken) throw fault('InvalidGroup.Duplicate', `The security group '${name}' already exists for VPC '${vpcId}'`)
    const tags = specifiedTags(params)
    const { state, ordinal } = counted(before)
    const id = securityGroupId(`${state.accountId}/${ordinal}`)
    const group: SecurityGroupState = { id, name, description, vpcId, ingress: [] }
    return {
      state: {
        ...state,
        securityGroups: { ...state.securityGroups, [id]: group },
        ec2Tags: { ...state.ec2Tags, [id]: tags },
      },
      result: { return: true, groupId: id, securityGroupArn: groupArn(state, id), tagSet: tagSet(tags) },
    }
  },

  // API_AuthorizeSecurityGroupIngress; error codes page: InvalidPermission.Duplicate, RulesPerSecurityGroupLimitExceeded.
  AuthorizeSecurityGroupIngress({ state: before, params }) {
    const group = groupOf(before, params)
    const rules = askedRules(before, params)
    const present = new Set(group.ingress.map(ruleKey))
    const twice = rules.find((rule) => present.has(ruleKey(rule)))
    if (twice !== undefined) {
      throw fault('InvalidPermission.Duplicate', `the specified rule "${ruleText(twice)}" already exists`)
    }
    const { state, ordinal } = counted(before)
    const added = rules.map((rule) => ({ id: ruleId(`${group.id}/${ordinal}/${ruleKey(rule)}`), ...rule }))
    const ingress = [...group.ingress, ...added]
    const v6 = ingress.filter(({ peer }) => peer.includes(':')).length
    if (v6 > MOST_RULES || ingress.length - v6 > MOST_RULES) {
      throw fault(
        'RulesPerSecurityGroupLimitExceeded',
        'The maximum number of rules per security group has been reached.',
      )
    }
    return {
      state: withIngress(state, group, ingress),
      result: { return: true, securityGroupRuleSet: added.map((rule) => ruleXml(state, group.id, rule)) },
    }
  },

  // API_RevokeSecurityGroupIngress: in a VPC that is not the default one a rule that does not match is
  // InvalidPermission.NotFound, and none is revoked.
  RevokeSecurityGroupIngress({ state, params }) {
    const group = groupOf(state, params)
    const ids = texts(params, 'SecurityGroupRuleId') ?? []
    const unknown = ids.find((id) => !group.ingress.some((rule) => rule.id === id))
    if (unknown !== undefined) {
      throw fault('InvalidSecurityGroupRuleId.NotFound', `The security group rule ID '${unknown}' does not exist`)
    }
    const asked = ids.length > 0 ? [] : askedRules(state, params)
    const present = new Set(group.ingress.map(ruleKey))
    const absent = asked.find((rule) => !present.has(ruleKey(rule)))
    if (absent !== undefined) {
      throw fault('InvalidPermission.NotFound', 'The specified rule does not exist in this security group.')
    }
    const keys = new Set(asked.map(ruleKey))
    const gone = (rule: RuleState) => ids.includes(rule.id) || keys.has(ruleKey(rule))
    const revoked = group.ingress.filter(gone).map((rule) => ruleXml(state, group.id, rule))
    return {
      state: withIngress(
        state,
        group,
        group.ingress.filter((rule) => !gone(rule)),
      ),
      result: { return: true, revokedSecurityGroupRuleSet: revoked },
    }
  },

  // API_DeleteSecurityGroup: DependencyViolation while a network interface or another group's rule refers to it. The
  // interfaces of a deleted NLB go away some time after it.
  DeleteSecurityGroup({ state, params, now }) {
    const group = groupOf(state, params)
    if (group.name === 'default') {
      throw fault('CannotDelete', `the specified group: "${group.id}" name: "default" cannot be deleted by a user`)
    }
    const attached = interfacesOf(state, now).some(({ securityGroups }) => securityGroups.includes(group.id))
    const referred = Object.values(state.securityGroups).some(
      (other) => other.id !== group.id && other.ingress.some(({ peer }) => peer === group.id),
    )
    if (attached || referred) throw fault('DependencyViolation', `resource ${group.id} has a dependent object`)
    return {
      state: {
        ...state,
        securityGroups: without(state.securityGroups, group.id),
        ec2Tags: without(state.ec2Tags, group.id),
      },
      result: { return: true, groupId: group.id },
    }
  },
}

const groupArn = (state: AwsState, id: string) => `arn:aws:ec2:${state.region}:${state.accountId}:security-group/${id}`
