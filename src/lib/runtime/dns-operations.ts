import { EXIT, nyahError } from '../core/errors.ts'
import { jsonText, type Json, type JsonObject } from '../core/json.ts'
import type { Request } from '../core/plan.ts'
import type { Weights } from '../dns/model.ts'
import type { DnsPorts, DnsSettings } from '../dns/operation.ts'
import { escapeText } from '../render/escape.ts'
import { attachOf, detachOf, shiftOf, weightOf } from './dns-request.ts'
import { floatingIpFinder } from './floating-ip.ts'
import { keepingCard } from './failover-card.ts'
import type { Bound } from './operations.ts'
import type { Opened } from './open.ts'

type Make = typeof import('../dns/operation.ts')
type Choose = (make: Make, run: Run, ports: DnsPorts) => (settings: DnsSettings) => Bound['run']
type Run = (typeof import('../engine/run.ts'))['run']

/** Binds `dns.attach`, `dns.weight`, `dns.shift` or `dns.detach`. A request that is not understood is refused before anything is read. */
export async function bindDns(request: Request, opened: Opened): Promise<Bound> {
  const { STEADY } = await import('../dns/model.ts')
  const choose = chosen(request, steadyOf(opened, STEADY))
  const [make, { run }, dns, checks, mirrors, resolver] = await Promise.all([
    import('../dns/operation.ts'),
    import('../engine/run.ts'),
    opened.names(),
    opened.checks(),
    opened.mirrors(),
    opened.resolver(),
  ])
  const zones = opened.context.dns?.zones ?? {}
  return {
    tell,
    run: async (each, options, deps) => {
      const enactor = { by: options.actor, why: options.reason ?? '', run: deps.run.slice(-4) }
      const kept = await keepingCard(dns, opened, deps.clock, deps.emit)
      return choose(make, run, { dns: kept, checks, mirrors, resolver, floatingIp: floatingIpFinder(opened) })({
        enactor,
        zones,
      })(each, options, deps)
    },
  }
}

function chosen({ operation, arguments: args }: Request, steady: Weights): Choose {
  if (operation === 'dns.attach') {
    const asked = attachOf(args, steady)
    return (make, run, ports) => (settings) => (request, options, deps) =>
      run(make.attachOperation(ports, settings, asked), request, options, deps)
  }
  if (operation === 'dns.weight') {
    const asked = weightOf(args)
    return (make, run, ports) => (settings) => (request, options, deps) =>
      run(make.weightOperation(ports, settings, asked), request, options, deps)
  }
  if (operation === 'dns.shift') {
    const asked = shiftOf(args)
    return (make, run, ports) => (settings) => (request, options, deps) =>
      run(make.shiftOperation(ports, settings, asked), request, options, deps)
  }
  const asked = detachOf(args)
  return (make, run, ports) => (settings) => (request, options, deps) =>
    run(make.detachOperation(ports, settings, asked), request, options, deps)
}

/** Of the configuration, as Route 53 takes them. Throws CONFIG_STEADY_WEIGHTS (3). */
export function steadyOf(opened: Opened, usual: Weights): Weights {
  const { octavia, aws } = opened.context.dns?.steadyWeights ?? usual
  const isWeight = (weight: number): boolean => Number.isInteger(weight) && weight >= 0 && weight <= 255
  if (isWeight(octavia) && isWeight(aws) && octavia + aws > 0) return { octavia, aws }
  throw nyahError({
    code: 'CONFIG_STEADY_WEIGHTS',
    message: `contexts.${opened.name}.dns.steadyWeights: octavia ${octavia} and aws ${aws} are no weights of Route 53 (whole numbers from 0 to 255, not both 0)`,
    exit: EXIT.configuration,
    tries: ['steadyWeights: { octavia: 90, aws: 10 }', 'nyah config explain'],
  })
}

/** `shop.example.jp A  octavia 90 %, aws 10 %`: where users of each name go. */
function tell(result: Json): string {
  const { names = [], nextStepInMs } = (result ?? {}) as { names?: readonly JsonObject[]; nextStepInMs?: Json }
  const due = Math.ceil(Number(nextStepInMs) / 1000)
  return names
    .flatMap(({ name, sets }) =>
      ((sets ?? []) as readonly JsonObject[]).map(({ type, shares, walking }) => {
        const { octavia, aws } = (shares ?? {}) as JsonObject
        const more = walking === true ? `; the next step is due in ${due} s` : ''
        return `${escapeText(jsonText(name ?? ''))} ${escapeText(jsonText(type ?? ''))}  octavia ${percent(octavia)}, aws ${percent(aws)}${more}\n`
      }),
    )
    .join('')
}

const percent = (share: Json | undefined): string => `${Math.round(Number(share) * 10) / 10} %`
