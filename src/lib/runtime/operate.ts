import { userInfo } from 'node:os'
import { realClock } from '../adapters/host/clock.ts'
import { createStore } from '../adapters/host/store.ts'
import { lasts } from '../core/allow.ts'
import { parseDuration } from '../core/duration.ts'
import { EXIT, type ExitCode, errorData, nyahError } from '../core/errors.ts'
import type { Emit } from '../core/events.ts'
import type { Allowance, Request } from '../core/plan.ts'
import { makeDeadline } from '../engine/deadline.ts'
import { endedBy } from '../engine/ending.ts'
import { type Emitter, makeEmitter } from '../engine/emitter.ts'
import { interruption } from '../engine/interrupt.ts'
import { makeRetry } from '../engine/retry.ts'
import type { RunOptions, RunResult } from '../engine/terms.ts'
import { newRunId } from '../engine/run-id.ts'
import { type Aim, aimError, aimEvent, aimPlan, aimText, shellWord } from '../render/aim.ts'
import type { Where } from '../lb/where.ts'
import { escapeText } from '../render/escape.ts'
import { tryLines } from '../render/findings.ts'
import { choosePaint } from '../render/paint.ts'
import { askConsent } from './ask.ts'
import { argumentsOf } from './choose.ts'
import type { MutatingFlags } from './flags.ts'
import type { Io } from './io.ts'
import { openContext, type Opened } from './open.ts'
import type { Errand } from './errand.ts'
import { bindOperation, type Bound } from './operations.ts'
import { chooseOutput } from './output.ts'
import { packageVersion } from './package.ts'
import { interruptible } from './signals.ts'

/** Carries out an errand and prints it. Returns the exit code; throws only what happens before a run begins. */
export async function operate(io: Io, flags: MutatingFlags, errand: Errand): Promise<ExitCode> {
  const allowances = [...(errand.allowances ?? []), ...allowancesOf(flags)]
  const timeoutMs = parseDuration(flags.timeout, '--timeout')
  const clock = realClock()
  const { signal, release } = interruptible()
  const aim: Aim = { config: flags.config, ...contextFlag(flags, errand) }
  const begin = async () => {
    const output = await chooseOutput(io, flags, clock)
    const run = newRunId(clock.now(), Math.random)
    return { output, run, emitter: makeEmitter({ clock, run, sinks: [output.sink] }) }
  }
  let { output, run, emitter } = await begin()
  const emit: Emit = (type, scope, data) => emitter.emit(type, scope, aimEvent(data, aim))
  const deadline = makeDeadline(clock, timeoutMs)
  const retry = makeRetry({ clock, random: Math.random, deadline, emit, signal })
  let opened: Opened | null = null
  try {
    if (flags['plan-out'] !== undefined) await checkPlanFile(flags['plan-out'])
    opened = await openContext(
      io,
      { ...flags, ...contextFlag(flags, errand) },
      { clock, retry, callMs: callMsOf(errand, timeoutMs) },
    )
    if (errand.where !== undefined) await demandPlace(errand.where, errand.resumes ?? '', opened, signal)
    const request: Request = {
      operation: errand.operation,
      arguments: await argumentsOf(errand, opened, signal),
      allowances,
      context: opened.name,
    }
    const bound = await bindOperation(request, opened)
    const options = optionsOf(io, flags, errand, timeoutMs)
    const carryOut = (its: Bound, asked: Request, how: RunOptions): Promise<RunResult> =>
      its.run(asked, how, {
        run,
        nyah: packageVersion(),
        clock,
        store: createStore({ stateDir: io.stateDir }),
        emit,
        attach: emitter.attach,
        ask: (plan, confirmId) => askConsent(plan, confirmId, choosePaint(io.colour.stderr), signal),
        random: Math.random,
        deadline,
        signal,
      })
    const result = await carryOut(bound, request, options)
    if (flags['plan-out'] !== undefined) await savePlan(flags['plan-out'], result, aim, output.say)
    const ended = { run, result: aimed(result, aim), told: bound.tell(result.result) }
    // One question, one yes: whoever was not asked yet is asked by the run that follows.
    const isAgreed = emitter.events.some(({ type }) => type === 'plan.confirmed')
    const following = bound.next?.after(result) ?? null
    if (following !== null) {
      const first = output.pause(ended)
      ;({ output, run, emitter } = await begin())
      const second = await bindOperation(following, opened)
      const how: RunOptions = { ...options, saved: null, resumes: null, ...(isAgreed && { consent: 'yes' }) }
      const last = await carryOut(second, following, how)
      return output.finish(first, { run, result: aimed(last, aim), told: second.tell(last.result) })
    }
    const exitCode = output.finish(ended)
    if (bound.next !== undefined && options.mode === 'apply' && (isAgreed || exitCode === EXIT.ok))
      output.say(unattachedText(bound.next.names))
    if (!flags.json && flags.output === 'text') output.say(overruleText(result, options, io))
    if (request.operation.startsWith('failover.') && options.mode === 'apply') {
      const [{ byHandText, waysText }, { leftText }] = await Promise.all([
        import('./failover-by-hand.ts'),
        import('./failover-report.ts'),
      ])
      output.say(leftText({ request, outcome: result.outcome, result: result.result }, run))
      const { actor: by, reason } = options
      if (!flags.json && flags.output === 'text') output.say(waysText({ plan: result.plan, events: emitter.events }))
      output.say(
        await byHandText(io, {
          request,
          plan: result.plan,
          events: emitter.events,
          run,
          actor: by,
          reason: reason ?? '',
        }),
      )
    }
    return exitCode
  } catch (error) {
    // A library's own word for an aborted signal is no bug.
    const thrown = signal.aborted ? interruption(signal) : error
    if (flags.json || flags.output !== 'ndjson') throw thrown
    return endStream(emitter, emit, thrown, { errand, allowances, actor: actor(io), reason: flags.reason ?? null })
  } finally {
    output.stop()
    await opened?.close()
    release()
  }
}

