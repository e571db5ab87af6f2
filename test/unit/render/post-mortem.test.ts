import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EXIT, errorData, nyahError } from '../../../src/lib/core/errors.ts'
import type { NyahEvent } from '../../../src/lib/core/events.ts'
import { renderPostMortem } from '../../../src/lib/render/post-mortem.ts'
import { hostile, OURS, poison, UNSAFE } from './evil.ts'
import { golden } from './golden.ts'
import { brokenRun, change, finding, mirrorRun, plan, stream, walkRun } from './samples.ts'

const names = Array.from({ length: 30 }, (_, at) => `app-${at}.example.jp`)
const moved = plan({
  request: {
    operation: 'failover.to',
    arguments: { all: true, side: 'aws', percent: 100 },
    allowances: [{ code: 'DNS_SIDE_UNHEALTHY', reason: 'INC-4711 the checks are wrong' }],
    context: 'production',
  },
  scopes: names,
  names: {},
  changes: names.map((name) =>
    change({
      scope: name,
      type: 'weighted-set',
      name,
      kind: 'shift',
      reason: 'octavia 90 %, aws 10 % → octavia 0 %, aws 100 %: failover to aws',
    }),
  ),
  findings: names.map((name) =>
    finding({
      code: 'DNS_SIDE_UNHEALTHY',
      severity: 'refuse',
      scope: name,
      subject: `${name} A`,
      evidence: 'aws is unhealthy: 0 of 3 targets healthy',
      allowed: { reason: 'INC-4711 the checks are wrong' },
    }),
  ),
})
const ids = moved.changes.map(({ id }) => id)
const [last = ''] = ids.slice(-1)
const throttled = errorData(
  nyahError({
    code: 'AWS_THROTTLED',
    message: 'route53:ChangeResourceRecordSets failed: Throttling: Rate exceeded',
    exit: EXIT.remote,
    retryable: true,
  }),
)
const overtaken = errorData(
  nyahError({
    code: 'DNS_OVERTAKEN',
    message:
      'app-29.example.jp was changed meanwhile by suzuki at 2026-11-22T21:03:12Z (INC-4711): nothing was done to it',
    exit: EXIT.stale,
    tries: ['nyah dns show app-29.example.jp', 'run the command again: it plans from what is there now'],
  }),
)

/** Everybody to AWS: throttled once, one name taken by somebody else, the rest waited for. */
const incident: readonly NyahEvent[] = stream(
  [
    0,
    'run.started',
    { request: moved.request, actor: 'tanaka@jump1', reason: 'INC-4711 | hall 2 <down>', nyah: '0.1.0', resumes: null },
  ],
  [0.2, 'observe.started', { pass: 1 }],
  [
    0.6,
    'read.retrying',
    { what: 'elasticloadbalancing:DescribeLoadBalancers', attempt: 1, delayMs: 500, error: throttled },
  ],
  [
    1.1,
    'read.retrying',
    { what: 'elasticloadbalancing:DescribeLoadBalancers', attempt: 2, delayMs: 900, error: throttled },
  ],
  [2.7, 'observe.finished', { pass: 1, ms: 2500 }],
  [2.7, 'plan.made', { plan: moved }],
  [5, 'plan.confirmed', { by: 'terminal' }],
  ...ids.map((id) => [5, 'change.started', { id, attempt: 1 }] as const),
  ...ids.map((id) => [5.4, 'change.retrying', { id, attempt: 1, delayMs: 600, error: throttled }] as const),
  ...ids.map((id) => [6, 'change.started', { id, attempt: 2 }] as const),
  ...ids
    .filter((id) => id !== last)
    .map((id) => [6.4, 'change.succeeded', { id, outputs: { changeId: 'C1' }, ms: 1400 }] as const),
  [6.5, 'change.failed', { id: last, error: overtaken }],
  [
    7,
    'verify.waiting',
    {
      waiting: names
        .slice(0, 29)
        .map((subject) => ({ subject, detail: 'change C1 is not on all name servers of Route 53 yet' })),
      deadlineAt: '2026-11-22T21:04:10.000Z',
    },
  ],
  [
    12,
    'verify.waiting',
    {
      waiting: names
        .slice(0, 29)
        .map((subject) => ({ subject, detail: 'change C1 is not on all name servers of Route 53 yet' })),
      deadlineAt: '2026-11-22T21:04:10.000Z',
    },
  ],
  [41, 'verify.finished', { healthy: true, waiting: [] }],
  [41, 'run.finished', { outcome: 'partly-applied', exitCode: EXIT.partial, result: null }],
)

const RUNS: Readonly<Record<string, readonly NyahEvent[]>> = {
  incident,
  mirror: mirrorRun,
  broken: brokenRun,
  walk: walkRun,
}

describe('a page for a post-mortem', () => {
  it.each(Object.keys(RUNS))('%s', async (name) => {
    await expect(renderPostMortem(RUNS[name] ?? [])).toMatchFileSnapshot(golden(`post-mortem-${name}.md.txt`))
  })

  it('of a run that was killed says so, wherever that was', () => {
    for (let length = 1; length < incident.length; length += 1) {
      const page = renderPostMortem(incident.slice(0, length))
      expect(page).toContain('not yet, or it was killed')
      expect(page).toContain('nyah run resume')
    }
  })

  it('lets nothing through that could pass for something else', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(RUNS)),
        fc.array(hostile, { minLength: 1, maxLength: 20 }),
        (events, texts) => {
          let turn = 0
          const keep = new Set([...OURS, 'at', 'type', 'by', 'outcome', 'why', 'deadlineAt', 'observedAt', 'untilAt'])
          const page = renderPostMortem(poison(events, () => texts[turn++ % texts.length] ?? '', keep))
          expect(page.replaceAll('\n', '')).not.toMatch(UNSAFE)
          // A table stays a table: no cell is opened or closed by a name.
          for (const row of page.split('\n').filter((line) => line.startsWith('| ')))
            expect([3, 4, 6]).toContain(row.split(/(?<!\\)\|/).length - 1)
        },
      ),
      { numRuns: 100 },
    )
  })
})
