import * as z from 'zod/mini'
import { EXIT } from '../../../src/lib/core/errors.ts'
import type { ErrorData } from '../../../src/lib/core/errors.ts'
import type { EventData, EventType, Outcome } from '../../../src/lib/core/events.ts'
import type { Plan } from '../../../src/lib/core/plan.ts'
import type { ScopeReport } from '../../../src/lib/core/report.ts'
import type { ResultDocument } from '../../../src/lib/render/json.ts'

/**
 * What the files in docs/schemas are made of. `satisfies` ties each schema to the type nyah uses: a field that the
 * type gains or loses does not compile here until the published schema has it too.
 */

const text = z.string()
const instant = z.string().check(z.meta({ format: 'date-time', description: 'ISO 8601, UTC' }))

/** On a copy: the same schema stands in many places, each with words of its own. */
const described = <S extends z.ZodMiniType>(schema: S, description: string): S => schema.check(z.meta({ description }))

/** Stands in $defs under its own name. */
const named = <S extends z.ZodMiniType>(schema: S, id: string): S => schema.check(z.meta({ id }))

const json = z.json()
const object = z.record(z.string(), json)

const exitCode = described(
  z.literal(Object.values(EXIT)),
  'A frozen contract: 0 done, 1 bug, 2 usage, 3 configuration, 4 not empty, 5 confirmation needed, 6 refused, 7 remote, 8 applied in part, 9 not healthy, 10 stale, 11 held, 12 partial answer, 130/143 interrupted',
)

export const outcome = z.enum([
  'nothing-to-do',
  'planned',
  'applied',
  'partly-applied',
  'not-healthy',
  'held',
  'refused',
  'declined',
  'stale',
  'failed',
  'interrupted',
]) satisfies z.ZodMiniType<Outcome>

export const error = named(
  z.object({
    code: described(text, 'Stable, upper case'),
    message: described(text, 'What, which value, why. Not escaped'),
    tries: described(z.array(text), 'Whole commands or actions'),
    exit: exitCode,
    retryable: described(z.boolean(), 'May the same call be sent again?'),
    lostAnswer: described(z.boolean(), 'The request may have taken effect although no answer came'),
    details: described(
      z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
      'Request ids, status codes',
    ),
  }),
  'Error',
) satisfies z.ZodMiniType<ErrorData>

const change = named(
  z.object({
    id: described(text, 'Unique in its plan, the same each time the same thing is planned'),
    scope: described(text, 'What fails together: a load balancer, a name, a Prod'),
    ref: z.object({ type: text, id: described(z.nullable(text), 'Null: it does not exist yet'), name: text }),
    kind: z.enum(['create', 'update', 'replace', 'delete', 'shift', 'wait']),
    before: z.nullable(object),
    after: described(
      z.nullable(object),
      'May hold {"$token": {"change", "output"}}: known once that change was applied',
    ),
    needs: described(z.array(text), 'Ids of changes that must have succeeded first'),
    reason: text,
    risk: z.enum(['none', 'changes', 'removes']),
  }),
  'Change',
)

const finding = named(
  z.object({
    code: described(text, 'Stable, upper case; what --allow takes'),
    severity: z.enum(['info', 'warn', 'hold', 'refuse']),
    scope: text,
    subject: text,
    evidence: text,
    remedy: text,
    allowable: z.boolean(),
    since: z.exactOptional(described(instant, 'Since when it has been held, where the thing remembers it')),
    holds: z.exactOptional(described(z.array(text), 'Ids of the changes it keeps back')),
    allowed: z.exactOptional(described(z.object({ reason: text }), 'Overruled: it stops nothing')),
  }),
  'Finding',
)

const scopeReport = named(
  z.object({
    fidelity: described(
      z.array(
        z.object({
          code: described(text, 'Stable, upper case; of what is refused, what --allow takes'),
          subject: text,
          field: described(text, "The source's own name of the field"),
          verdict: z.enum(['exact', 'approximate', 'dropped', 'refused']),
          source: described(text, 'The value in the source, with its unit'),
          copy: described(z.nullable(text), 'What it is in the copy, with its unit; null: nothing'),
          why: described(text, 'Why it is not exact; empty when it is'),
          remedy: described(text, "The operator's next step; empty when there is none"),
        }),
      ),
      'One verdict per field in use',
    ),
    firewall: described(
      z.array(
        z.object({
          from: described(text, 'CIDR of the senders'),
          fromName: text,
          protocol: z.literal('tcp'),
          to: described(z.array(text), 'Addresses of the receivers'),
          port: z.int(),
          purpose: text,
        }),
      ),
      'What firewalls on the way have to let through',
    ),
    quotas: z.array(
      z.object({
        name: text,
        used: described(z.nullable(z.number()), 'In use before; null: not known'),
        needed: described(z.number(), 'In use after'),
        limit: described(z.nullable(z.number()), 'Null: not known'),
        origin: described(
          z.enum(['account', 'documented']),
          "Read from the account, or the provider's documented default",
        ),
      }),
    ),
    shared: described(z.array(text), 'What the copy has in common with its source, so does not save users from'),
  }),
  'ScopeReport',
) satisfies z.ZodMiniType<ScopeReport>