/** Names that wait for their mirror. */
const unattachedText = (names: readonly string[]): string =>
  `Not attached: ${names.map(escapeText).join(', ')}. Once the mirror is healthy, the same command again (without --no-wait) does it.\n`

/** Whoever reads a stream reads on until `run.finished`: also when there was no run yet. What is said stands on stderr too. */
function endStream(
  { events }: Emitter,
  emit: Emit,
  thrown: unknown,
  asked: { errand: Errand; allowances: readonly Allowance[]; actor: string; reason: string | null },
): ExitCode {
  const { errand, allowances, actor: by, reason } = asked
  const { outcome, exitCode, error } = endedBy(thrown)
  if (!events.some(({ type }) => type === 'run.started')) {
    const { operation, names, former, selectors, context = '' } = errand
    const words = former === undefined ? names : [former, ...names]
    const request = {
      operation,
      // What nobody could look up yet.
      arguments: { ...errand.arguments, names: words, ...(selectors && { selectors: { ...selectors } }) },
      allowances,
      context,
    }
    const resumes = errand.resumes ?? null
    emit('run.started', null, { request, actor: by, reason, nyah: packageVersion(), resumes })
  }
  emit('run.error', null, { error: error ?? errorData(thrown) })
  emit('run.finished', null, { outcome, exitCode, result: null })
  return exitCode
}

/** While users wait, an answer that takes this long is asked for again. */
const FAILOVER_CALL_MS = 10_000

const callMsOf = ({ operation }: Errand, timeoutMs: number): number =>
  operation.startsWith('failover.') ? Math.min(FAILOVER_CALL_MS, timeoutMs) : timeoutMs

const contextFlag = (flags: MutatingFlags, errand: Errand): { context: string | undefined; sandbox: boolean } => {
  // A plan made on the sandbox without a configuration file is named by the context `sandbox`.
  const name = errand.context ?? flags.context
  return { context: name, sandbox: flags.sandbox || (errand.context === 'sandbox' && flags.config === undefined) }
}

