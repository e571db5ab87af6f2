import { closeSync, constants, openSync, rmSync, statSync } from 'node:fs'
import * as z from 'zod/mini'
import { EXIT, isNyahError, type NyahError, nyahError } from '../../core/errors.ts'
import { fingerprint } from '../../core/hash.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Plan } from '../../core/plan.ts'
import { createFile, readCapped, replaceFile, systemCode } from './files.ts'

/** 16 MiB: a plan of ten thousand changes is a tenth of it. */
export const LONGEST_PLAN = 16 * 1024 * 1024

const json = z.json()
const jsonObject = z.record(z.string(), json)

const changeShape = z.strictObject({
  id: z.string(),
  scope: z.string(),
  ref: z.strictObject({ type: z.string(), id: z.nullable(z.string()), name: z.string() }),
  kind: z.enum(['create', 'update', 'replace', 'delete', 'shift', 'wait']),
  before: z.nullable(jsonObject),
  after: z.nullable(jsonObject),
  needs: z.array(z.string()),
  reason: z.string(),
  risk: z.enum(['none', 'changes', 'removes']),
})

const findingShape = z.strictObject({
  code: z.string(),
  severity: z.enum(['info', 'warn', 'hold', 'refuse']),
  scope: z.string(),
  subject: z.string(),
  evidence: z.string(),
  remedy: z.string(),
  allowable: z.boolean(),
  since: z.optional(z.string()),
  holds: z.optional(z.array(z.string())),
  allowed: z.optional(z.strictObject({ reason: z.string() })),
})

const reportShape = z.strictObject({
  fidelity: z.array(
    z.strictObject({
      code: z.string(),
      subject: z.string(),
      field: z.string(),
      verdict: z.enum(['exact', 'approximate', 'dropped', 'refused']),
      source: z.string(),
      copy: z.nullable(z.string()),
      why: z.string(),
      remedy: z.string(),
    }),
  ),
  firewall: z.array(
    z.strictObject({
      from: z.string(),
      fromName: z.string(),
      protocol: z.literal('tcp'),
      to: z.array(z.string()),
      port: z.number(),
      purpose: z.string(),
    }),
  ),
  quotas: z.array(
    z.strictObject({
      name: z.string(),
      used: z.nullable(z.number()),
      needed: z.number(),
      limit: z.nullable(z.number()),
      origin: z.enum(['account', 'documented']),
    }),
  ),
  shared: z.array(z.string()),
})

const planShape = z.strictObject({
  v: z.literal(1),
  request: z.strictObject({
    operation: z.string(),
    arguments: jsonObject,
    allowances: z.array(z.strictObject({ code: z.string(), reason: z.string() })),
    context: z.string(),
  }),
  scopes: z.array(z.string()),
  names: z.record(z.string(), z.string()),
  observedAt: z.iso.datetime(),
  basis: z.record(z.string(), z.string()),
  changes: z.array(changeShape),
  findings: z.array(findingShape),
  // A plan of an earlier nyah has none.
  reports: z.optional(z.record(z.string(), reportShape)),
  hash: z.string(),
})

const fileShape = z.strictObject({ nyahPlan: z.literal(1), sha256: z.string(), plan: planShape })

/**
 * Saves a plan: `{nyahPlan: 1, sha256, plan}`, 0600. The file appears whole or not at all, and takes the place of one
 * that was there. Throws PLAN_UNWRITABLE (exit 3).
 */
export function writePlan(path: string, plan: Plan): void {
  try {
    const text = `${JSON.stringify({ nyahPlan: 1, sha256: seal(plan), plan }, null, 2)}\n`
    if (Buffer.byteLength(text) > LONGEST_PLAN) throw new Error(`the plan is longer than ${LONGEST_PLAN} bytes`)
    replaceFile(path, text)
  } catch (error) {
    throw planUnwritable(path, error)
  }
}

const planUnwritable = (path: string, error: unknown): NyahError =>
  nyahError({
    code: 'PLAN_UNWRITABLE',
    message: `cannot save the plan as ${path}: ${error instanceof Error ? error.message : String(error)}`,
    exit: EXIT.configuration,
    tries: ['name a file in a directory that you may write to'],
  })

/**
 * Could a plan be saved there? Asked before a run begins: its stream is over by the time the plan is saved. Throws
 * PLAN_UNWRITABLE (exit 3).
 */
export function checkPlanFile(path: string): void {
  const draft = `${path}.${process.pid}.draft`
  try {
    demandPlace(path)
    rmSync(draft, { force: true })
    closeSync(createFile(draft))
    rmSync(draft)
  } catch (error) {
    throw planUnwritable(path, error)
  }
}

/** A plan takes the place of what is there: never of a directory or a device. */
function demandPlace(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw new Error('it is there, and no regular file')
}

/**
 * Reads a saved plan and checks its shape and its seal. It is a request and a promise to be compared with, never a
 * desired state to be trusted: whoever applies it observes and plans again.
 *
 * Throws PLAN_UNREADABLE, PLAN_INVALID_FILE or PLAN_CHANGED (exit 2).
 */
export function readPlan(path: string): Plan {
  const text = read(path)
  try {
    return parse(path, text)
  } catch (error) {
    if (isNyahError(error)) throw error
    throw problem('PLAN_INVALID_FILE', `${path} is no plan: it is not JSON, or nested too deeply`)
  }
}

type SavedPlan = Omit<Plan, 'reports'> & Partial<Pick<Plan, 'reports'>>

const seal = (plan: SavedPlan): string => fingerprint(plan as unknown as JsonObject)

function read(path: string): string {
  try {
    // Not to hang on a pipe that nobody writes to.
    const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    try {
      const text = readCapped(fd, LONGEST_PLAN)
      if (text === null) throw new Error(`it is longer than ${LONGEST_PLAN} bytes, or no regular file`)
      return text
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    const why =
      systemCode(error) === 'ENOENT' ? 'there is no such file' : error instanceof Error ? error.message : String(error)
    throw problem('PLAN_UNREADABLE', `cannot read the plan ${path}: ${why}`)
  }
}

function parse(path: string, text: string): Plan {
  const value: unknown = JSON.parse(text)
  const checked = fileShape.safeParse(value)
  if (!checked.success) {
    const [issue] = checked.error.issues
    const where = issue === undefined || issue.path.length === 0 ? 'at its top' : `at ${issue.path.join('.')}`
    throw problem(
      'PLAN_INVALID_FILE',
      `${path} is no plan of this nyah: ${where}: ${issue?.message ?? 'unknown shape'}`,
    )
  }
  // The file's own data, which the check has just found to have a plan's shape.
  const { plan, sha256 } = value as { readonly plan: SavedPlan; readonly sha256: string }
  if (seal(plan) !== sha256) {
    throw problem('PLAN_CHANGED', `${path} was changed after it was saved: its SHA-256 does not fit`)
  }
  return { reports: {}, ...plan }
}

const problem = (code: string, message: string): NyahError =>
  nyahError({ code, message, exit: EXIT.usage, tries: ['make it again: the same command with --plan-out FILE'] })
