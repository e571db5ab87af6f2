import { describe, expect, it } from 'vitest'
import { dueChanges, refusalsOf, refusedScopes } from '../../../src/lib/core/allow.ts'
import type { Change } from '../../../src/lib/core/change.ts'
import type { Finding } from '../../../src/lib/core/plan.ts'

const change = (id: string, needs: readonly string[] = []): Change => ({
  id,
  scope: id.split('/')[0] ?? '',
  ref: { type: 'key', id: null, name: id },
  kind: 'create',
  before: null,
  after: {},
  needs,
  reason: '',
  risk: 'none',
})
const finding = (severity: Finding['severity'], scope: string, part: Partial<Finding> = {}): Finding => ({
  code: 'X',
  severity,
  scope,
  subject: '',
  evidence: '',
  remedy: '',
  allowable: true,
  ...part,
})
const scopes = ['a', 'b', 'c']
const changes = [change('a/1'), change('a/2', ['a/1']), change('b/1'), change('c/1')]
const due = (...findings: Finding[]) => dueChanges({ scopes, changes, findings }).map(({ id }) => id)

describe('what of a plan is done', () => {
  const allowed = { allowed: { reason: 'agreed' } }
  it.each<[string, readonly Finding[], readonly string[]]>([
    ['all, where nothing stops it', [], ['a/1', 'a/2', 'b/1', 'c/1']],
    ['not what a refusal is about', [finding('refuse', 'b')], ['a/1', 'a/2', 'c/1']],
    ['nor what a hold keeps back, with what needs it', [finding('hold', 'a', { holds: ['a/1'] })], ['b/1', 'c/1']],
    ['neither', [finding('refuse', 'c'), finding('hold', 'a', { holds: ['a/2'] })], ['a/1', 'b/1']],
    [
      'what was overruled',
      [finding('refuse', 'a', allowed), finding('hold', 'b', allowed)],
      ['a/1', 'a/2', 'b/1', 'c/1'],
    ],
    ['what is only worth a look', [finding('warn', 'a'), finding('info', 'b')], ['a/1', 'a/2', 'b/1', 'c/1']],
    ['nothing, when a refusal is about no scope of the plan', [finding('refuse', 'elsewhere')], []],
    ['nothing, when every scope is refused', scopes.map((scope) => finding('refuse', scope)), []],
  ])('%s', (_, findings, expected) => expect(due(...findings)).toEqual(expected))

  it('names the scopes that are refused, each once', () => {
    const findings = [finding('refuse', 'b'), finding('refuse', 'b'), finding('refuse', 'a', allowed)]
    expect([...refusedScopes({ scopes, findings })]).toEqual(['b'])
    expect(refusalsOf(findings)).toHaveLength(2)
    expect([...refusedScopes({ scopes, findings: [finding('refuse', 'x')] })].toSorted()).toEqual(['a', 'b', 'c', 'x'])
  })
})
