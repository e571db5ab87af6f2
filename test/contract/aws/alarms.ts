import { describe, expect, it } from 'vitest'
import type { Stage } from './stage.ts'

/** Alarms of CloudWatch, by name: what a rehearsal may be given up on. */
export function alarmsContract(aws: Stage): void {
  const { signal } = new AbortController()
  const judge = (name: string, region: string | null = null) =>
    aws.alarms({ kind: 'alarm', name: `nyah ${aws.bench.stamp}: ${name}`, region }, signal)
  const put = (name: string, state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA') =>
    aws.bench.alarm(`nyah ${aws.bench.stamp}: ${name}`, state)

  describe('alarms', () => {
    it.each([
      ['OK', 'fine'],
      ['ALARM', 'broken'],
      ['INSUFFICIENT_DATA', 'missing'],
    ] as const)('in %s are %s', async (state, verdict) => {
      await put('a > 5 %', state)
      await put('another', state === 'OK' ? 'ALARM' : 'OK')
      expect(await judge('a > 5 %')).toMatchObject({
        state: verdict,
        detail: expect.stringMatching(new RegExp(`^${state}`)),
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      })
    })

    it('that are not there, or elsewhere, are missing', async () => {
      await put('here', 'OK')
      expect(await judge('her')).toEqual({
        state: 'missing',
        detail: `there is no such alarm in ${aws.bench.region}`,
        at: null,
      })
      expect(await judge('here', 'eu-west-3')).toMatchObject({ detail: 'there is no such alarm in eu-west-3' })
      expect(await judge('here', aws.bench.region)).toMatchObject({ state: 'fine' })
    })
  })
}
