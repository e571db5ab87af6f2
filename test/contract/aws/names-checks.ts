import { afterAll, describe, expect, it } from 'vitest'
import type { CheckSpec } from '../../../src/lib/ports/health-checks.ts'
import type { Parts } from './names-stage.ts'

const spec: CheckSpec = {
  type: 'HTTP',
  address: '203.0.113.7',
  port: 80,
  host: 'shop.nyah-test.example',
  path: '/healthz',
  search: null,
  intervalSeconds: 30,
  failureThreshold: 3,
  inverted: false,
  children: [],
  threshold: null,
  tags: { 'nyah:managed': 'true', Name: 'shop' },
}

/** Health checks with their tags. */
export function healthChecksContract({ strict, checks }: Parts): void {
  /** References are never used twice, so that a server that goes on living can be asked again. */
  const reference = (label: string) => `${label}-${Date.now().toString(36)}`
  const made: string[] = []
  const create = async (label: string, asked: CheckSpec = spec): Promise<string> => {
    const { id } = await checks().create(reference(label), asked)
    made.push(id)
    return id
  }

  describe('health checks', () => {
    afterAll(async () => {
      for (const id of made) await checks().delete(id)
    })

    it.each<[string, Partial<CheckSpec>]>([
      ['of a path', {}],
      ['of a port', { type: 'TCP', port: 443, host: null, path: null }],
      ['of a word in a page', { type: 'HTTPS_STR_MATCH', port: 443, search: 'ok' }],
      ['inverted, of the quick kind', { intervalSeconds: 10, failureThreshold: 1, inverted: true }],
    ])('one %s is read as it was made, with its tags', async (_what, part) => {
      const asked = { ...spec, ...part }
      const id = await create('read', asked)
      expect(await checks().read([id])).toEqual([{ ...asked, id, version: 1, otherType: null, disabled: false }])
      expect((await checks().list()).some((one) => one.id === id)).toBe(true)
    })

    it('one that counts others has them, and how many must be healthy', async () => {
      const children = [await create('child'), await create('child-2')]
      const counting: CheckSpec = {
        ...spec,
        type: 'CALCULATED',
        address: null,
        port: null,
        host: null,
        path: null,
        children,
        threshold: 2,
      }
      const id = await create('counting', counting)
      const [read] = await checks().read([id])
      expect(read).toMatchObject({ type: 'CALCULATED', threshold: 2, tags: spec.tags })
      expect(read?.children.toSorted()).toEqual(children.toSorted())
      await checks().delete(id)
    })

    strict('one reference makes one check, however often it is sent', 'each call makes another', async () => {
      const once = reference('once')
      const { id } = await checks().create(once, spec)
      const again = await checks().create(once, spec)
      made.push(id, again.id)
      expect(again).toEqual({ id })
      await expect(checks().create(once, { ...spec, port: 81 })).rejects.toMatchObject({ code: 'AWS_ALREADY_EXISTS' })
    })

    it('an update changes what it names', async () => {
      const id = await create('changed')
      await checks().update(id, 1, { ...spec, path: '/ready', failureThreshold: 5 })
      expect((await checks().read([id]))[0]).toMatchObject({ path: '/ready', failureThreshold: 5, host: spec.host })
    })

    strict('an update takes fields away', 'ResetElements are not looked at', async () => {
      const id = await create('reset')
      await checks().update(id, 1, { ...spec, host: null, path: null })
      expect((await checks().read([id]))[0]).toMatchObject({ host: null, path: null })
    })

    strict('an update names the version it changes (compare and swap)', 'the version stays 1', async () => {
      const id = await create('version')
      await checks().update(id, 1, { ...spec, path: '/a' })
      expect((await checks().read([id]))[0]).toMatchObject({ version: 2 })
      await expect(checks().update(id, 1, spec)).rejects.toMatchObject({ code: 'AWS_CONFLICT', retryable: false })
    })

    it('what the checkers see is told, by how many of them', async () => {
      const { verdict, checkers } = await checks().status(await create('status'))
      expect(verdict).toBe('healthy')
      expect(checkers).toBeGreaterThan(0)
    })

    strict('no checker reaches a private address', 'any address is taken', async () => {
      await expect(create('private', { ...spec, address: '10.20.0.5' })).rejects.toMatchObject({ code: 'AWS_INVALID' })
    })

    it('deleting one that is gone succeeds', async () => {
      const { id } = await checks().create(reference('gone'), spec)
      await checks().delete(id)
      expect(await checks().read([id])).toEqual([])
      await expect(checks().delete(id)).resolves.toBeUndefined()
    })
  })
}
