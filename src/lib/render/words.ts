import type { Change, ChangeKind } from '../core/change.ts'
import type { Severity } from '../core/plan.ts'
import { escapeText } from './escape.ts'
import type { Tone } from './paint.ts'

/** The words and signs that stand for nyah's terms, so that every view uses the same ones. */

export interface KindWords {
  /** Plain ASCII, so that it is one column wide everywhere. */
  readonly sign: string
  readonly verb: string
  readonly doing: string
  readonly done: string
  readonly tone: Tone
}

export const KINDS: Readonly<Record<ChangeKind, KindWords>> = {
  create: { sign: '+', verb: 'create', doing: 'creating', done: 'created', tone: 'create' },
  update: { sign: '~', verb: 'change', doing: 'changing', done: 'changed', tone: 'update' },
  replace: { sign: '*', verb: 'replace', doing: 'replacing', done: 'replaced', tone: 'remove' },
  delete: { sign: '-', verb: 'delete', doing: 'deleting', done: 'deleted', tone: 'remove' },
  shift: { sign: '>', verb: 'shift', doing: 'shifting', done: 'shifted', tone: 'update' },
  wait: { sign: '.', verb: 'wait', doing: 'waiting', done: 'waited', tone: 'dim' },
}

/** Members of a group come and go; only the group is created and deleted. */
const MEMBERS: Readonly<Partial<Record<ChangeKind, Pick<KindWords, 'verb' | 'doing' | 'done'>>>> = {
  create: { verb: 'add', doing: 'adding', done: 'added' },
  delete: { verb: 'remove', doing: 'removing', done: 'removed' },
}

export const wordsOf = ({ kind, ref }: Pick<Change, 'kind' | 'ref'>): KindWords =>
  ref.type === 'targets' ? { ...KINDS[kind], ...MEMBERS[kind] } : KINDS[kind]

export interface SeverityWords {
  readonly word: string
  readonly tone: Tone
}

export const SEVERITIES: Readonly<Record<Severity, SeverityWords>> = {
  info: { word: 'Note', tone: 'dim' },
  warn: { word: 'Warning', tone: 'warn' },
  hold: { word: 'Held', tone: 'hold' },
  refuse: { word: 'Refused', tone: 'refuse' },
}

/** Of a hold that time lifts. */
export const WAITS: SeverityWords = { word: 'Waits', tone: 'hold' }

/** Operations that write something down here even where AWS has all it needs; null: nothing to change is nothing to do. */
export const idleWord = (operation: string): string | null =>
  operation === 'failover.arm' ? 'Nothing to change in Route 53' : null

/** What a scope of an operation is: the first word of `lb.mirror` decides. */
const SCOPES: Readonly<Record<string, string>> = {
  lb: 'Load balancer',
  dns: 'Name',
  failover: 'Name',
  prod: 'Prod',
  rollout: 'Rollout',
  tenant: 'Tenant set',
  cluster: 'Cluster',
}

export function scopeWord(operation: string): string {
  const [domain = ''] = operation.split('.')
  return (Object.hasOwn(SCOPES, domain) ? SCOPES[domain] : undefined) ?? 'Scope'
}

/** `3 targets`, `1 target`; the plural is given where an `s` will not do. */
export const count = (amount: number, one: string, many = `${one}s`): string => `${amount} ${amount === 1 ? one : many}`

/** `intervalSeconds` → `interval seconds`; `url_path` → `url path`. */
export const label = (key: string): string =>
  key
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[_.]/g, ' ')
    .toLowerCase()

/** A span of time for people: `0.4s`, `12s`, `3m 05s`, `1h 02m`. */
export function span(ms: number): string {
  const positive = Math.max(0, ms)
  if (positive < 9950) return `${(Math.round(positive / 100) / 10).toFixed(1)}s`
  const seconds = Math.round(positive / 1000)
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  const two = (value: number): string => String(value).padStart(2, '0')
  if (minutes < 60) return `${minutes}m ${two(seconds % 60)}s`
  return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`
}

/** How old something is, roughly: `45 s`, `12 min`, `2 h`, `3 days`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 90) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 90) return `${minutes} min`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`
}

/** `2026-11-22 03:00 UTC (2 h)`, seen from `now` (ISO 8601); what is no time stays as it is. */
export function sinceText(since: string, now: string | undefined): string {
  const at = Date.parse(since)
  if (Number.isNaN(at)) return escapeText(since)
  const iso = new Date(at).toISOString()
  const passed = now === undefined ? NaN : Date.parse(now) - at
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC${Number.isNaN(passed) ? '' : ` (${age(passed)})`}`
}

/** `2026-11-22T21:03:11.123Z` → `2026-11-22 21:03:11 UTC`. */
export const moment = (iso: string): string => escapeText(`${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`)

/** The time of day of an event. */
export const timeOfDay = (iso: string): string => escapeText(iso.slice(11, 19))
