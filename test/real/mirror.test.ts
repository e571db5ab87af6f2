import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Arranged, arrange, hashOf as hash, keyed as tagsOf, NOTHING } from './arranged.ts'

/**
 * The main job on real servers: load balancers made in Octavia by HTTP, mirrored by the built `bin` into moto, looked
 * at with the aws command line. moto is a lenient store: that AWS would take all this is shown on the sandbox.
 */

let world: Arranged
let { aws, create, demand, home, lane, mirrorOf, octavia, run, subnets, targetsOf, vpc }: Arranged = {} as Arranged
let PREFIX = ''

/** How much of a plain name AWS's 32 characters leave room for. */
const slug = (name: string, length: number): string => name.slice(0, length).replace(/-$/, '')

const onPort = (groups: readonly any[], port: number): any => groups.find(({ Port }) => Port === port)

const elbTags = (arn: string) => world.tagsOf(arn)

beforeAll(async () => {
  world = await arrange('eu-north-1', 'e2e')
  ;({ aws, create, demand, home, lane, mirrorOf, octavia, run, subnets, targetsOf, vpc, prefix: PREFIX } = world)
})

afterAll(() => world.close())

const HTTP_MONITOR = {
  type: 'HTTP',
  delay: 10,
  timeout: 5,
  max_retries: 3,
  max_retries_down: 4,
  url_path: '/healthz',
  expected_codes: '200,204',
}

