import { describe, expect, it } from 'vitest'
import { partsOf } from '../../../src/lib/render/commands.ts'
import { tryLines } from '../../../src/lib/render/findings.ts'
import { markdownAdvice } from '../../../src/lib/render/markdown-report.ts'
import { plainPaint } from '../../../src/lib/render/paint.ts'

const ID = '5f0c7c1e-0000-4000-8000-000000000001'
const commands = (text: string): readonly string[] => partsOf(text).flatMap((one) => (one.command ? [one.text] : []))

describe('commands in advice', () => {
  it.each([
    [`Wait, then: nyah lb sync ${ID}`, [`nyah lb sync ${ID}`]],
    [
      `If so: nyah lb retarget ${ID} NEW --context staging; else: nyah lb unmirror ${ID}; else look`,
      [`nyah lb retarget ${ID} NEW --context staging`, `nyah lb unmirror ${ID}`],
    ],
    [
      `Nothing to do but run nyah lb sync ${ID} again then; or: nyah lb sync ${ID} --allow LB_X --reason "…" --config 'my file.yaml'`,
      [`nyah lb sync ${ID}`, `nyah lb sync ${ID} --allow LB_X --reason "…" --config 'my file.yaml'`],
    ],
    [`Repair it (openstack loadbalancer failover ${ID}), then try again`, [`openstack loadbalancer failover ${ID}`]],
    [
      "Look at Octavia (openstack loadbalancer list) and at nyah's credentials (nyah doctor)",
      ['openstack loadbalancer list', 'nyah doctor'],
    ],
    ['Try openstack token issue with the same credentials', ['openstack token issue']],
    [
      'aws ec2 describe-subnets --filters Name=vpc-id,Values=vpc-1, then',
      ['aws ec2 describe-subnets --filters Name=vpc-id,Values=vpc-1'],
    ],
    ['openstack loadbalancer set --name x web-check', ['openstack loadbalancer set --name x web-check']],
    ['nyah does not read Neutron, and nyah leaves it alone', []],
  ])('%s', (text, expected) => {
    expect(commands(text)).toEqual(expected)
    expect(
      partsOf(text)
        .map((one) => one.text)
        .join(''),
    ).toBe(text)
  })

  it('are never broken, however narrow the terminal', () => {
    const command = `nyah lb sync ${ID} --allow LB_SOURCE_SUSPICIOUS --reason "…" --context staging`
    for (let width = 20; width < 140; width++) {
      const lines = tryLines(
        '  ',
        [`Look at it first; if it is as you want it: ${command}; or wait`],
        width,
        plainPaint,
      )
      expect(lines.filter((line) => line.includes(command))).toHaveLength(1)
    }
  })

  it('are code in markdown, and prose is not', () => {
    expect(markdownAdvice(`Wait, then: nyah lb sync ${ID}`)).toBe(`Wait, then: \`nyah lb sync ${ID}\``)
    expect(markdownAdvice('Add their range')).toBe('Add their range')
  })
})
