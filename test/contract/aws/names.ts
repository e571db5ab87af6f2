import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as chain from '../../../src/lib/adapters/aws/credentials.sdk.ts'
import { createHealthChecks } from '../../../src/lib/adapters/aws/health-checks.ts'
import { createRecordSets } from '../../../src/lib/adapters/aws/record-sets.ts'
import { createSession } from '../../../src/lib/adapters/aws/session.ts'
import * as sts from '../../../src/lib/adapters/aws/sts.sdk.ts'
import { createSwitch } from '../../../src/lib/adapters/aws/switch.ts'
import type { Dns, RecordSet } from '../../../src/lib/ports/dns.ts'
import type { HealthChecks } from '../../../src/lib/ports/health-checks.ts'
import type { SwitchObjects } from '../../../src/lib/ports/switch.ts'
import { batchesContract } from './names-batches.ts'
import { healthChecksContract } from './names-checks.ts'
import { recordsContract } from './names-records.ts'
import type { NamesBench, Parts } from './names-stage.ts'
import { strictly } from './strict.ts'

/** The Dns, HealthChecks and SwitchObjects ports over the wire. `lenient` is moto: a store that judges little. */
export function namesContract(title: string, lenient: boolean, open: () => Promise<NamesBench>): void {
  describe(`names contract: ${title}`, () => {
    let bench: NamesBench
    let dns: Dns
    let checks: HealthChecks
    let switches: SwitchObjects

    beforeAll(async () => {
      bench = await open()
      const { clock, region } = bench
      const env = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', HOME: '/nonexistent', ...bench.env }
      const session = createSession({ region, env }, clock, {
        chain: () => Promise.resolve(chain),
        sts: () => Promise.resolve(sts),
      })
      const deps = { session, clock, retry: <T>(_what: string, call: () => Promise<T>) => call() }
      dns = createRecordSets(deps)
      checks = createHealthChecks(deps)
      switches = createSwitch(deps)
    })
    afterAll(() => bench.close())

    const change = (action: 'CREATE' | 'DELETE', records: readonly RecordSet[]) =>
      dns.change(
        bench.zone.id,
        records.map((one) => ({ action, record: one })),
        'a test',
      )
    const strict = strictly(lenient)
    const parts: Parts = {
      strict,
      bench: () => bench,
      dns: () => dns,
      checks: () => checks,
      switches: () => switches,
      at: (label) => `${label}.${bench.zone.name}`,
      create: (...records) => change('CREATE', records),
      remove: (...records) => change('DELETE', records),
    }
    recordsContract(parts)
    batchesContract(parts)
    healthChecksContract(parts)
    switchContract(parts)
  })
}

function switchContract({ bench, switches }: Parts): void {
  describe('the object of a switch', () => {
    it('is written and deleted in its own Region, twice without harm', async () => {
      const { place } = bench()
      expect(await switches().engaged(place)).toBe(false)
      await switches().engage(place, 'a test')
      await switches().engage(place, 'a test')
      expect(await switches().engaged(place)).toBe(true)
      await switches().disengage(place)
      await switches().disengage(place)
      expect(await switches().engaged(place)).toBe(false)
    })

    it('in a bucket that is not there cannot be written', async () => {
      const place = { ...bench().place, bucket: 'nyah-nobodys-bucket' }
      await expect(switches().engage(place, 'a test')).rejects.toMatchObject({ code: 'AWS_NOT_FOUND' })
    })
  })
}