describe('a load balancer of the real Octavia', () => {
  it('is mirrored, followed, and taken down', async () => {
    const id = await create({
      name: 'web',
      listeners: [
        {
          protocol_port: 80,
          allowed_cidrs: ['192.0.2.0/24', '198.51.100.0/24'],
          default_pool: {
            members: [
              { address: '10.20.0.11', protocol_port: 8080 },
              { address: '10.20.0.12', protocol_port: 8080 },
            ],
            healthmonitor: HTTP_MONITOR,
          },
        },
        {
          protocol_port: 443,
          default_pool: {
            members: [
              { address: '10.20.0.21', protocol_port: 8443 },
              { address: '10.20.0.22', protocol_port: 8443, weight: 0 },
              { address: '10.20.0.23', protocol_port: 8443, admin_state_up: false },
            ],
            healthmonitor: { type: 'TCP', delay: 5, timeout: 3, max_retries: 2 },
          },
        },
      ],
    })
    const name = `${PREFIX}web`

    const mirrored = await demand(0, ['lb', 'mirror', name, '--yes', '--json'])
    expect(JSON.parse(mirrored.stdout)).toMatchObject({ ok: true, outcome: 'applied' })

    const { loadBalancers, targetGroups, securityGroups } = await mirrorOf(id)
    expect([loadBalancers.length, targetGroups.length, securityGroups.length]).toEqual([1, 2, 1])
    const [nlb] = loadBalancers
    const [group] = securityGroups
    expect(nlb).toMatchObject({
      LoadBalancerName: `nyah-${slug(name, 18)}-${hash(id)}`,
      Type: 'network',
      Scheme: 'internal',
      VpcId: vpc,
      SecurityGroups: [group.GroupId],
      State: { Code: 'active' },
    })
    expect(nlb.AvailabilityZones.map(({ SubnetId }: any) => SubnetId).toSorted()).toEqual(subnets.toSorted())

    const [web, tls] = [onPort(targetGroups, 80), onPort(targetGroups, 443)]
    expect(web).toMatchObject({
      TargetGroupName: `nyah-${slug(name, 12)}-${hash(id)}-80`,
      Protocol: 'TCP',
      TargetType: 'ip',
      VpcId: vpc,
      HealthCheckProtocol: 'HTTP',
      HealthCheckPort: 'traffic-port',
      HealthCheckPath: '/healthz',
      HealthCheckIntervalSeconds: 10,
      HealthCheckTimeoutSeconds: 5,
      HealthyThresholdCount: 3,
      UnhealthyThresholdCount: 4,
      Matcher: { HttpCode: '200,204' },
    })
    expect(tls).toMatchObject({
      Protocol: 'TCP',
      TargetType: 'ip',
      HealthCheckProtocol: 'TCP',
      HealthCheckIntervalSeconds: 5,
      HealthCheckTimeoutSeconds: 3,
      HealthyThresholdCount: 2,
    })
    for (const { TargetGroupArn } of targetGroups) {
      const { Attributes } = await aws(
        'elbv2',
        'describe-target-group-attributes',
        '--target-group-arn',
        TargetGroupArn,
      )
      expect(Attributes).toContainEqual({ Key: 'preserve_client_ip.enabled', Value: 'false' })
    }
    expect(await targetsOf(web)).toEqual(['10.20.0.11:8080', '10.20.0.12:8080'])
    // Weight 0 and disabled members get no traffic in Octavia, and none here.
    expect(await targetsOf(tls)).toEqual(['10.20.0.21:8443'])

    const { Listeners } = await aws('elbv2', 'describe-listeners', '--load-balancer-arn', nlb.LoadBalancerArn)
    expect(
      Listeners.map(({ Port, Protocol, DefaultActions }: any) => [Port, Protocol, DefaultActions[0].TargetGroupArn]),
    ).toEqual(
      expect.arrayContaining([
        [80, 'TCP', web.TargetGroupArn],
        [443, 'TCP', tls.TargetGroupArn],
      ]),
    )
    expect(Listeners).toHaveLength(2)

    expect(group.VpcId).toBe(vpc)
    const rules = group.IpPermissions.map(({ IpProtocol, FromPort, ToPort, IpRanges }: any) => [
      IpProtocol,
      FromPort,
      ToPort,
      IpRanges.map(({ CidrIp }: any) => CidrIp).toSorted(),
    ])
    expect(rules.toSorted((one: any, other: any) => one[1] - other[1])).toEqual([
      ['tcp', 80, 80, ['192.0.2.0/24', '198.51.100.0/24']],
      ['tcp', 443, 443, ['0.0.0.0/0']],
    ])

    const ours = { 'nyah:managed': 'true', 'nyah:octavia-id': id, 'nyah:schema': '1', 'nyah:source-name': name }
    const { loadbalancer } = await octavia.must('GET', `/loadbalancers/${id}`)
    expect(await elbTags(nlb.LoadBalancerArn)).toEqual({
      ...ours,
      'nyah:role': 'load-balancer',
      'nyah:in-step': loadbalancer.updated_at,
      'nyah:settings': expect.stringMatching(/^[0-9a-f]{8}$/),
    })
    expect(await elbTags(web.TargetGroupArn)).toEqual({ ...ours, 'nyah:role': 'target-group', 'nyah:port': '80' })
    for (const { ListenerArn, Port } of Listeners)
      expect(await elbTags(ListenerArn)).toEqual({ ...ours, 'nyah:role': 'listener', 'nyah:port': String(Port) })
    expect(tagsOf(group.Tags)).toEqual({ ...ours, 'nyah:role': 'security-group' })

    const again = await demand(0, ['lb', 'mirror', id, '--plan', '--detailed-exitcode'])
    expect(again.stdout).toContain('Nothing to do')
    await demand(0, ['lb', 'diff', id])

    const pool = (await octavia.poolsOf(id)).find(({ name: its }: any) => its === 'pool-80')
    await octavia.addMember(id, pool.id, { address: '10.20.0.13', protocol_port: 8080 })
    const drift = await demand(4, ['lb', 'diff', name])
    expect(drift.stdout).toContain('10.20.0.13:8080')
    await demand(0, ['lb', 'sync', name, '--yes'])
    expect(await targetsOf(web)).toEqual(['10.20.0.11:8080', '10.20.0.12:8080', '10.20.0.13:8080'])

    const [first] = (await octavia.members(pool.id)).filter(({ address }) => address === '10.20.0.11')
    await octavia.removeMember(id, pool.id, first.id)
    const removed = await demand(0, ['lb', 'sync', id, '--yes', '--output', 'ndjson'])
    const types = removed.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).type)
    expect(types.indexOf('reading.compared')).toBeGreaterThan(types.indexOf('reading.second'))
    expect(types.indexOf('change.started')).toBeGreaterThan(types.indexOf('reading.compared'))
    expect(await targetsOf(web)).toEqual(['10.20.0.12:8080', '10.20.0.13:8080'])
    await demand(0, ['lb', 'diff', id])

    const shown = await demand(0, ['lb', 'show', id])
    expect(shown.stdout).toMatch(/in step +yes/)
    await demand(0, ['lb', 'unmirror', id, '--confirm', id])
    expect(await mirrorOf(id)).toEqual(NOTHING)
  })

  it('every member gone: what AWS has stays, and it says so', async () => {
    const member = { address: '10.20.0.31', protocol_port: 8080 }
    const id = await create({ name: 'empty', listeners: [{ protocol_port: 80, default_pool: { members: [member] } }] })
    await demand(0, ['lb', 'mirror', id, '--yes'])
    const [pool] = await octavia.poolsOf(id)
    await octavia.replaceMembers(id, pool.id, [])
    await demand(11, ['lb', 'sync', id, '--yes'])
    const { targetGroups } = await mirrorOf(id)
    expect(await targetsOf(targetGroups[0])).toEqual(['10.20.0.31:8080'])
    // Unmirror does not need the members back.
    await demand(0, ['lb', 'unmirror', id, '--confirm', id])
    expect(await mirrorOf(id)).toEqual(NOTHING)
  })

  it.each([
    [
      'a UDP listener',
      'udp',
      { protocol: 'UDP', protocol_port: 53, default_pool: { protocol: 'UDP', members: [] } },
      'LB_UNSUPPORTED_LISTENER_PROTOCOL',
    ],
    [
      'an L7 policy',
      'l7',
      {
        protocol: 'HTTP',
        protocol_port: 80,
        l7policies: [
          {
            action: 'REJECT',
            rules: [{ type: 'PATH', compare_type: 'STARTS_WITH', value: '/admin' }],
          },
        ],
        default_pool: { protocol: 'HTTP', members: [{ address: '10.20.0.41', protocol_port: 8080 }] },
      },
      'LB_UNSUPPORTED_L7POLICIES',
    ],
  ])('with %s is refused by name, and nothing is made', async (_what, short, listener, code) => {
    const id = await create({ name: short, listeners: [listener] })
    const { stdout } = await demand(6, ['lb', 'mirror', id, '--yes'])
    expect(stdout).toContain(code)
    expect(await mirrorOf(id)).toEqual(NOTHING)
  })

  it('with a Japanese name, by application credential and by clouds.yaml with secure.yaml', async () => {
    const member = { address: '10.20.0.51', protocol_port: 8080 }
    const id = await create({
      name: '東京の店',
      listeners: [{ protocol_port: 80, default_pool: { members: [member] } }],
    })
    const users = `${lane['OS_AUTH_URL']}/users/${octavia.userId}/application_credentials`
    const answer = await octavia.callUrl('POST', users, {
      application_credential: { name: `${PREFIX}nyah`, roles: [{ name: 'reader' }] },
    })
    expect(answer.status).toBe(201)
    const { application_credential: credential } = answer.data
    try {
      const mirrored = await demand(0, ['lb', 'mirror', `${PREFIX}東京の店`, '--yes'], {
        OS_AUTH_URL: lane['OS_AUTH_URL'] ?? '',
        OS_AUTH_TYPE: 'v3applicationcredential',
        OS_APPLICATION_CREDENTIAL_ID: credential.id,
        OS_APPLICATION_CREDENTIAL_SECRET: credential.secret,
      })
      expect(mirrored.stdout).toContain('東京の店')
    } finally {
      await octavia.callUrl('DELETE', `${users}/${credential.id}`)
    }
    const { loadBalancers, securityGroups } = await mirrorOf(id)
    expect(loadBalancers[0].LoadBalancerName).toBe(`nyah-${PREFIX.replace(/-$/, '')}-${hash(id)}`)
    expect(await elbTags(loadBalancers[0].LoadBalancerArn)).toMatchObject({ 'nyah:source-name': `${PREFIX}東京の店` })
    expect(tagsOf(securityGroups[0].Tags)).toMatchObject({ 'nyah:source-name': `${PREFIX}東京の店` })

    const openstack = join(home, '.config', 'openstack')
    mkdirSync(openstack, { recursive: true })
    const { OS_AUTH_URL: auth_url, OS_USERNAME: username, OS_PROJECT_NAME: project_name } = lane
    const auth = { auth_url, username, project_name, user_domain_id: 'default', project_domain_id: 'default' }
    // JSON is YAML.
    writeFileSync(
      join(openstack, 'clouds.yaml'),
      JSON.stringify({ clouds: { lane: { auth, region_name: 'RegionOne' } } }),
    )
    const secret = { clouds: { lane: { auth: { password: lane['OS_PASSWORD'] } } } }
    writeFileSync(join(openstack, 'secure.yaml'), JSON.stringify(secret), { mode: 0o600 })
    const clouds = { OS_CLOUD: 'lane' }
    await demand(0, ['lb', 'diff', id], clouds)
    const listed = await run(['lb', 'list', '--json'], clouds)
    const row = JSON.parse(listed.stdout).loadBalancers.find((one: { id: string }) => one.id === id)
    expect(row).toMatchObject({ name: `${PREFIX}東京の店`, mirror: { state: 'active' } })
    await demand(0, ['lb', 'unmirror', id, '--confirm', id], clouds)
    expect(await mirrorOf(id)).toEqual(NOTHING)
  })
})

describe('doctor', () => {
  it('finds everything in order', async () => {
    const { stdout } = await demand(0, ['doctor'])
    expect(stdout).toContain(`${lane['OS_USERNAME']} in ${lane['OS_PROJECT_NAME']}`)
    expect(stdout).toContain(vpc)
    for (const subnet of subnets) expect(stdout).toContain(subnet)
  })

  it('Keystone does not answer: exit 12, AWS is looked at all the same', async () => {
    const { stdout } = await demand(12, ['doctor', '--timeout', '3s', '--quiet'], {
      ...lane,
      OS_AUTH_URL: 'http://127.0.0.1:9/v3',
    })
    expect(stdout).toMatch(/^✗ unreachable +Keystone and Octavia/m)
    expect(stdout).toMatch(/^✓ ok +AWS credentials/m)
    expect(stdout).not.toContain(lane['OS_PASSWORD'])
  })

  it('a wrong password is for the operator to mend: exit 3', async () => {
    const wrong = 'hunter2-wrong'
    const { stdout, stderr } = await demand(3, ['doctor'], { ...lane, OS_PASSWORD: wrong })
    expect(stdout + stderr).not.toContain(wrong)
  })
})
