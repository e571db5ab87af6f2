import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/lib/config/load.ts'
import { explain } from '../../../src/lib/runtime/explain.ts'

const FILE = `
currentContext: production
contexts:
  production:
    octavia: { cloud: nyah }
    aws: { region: ap-northeast-1, profile: production }
    networks:
      internal: { vpcId: vpc-0a1b, scheme: internal, subnets: [subnet-0a, subnet-0c], routableCidrs: [10.0.0.0/8] }
      public: { vpcId: vpc-0a1b, scheme: internet-facing, subnets: [subnet-1a, subnet-1c] }
    mirrors:
      5f0c7c1e-0001-4000-8000-000000000001: { network: public, addresses: { subnet-1a: eipalloc-1 }, hostnames: [shop.example.jp] }
      5f0c7c1e-0001-4000-8000-000000000002: { weights: target-groups }
    certificates:
      00000000-0000-4000-8000-00000000c0c0: arn:aws:acm:ap-northeast-1:111122223333:certificate/1a2b
      https://barbican.example.jp/v1/containers/b: arn:aws-cn:iam::111122223333:server-certificate/b
    dns: { steadyWeights: { octavia: 90, aws: 10 } }
    kubernetes: { kubeconfig: ~/.kube/config, context: control-plane }
    gates: { prometheus: "http://prometheus:9090/metrics" }
  rehearsal: { sandbox: true }
`

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nyah-config-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const load = (given: Partial<Parameters<typeof loadConfig>[0]> = {}) =>
  loadConfig({ file: null, context: null, cwd: folder, env: {}, ...given })

