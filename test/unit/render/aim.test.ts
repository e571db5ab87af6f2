import { describe, expect, it } from 'vitest'
import { aimEvent, aimText } from '../../../src/lib/render/aim.ts'
import { errorData, nyahError } from '../../../src/lib/core/errors.ts'

const ID = '5f0c7c1e-0000-4000-8000-000000000001'
const nowhere = { sandbox: false, context: undefined, config: undefined }
const staging = { ...nowhere, context: 'staging', config: 'my clouds.yaml' }
const sandbox = { ...nowhere, sandbox: true }

describe('a hint goes where the command went', () => {
  it.each([
    [`nyah lb diff ${ID}`, `nyah lb diff ${ID} --context staging --config 'my clouds.yaml'`],
    [`Wait, then: nyah lb sync ${ID}`, `Wait, then: nyah lb sync ${ID} --context staging --config 'my clouds.yaml'`],
    [
      `nyah lb unmirror ${ID}, then nyah lb mirror ${ID}`,
      `nyah lb unmirror ${ID} --context staging --config 'my clouds.yaml', then nyah lb mirror ${ID} --context staging --config 'my clouds.yaml'`,
    ],
    [
      `nyah lb retarget ${ID} NEW; else`,
      `nyah lb retarget ${ID} NEW --context staging --config 'my clouds.yaml'; else`,
    ],
    [`nyah lb retarget ${ID} ${ID}`, `nyah lb retarget ${ID} ${ID} --context staging --config 'my clouds.yaml'`],
    ['nyah lb list', "nyah lb list --context staging --config 'my clouds.yaml'"],
    ['nyah run resume m3k9', "nyah run resume m3k9 --config 'my clouds.yaml'"],
    ['nyah run show m3k9', 'nyah run show m3k9'],
    ['nyah init', 'nyah init'],
    [
      `nyah lb mirror ${ID} --allow X --reason "…"`,
      `nyah lb mirror ${ID} --allow X --reason "…" --context staging --config 'my clouds.yaml'`,
    ],
    ['nyah lb mirror --all', "nyah lb mirror --all --context staging --config 'my clouds.yaml'"],
    [
      `nyah lb sync ${ID} --timeout 2s --yes`,
      `nyah lb sync ${ID} --context staging --config 'my clouds.yaml' --timeout 2s --yes`,
    ],
    [`nyah lb sync shop --context production --yes`, `nyah lb sync shop --context production --yes`],
    [`nyah lb sync shop --sandbox`, `nyah lb sync shop --sandbox`],
    ['openstack token issue', 'openstack token issue'],
  ])('%s', (text, aimed) => {
    expect(aimText(text, staging)).toBe(aimed)
    expect(aimText(text, nowhere)).toBe(text)
  })

  it('the sandbox, whatever else was said: no file is read there', () => {
    expect(aimText(`nyah lb diff ${ID}`, { ...staging, sandbox: true })).toBe(`nyah lb diff ${ID} --sandbox`)
    expect(aimText('nyah run resume m3k9', { ...staging, sandbox: true })).toBe('nyah run resume m3k9')
  })

  it('in an event, and nothing else of it', () => {
    const error = errorData(nyahError({ code: 'LB_X', message: 'nyah lb list', exit: 2, tries: ['nyah lb list'] }))
    expect(aimEvent<'run.error'>({ error }, sandbox)).toEqual({
      error: { ...error, tries: ['nyah lb list --sandbox'] },
    })
    expect(aimEvent<'observe.started'>({ pass: 1 }, sandbox)).toEqual({ pass: 1 })
  })
})