const request = named(
  z.object({
    operation: text,
    arguments: object,
    allowances: z.array(z.object({ code: text, reason: text })),
    context: text,
  }),
  'Request',
)

export const plan = named(
  z.object({
    v: z.literal(1),
    request,
    scopes: described(z.array(text), 'Every scope that was looked at'),
    names: described(z.record(z.string(), text), 'What people call each scope'),
    observedAt: instant,
    basis: described(z.record(z.string(), text), 'Per scope: fingerprint of the observed fields that decide changes'),
    changes: z.array(change),
    findings: z.array(finding),
    reports: described(z.record(z.string(), scopeReport), 'Per scope, where there is something to say; not hashed'),
    hash: described(text, 'SHA-256 of what it would do'),
  }),
  'Plan',
) satisfies z.ZodMiniType<Plan>

const ending = {
  ok: described(z.boolean(), 'Did it end as asked? exitCode says more'),
  outcome,
  exitCode,
  run: described(z.nullable(text), 'Null: it ended before there was a run'),
  result: json,
  notes: z.exactOptional(described(z.array(z.object({ code: text, message: text })), 'What stops nothing')),
  plan: z.exactOptional(plan),
  error: z.exactOptional(error),
}

export const result = z.object({
  ...ending,
  names: z.exactOptional(
    described(
      z.object(ending),
      'lb mirror: the run that attached names afterwards; ok, outcome, exitCode and error above are of both',
    ),
  ),
}) satisfies z.ZodMiniType<ResultDocument>

const waiting = z.array(
  z.object({
    subject: text,
    detail: text,
    scope: z.exactOptional(text),
    unplanned: z.exactOptional(described(z.boolean(), 'Only what came meanwhile is missing: that takes a new plan')),
  }),
)
const whole = z.int()

const data = {
  'run.started': z.object({ request, actor: text, reason: z.nullable(text), nyah: text, resumes: z.nullable(text) }),
  'observe.started': z.object({ pass: whole }),
  'observe.finished': z.object({ pass: whole, ms: z.number() }),
  'plan.made': z.object({ plan }),
  'plan.confirmed': z.object({ by: z.enum(['yes-flag', 'terminal', 'confirm-flag', 'saved-plan']) }),
  'plan.declined': z.object({ by: z.enum(['terminal', 'no-terminal']) }),
  'reading.second': z.object({ delayMs: z.number() }),
  'reading.compared': z.object({ agree: z.boolean(), findings: z.array(finding) }),
  'change.started': z.object({ id: text, attempt: whole }),
  'change.retrying': z.object({ id: text, attempt: whole, delayMs: z.number(), error }),
  'change.succeeded': z.object({ id: text, outputs: object, ms: z.number() }),
  'change.failed': z.object({ id: text, error }),
  'change.skipped': z.object({ id: text, why: z.enum(['held', 'refused', 'needs', 'scope-failed', 'interrupted']) }),
  'read.retrying': z.object({ what: text, attempt: whole, delayMs: z.number(), error }),
  'verify.waiting': z.object({ waiting, deadlineAt: instant }),
  'verify.finished': z.object({ healthy: z.boolean(), waiting }),
  'step.waiting': z.object({
    untilAt: instant,
    next: described(z.int(), 'Which plan of this run comes then, from 1'),
  }),
  'spread.reached': z.object({
    name: text,
    state: z.enum(['accepted', 'insync', 'visible']),
    afterMs: described(z.number(), 'Milliseconds since the change was sent to Route 53'),
  }),
  note: z.object({ code: text, message: text }),
  'run.error': z.object({ error }),
  'run.finished': z.object({ outcome, exitCode, result: json }),
} satisfies { [T in EventType]: z.ZodMiniType<EventData[T]> }

const envelope = (type: EventType) =>
  z.object({
    v: z.literal(1),
    seq: described(z.int(), 'From 1, without gaps; the last event is run.finished'),
    at: instant,
    run: text,
    type: z.literal(type),
    scope: described(z.nullable(text), 'Null: the whole run'),
    data: data[type],
  })

export const EVENT_TYPES = Object.keys(data) as EventType[]

export const event = z.union(EVENT_TYPES.map(envelope))