const aimed = (result: RunResult, aim: Aim): RunResult => ({
  ...result,
  plan: result.plan === null ? null : aimPlan(result.plan, aim),
  error: result.error === null ? null : aimError(result.error, aim),
})

/** What holds a part and can be overruled: the command that does it. (A refusal's error has its own.) */
function overruleText({ plan, outcome }: RunResult, { command, saved }: RunOptions, io: Io): string {
  const isHeld = outcome === 'held' || outcome === 'planned'
  if (plan === null || !isHeld || saved !== null || plan.request.operation === 'lb.diff') return ''
  const holds = plan.findings.filter((one) => one.severity === 'hold' && lasts(one))
  const codes = [...new Set(holds.filter(({ allowable }) => allowable).map(({ code }) => code))]
  if (codes.length === 0 || command === undefined) return ''
  const text = `${command} ${codes.map((code) => `--allow ${code}`).join(' ')} --reason "…"`
  const lines = tryLines('', [text], io.width, choosePaint(io.colour.stderr))
  return `${['Not held back, if you are sure:', ...lines].join('\n')}\n`
}

function allowancesOf(flags: MutatingFlags): readonly Allowance[] {
  const codes = flags.allow ?? []
  if (codes.length > 0 && (flags.reason ?? '').trim() === '')
    throw nyahError({
      code: 'USAGE',
      message: '--allow needs --reason: whoever reads the journal wants to know why a guard was overruled',
      exit: EXIT.usage,
      tries: [`${commandLine()} --reason "…"`],
    })
  return codes.map((code) => ({ code, reason: flags.reason ?? '' }))
}

function optionsOf(io: Io, flags: MutatingFlags, errand: Errand, timeoutMs: number): RunOptions {
  const planOnly = flags.plan || flags['plan-out'] !== undefined
  return {
    mode: planOnly ? 'plan' : 'apply',
    detailedExitcode: flags['detailed-exitcode'],
    consent: flags.yes ? 'yes' : io.interactive ? 'ask' : 'none',
    terminal: io.interactive,
    confirmed: flags.confirm ?? null,
    timeoutMs,
    parallel: flags.parallel,
    actor: actor(io),
    reason: flags.reason ?? null,
    resumes: errand.resumes ?? null,
    saved: errand.saved ?? null,
    command: commandLine(),
  }
}

/** What the operator typed. */
export const commandLine = (): string => ['nyah', ...process.argv.slice(2)].map(shellWord).join(' ')

/** Who runs it: `NYAH_ACTOR` where a CI knows better, else the user of this machine. */
export function actor(io: Io): string {
  const own = io.env['NYAH_ACTOR'] ?? ''
  if (own !== '') return own
  const host = io.env['HOSTNAME'] ?? ''
  try {
    return host === '' ? userInfo().username : `${userInfo().username}@${host}`
  } catch {
    return io.env['USER'] ?? 'unknown'
  }
}

/** A context may mean another account by now, or have other credentials here. Throws RUN_OTHER_ACCOUNT (exit 3). */
async function demandPlace(where: Where, run: string, opened: Opened, signal: AbortSignal): Promise<void> {
  const { account, region } = await (await opened.mirrors()).check(signal)
  if (account === where.account && region === where.region) return
  throw nyahError({
    code: 'RUN_OTHER_ACCOUNT',
    message: `run ${run} wrote to account ${where.account} in ${where.region}; context ${opened.name} is account ${account} in ${region} now`,
    exit: EXIT.configuration,
    tries: ['use the credentials and the configuration of that run', 'nyah config explain'],
  })
}

async function checkPlanFile(file: string): Promise<void> {
  const plans = await import('../adapters/host/plans.ts')
  plans.checkPlanFile(file)
}

async function savePlan(file: string, { plan }: RunResult, aim: Aim, say: (text: string) => void): Promise<void> {
  if (plan === null) return
  const { writePlan } = await import('../adapters/host/plans.ts')
  writePlan(file, plan)
  say(`plan saved: ${escapeText(file)}\nTry: ${escapeText(aimText(`nyah plan apply ${shellWord(file)}`, aim))}\n`)
}