describe('loadConfig', () => {
  it('reads the documented shape whole', async () => {
    writeFileSync(join(folder, 'nyah.config.yaml'), FILE)
    const loaded = await load()
    expect(loaded.contextName).toBe('production')
    expect(loaded.contextFrom).toBe('currentContext')
    expect(loaded.context.networks?.['internal']?.routableCidrs).toEqual(['10.0.0.0/8'])
    expect(loaded.contexts).toEqual(['production', 'rehearsal'])
    expect(loaded.context.mirrors?.['5f0c7c1e-0001-4000-8000-000000000002']?.weights).toBe('target-groups')
    expect(Object.keys(loaded.context.certificates ?? {})).toEqual([
      '00000000-0000-4000-8000-00000000c0c0',
      'https://barbican.example.jp/v1/containers/b',
    ])
  })

  it.each([
    ['nyah.config.json', JSON.stringify({ contexts: { a: {} } })],
    ['.nyahrc', 'contexts: { a: {} }'],
    ['package.json', JSON.stringify({ name: 'x', nyah: { contexts: { a: {} } } })],
  ])('finds %s', async (name, text) => {
    writeFileSync(join(folder, name), text)
    expect((await load()).contextName).toBe('a')
  })

  it('looks in the folders above', async () => {
    writeFileSync(join(folder, 'nyah.config.yaml'), FILE)
    const below = join(folder, 'a', 'b')
    mkdirSync(below, { recursive: true })
    expect((await load({ cwd: below })).file).toBe(join(folder, 'nyah.config.yaml'))
  })

  it('lets the context be chosen, and names those there are when it is unknown', async () => {
    writeFileSync(join(folder, 'nyah.config.yaml'), FILE)
    expect((await load({ context: 'rehearsal' })).context.sandbox).toBe(true)
    await expect(load({ context: 'prod' })).rejects.toMatchObject({
      code: 'CONFIG_CONTEXT_UNKNOWN',
      exit: 3,
      message: expect.stringContaining('production, rehearsal'),
    })
  })

  it('demands a choice when several contexts leave it open', async () => {
    writeFileSync(join(folder, 'nyah.config.yaml'), 'contexts: { a: {}, b: {} }')
    await expect(load()).rejects.toMatchObject({ code: 'CONFIG_CONTEXT_MISSING', exit: 3 })
  })

  it('takes NYAH_* over the file, and says so', async () => {
    writeFileSync(join(folder, 'nyah.config.yaml'), FILE)
    const loaded = await load({ env: { NYAH_AWS_REGION: 'eu-central-1', NYAH_AWS_PROFILE: '' } })
    expect(loaded.context.aws).toEqual({ region: 'eu-central-1', profile: 'production' })
    expect(explain(loaded)).toContainEqual({ path: 'aws.region', value: 'eu-central-1', from: 'NYAH_AWS_REGION' })
    expect(explain(loaded)).toContainEqual({
      path: 'gates.prometheus',
      value: 'http://prometheus:9090/metrics',
      from: loaded.file,
    })
    expect(explain(loaded)).toContainEqual({ path: 'aws.profile', value: 'production', from: loaded.file })
  })

  it('passes what the environment says through the same door', async () => {
    writeFileSync(join(folder, 'nyah.config.yaml'), FILE)
    await expect(load({ env: { NYAH_AWS_ENDPOINT_URL: 'localhost' } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    })
  })

  it.each([
    ['an unknown key', 'contexts: { a: { octvia: {} } }', 'contexts.a: unknown key octvia'],
    [
      'a wrong CIDR',
      'contexts: { a: { networks: { n: { vpcId: vpc-1, scheme: internal, subnets: [subnet-1], routableCidrs: [ten] } } } }',
      'CIDR',
    ],
    [
      'a wrong scheme',
      'contexts: { a: { networks: { n: { vpcId: vpc-1, scheme: inside, subnets: [subnet-1] } } } }',
      'contexts.a.networks.n.scheme',
    ],
    [
      'a mirror that is no UUID',
      'contexts: { a: { mirrors: { shop-web: { network: public } } } }',
      "contexts.a.mirrors.shop-web: must be a load balancer's UUID",
    ],
    [
      'a UUID that would match nothing',
      'contexts: { a: { mirrors: { 5F0C7C1E-0001-4000-8000-000000000001: { network: public } } } }',
      'in lower case',
    ],
    [
      'a hostname with a path',
      'contexts: { a: { mirrors: { 5f0c7c1e-0001-4000-8000-000000000001: { hostnames: [shop.example.jp/cart] } } } }',
      'must be a name like shop.example.jp',
    ],
    [
      'a way of keeping weights that is none',
      'contexts: { a: { mirrors: { 5f0c7c1e-0001-4000-8000-000000000001: { weights: some } } } }',
      'weights',
    ],
    [
      'a certificate that is no ARN of one',
      'contexts: { a: { certificates: { c0c0: arn:aws:iam::111122223333:role/x } } }',
      'contexts.a.certificates.c0c0: must be the ARN of a certificate in ACM or IAM',
    ],
    ['a context with the name of the sandbox that is none', 'contexts: { sandbox: {} }', 'kept for --sandbox'],
    [
      'a way of failing over that is not built',
      'contexts: { a: { failover: { arc: { cluster: "arn:aws:route53-recovery-control::1:cluster/x" } } } }',
      'contexts.a.failover.arc: this nyah does not engage routing controls of ARC yet',
    ],
    [
      'a gate that is not built',
      'contexts: { a: { gates: { alertmanager: "http://alertmanager:9093" } } }',
      'contexts.a.gates.alertmanager: this nyah does not ask Alertmanager yet',
    ],
    ...['prometheus:9090', 'http://user:secret@prometheus:9090', 'http://prometheus:9090/?a=b', 'ftp://prometheus'].map(
      (url): [string, string, string] => [
        `a Prometheus that is not at ${url}`,
        `contexts: { a: { gates: { prometheus: "${url}" } } }`,
        'contexts.a.gates.prometheus: must be a URL like http://prometheus:9090, no user in it',
      ],
    ),
    ['broken YAML', 'contexts: [', 'nyah.config.yaml'],
    ['no contexts', '{}', 'contexts'],
  ])('names %s', async (_what, text, needle) => {
    writeFileSync(join(folder, 'nyah.config.yaml'), text)
    await expect(load()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      exit: 3,
      message: expect.stringContaining(needle),
    })
  })

  it('refuses an alias bomb', async () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
    for (let level = 1; level < 9; level += 1)
      lines.push(
        `a${level}: &a${level} [${Array(10)
          .fill(`*a${level - 1}`)
          .join(', ')}]`,
      )
    writeFileSync(join(folder, 'nyah.config.yaml'), lines.join('\n'))
    await expect(load()).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })

  it('never runs code: neither one it finds nor one it is pointed at', async () => {
    const trap = 'globalThis.nyahRanCode = true; module.exports = { contexts: { a: {} } }'
    for (const name of ['nyah.config.js', 'nyah.config.cjs', '.nyahrc.js']) writeFileSync(join(folder, name), trap)
    await expect(load()).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' })
    await expect(load({ file: join(folder, 'nyah.config.cjs') })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    expect('nyahRanCode' in globalThis).toBe(false)
  })

  it('says what to do when there is none', async () => {
    await expect(load()).rejects.toMatchObject({
      code: 'CONFIG_NOT_FOUND',
      exit: 3,
      tries: expect.arrayContaining(['nyah init']),
    })
    await expect(load({ file: join(folder, 'nope.yaml') })).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' })
  })
})
