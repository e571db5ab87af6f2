import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { loadCloud, type CloudConfig } from '../../../src/lib/adapters/octavia/clouds.ts'
import { nearest } from '../../../src/lib/core/nearest.ts'
import { credentialOf, tokenRequest } from '../../../src/lib/adapters/octavia/token-request.ts'
import type { NyahError } from '../../../src/lib/core/errors.ts'

type Files = Readonly<Record<string, string>>
type Env = Readonly<Record<string, string>>

const load = (files: Files, env: Env = {}, cloud: string | null = null): CloudConfig =>
  loadCloud({
    cloud,
    env,
    homedir: '/home/o',
    cwd: '/project',
    readFile: (path) => {
      const text = files[path]
      if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
      return text
    },
  })

function refusal(files: Files, env: Env = {}, cloud: string | null = null): NyahError {
  try {
    load(files, env, cloud)
  } catch (error) {
    return error as NyahError
  }
  throw new Error('nothing was thrown')
}

const HOME = '/home/o/.config/openstack/clouds.yaml'
const entry = (body: string, name = 'nyah'): string =>
  `clouds:\n  ${name}:\n${body
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n')}\n`

const AUTH = `auth:
  auth_url: https://keystone.example:5000
  username: operator
  password: hunter22
  project_name: shop`

const ENV = {
  OS_AUTH_URL: 'http://127.0.0.1:5000/v3',
  OS_USERNAME: 'operator',
  OS_PASSWORD: 'hunter22',
  OS_PROJECT_NAME: 'shop',
}

describe('where the cloud is looked for', () => {
  const text = (user: string) => entry(AUTH.replace('operator', user))
  const user = (cloud: CloudConfig) =>
    cloud.auth.kind === 'password' && 'name' in cloud.auth.user ? cloud.auth.user.name : ''

  it.each([
    ['the variable first', { OS_CLIENT_CONFIG_FILE: '/etc/mine.yaml' }, 'variable'],
    ['then the working directory', {}, 'cwd'],
  ])('%s', (_, env, expected) => {
    const files = {
      '/etc/mine.yaml': text('variable'),
      '/project/clouds.yaml': text('cwd'),
      [HOME]: text('home'),
      '/etc/openstack/clouds.yaml': text('etc'),
    }
    expect(user(load(files, env, 'nyah'))).toBe(expected)
  })

  it('then the home directory, then /etc', () => {
    const files = { [HOME]: text('home'), '/etc/openstack/clouds.yaml': text('etc') }
    expect(user(load(files, {}, 'nyah'))).toBe('home')
    expect(user(load({ '/etc/openstack/clouds.yaml': text('etc') }, {}, 'nyah'))).toBe('etc')
  })

  it('XDG_CONFIG_HOME moves the home directory; clouds.yml is read too', () => {
    expect(user(load({ '/xdg/openstack/clouds.yml': text('xdg') }, { XDG_CONFIG_HOME: '/xdg' }, 'nyah'))).toBe('xdg')
  })

  it('a named cloud wins over OS_CLOUD, and OS_CLOUD over other variables', () => {
    const files = {
      [HOME]: text('first') + entry(AUTH.replace('operator', 'second'), 'other').replace('clouds:\n', ''),
    }
    expect(user(load(files, { OS_CLOUD: 'other' }, 'nyah'))).toBe('first')
    expect(user(load(files, { OS_CLOUD: 'other', ...ENV }))).toBe('second')
    expect(load(files, ENV).name).toBeNull()
  })

  it('secure.yaml is merged into the entry, wherever it lies', () => {
    const files = {
      [HOME]: entry(AUTH.replace(/\n *password.*/, '')),
      '/etc/openstack/secure.yaml': entry('auth:\n  password: from-secure'),
    }
    const { auth } = load(files, {}, 'nyah')
    expect(credentialOf(auth).reveal()).toBe('from-secure')
    expect(auth).toMatchObject({ kind: 'password', user: { name: 'operator' } })
  })

  it('OS_CLIENT_SECURE_FILE names it', () => {
    const files = {
      [HOME]: entry(AUTH),
      '/s.yaml': entry('auth:\n  password: named'),
      '/etc/openstack/secure.yaml': entry('auth:\n  password: etc'),
    }
    expect(credentialOf(load(files, { OS_CLIENT_SECURE_FILE: '/s.yaml' }, 'nyah').auth).reveal()).toBe('named')
  })

  it('a profile of clouds-public.yaml lies below the entry', () => {
    const files = {
      [HOME]: entry(`profile: provider\n${AUTH.replace(/\n *auth_url.*/, '')}`),
      '/etc/openstack/clouds-public.yaml': `public-clouds:
  provider:
    auth: { auth_url: "https://provider.example/v3", username: nobody }
    region_name: tokyo`,
    }
    expect(load(files, {}, 'nyah')).toMatchObject({
      authUrl: 'https://provider.example/v3',
      region: 'tokyo',
      auth: { user: { name: 'operator' } },
    })
  })
})

describe('what is missing or wrong is named', () => {
  const files = { [HOME]: entry(AUTH) + entry(AUTH, 'staging').replace('clouds:\n', '') }

  it.each<[string, Files, Env, string | null, string, string]>([
    [
      'nothing at all',
      {},
      {},
      null,
      'CONFIG_CLOUD_NOT_NAMED',
      'there is no /project/clouds.yaml, /home/o/.config/openstack/clouds.yaml',
    ],
    ['no name', files, {}, null, 'CONFIG_CLOUD_NOT_NAMED', 'has nyah, staging'],
    [
      'a near name',
      files,
      {},
      'stagin',
      'CONFIG_CLOUD_NOT_FOUND',
      'cloud stagin is not in /home/o/.config/openstack/clouds.yaml; it has staging, nyah',
    ],
    ['a name of Object', files, {}, 'constructor', 'CONFIG_CLOUD_NOT_FOUND', 'constructor is not in'],
    ['no file', {}, {}, 'nyah', 'CONFIG_CLOUD_NOT_FOUND', 'there is no clouds.yaml'],
    [
      'a named file',
      files,
      { OS_CLIENT_CONFIG_FILE: '/no.yaml' },
      'nyah',
      'CONFIG_CLOUD_FILE_MISSING',
      'OS_CLIENT_CONFIG_FILE names /no.yaml',
    ],
    [
      'no password',
      { [HOME]: entry(AUTH.replace(/\n *password.*/, '')) },
      {},
      'nyah',
      'CONFIG_CLOUD_INCOMPLETE',
      'auth.password is missing',
    ],
    ['no auth_url', { [HOME]: entry('auth: {}') }, {}, 'nyah', 'CONFIG_CLOUD_INCOMPLETE', 'auth.auth_url is missing'],
    ['no OS_PASSWORD', {}, { ...ENV, OS_PASSWORD: '' }, null, 'CONFIG_CLOUD_INCOMPLETE', 'OS_PASSWORD is missing'],
    [
      'an unknown auth_type',
      files,
      { ...ENV, OS_AUTH_TYPE: 'v3oidcpassword' },
      null,
      'CONFIG_CLOUD_INVALID',
      'auth_type v3oidcpassword is not supported',
    ],
    [
      'a number for text',
      { [HOME]: entry(AUTH.replace('hunter22', '12345678')) },
      {},
      'nyah',
      'CONFIG_CLOUD_INVALID',
      'auth.password: is a number and must be text',
    ],
    [
      'a wrong interface',
      {},
      { ...ENV, OS_INTERFACE: 'private' },
      null,
      'CONFIG_CLOUD_INVALID',
      'interface is private',
    ],
    [
      'Keystone v2',
      {},
      { ...ENV, OS_IDENTITY_API_VERSION: '2' },
      null,
      'CONFIG_CLOUD_INVALID',
      'OS_IDENTITY_API_VERSION is 2',
    ],
    [
      'no address',
      {},
      { ...ENV, OS_AUTH_URL: 'keystone.example' },
      null,
      'CONFIG_CLOUD_INVALID',
      'OS_AUTH_URL: not an http(s) address',
    ],
    [
      'a system scope',
      {},
      { ...ENV, OS_SYSTEM_SCOPE: 'all' },
      null,
      'CONFIG_CLOUD_INVALID',
      'system_scope is not supported',
    ],
    [
      'no CA file',
      {},
      { ...ENV, OS_CACERT: '/no.pem' },
      null,
      'CONFIG_CLOUD_INVALID',
      'OS_CACERT: there is no file /no.pem',
    ],
    [
      'no PEM',
      { '/x.pem': 'DER' },
      { ...ENV, OS_CACERT: '/x.pem' },
      null,
      'CONFIG_CLOUD_INVALID',
      '/x.pem holds no PEM certificate',
    ],
    [
      'several regions',
      { [HOME]: entry(`${AUTH}\nregions: [tokyo, osaka]`) },
      {},
      'nyah',
      'CONFIG_CLOUD_INVALID',
      'it has tokyo, osaka',
    ],
    [
      'an unknown profile',
      { [HOME]: entry(`profile: vexxhost\n${AUTH}`) },
      {},
      'nyah',
      'CONFIG_CLOUD_PROFILE_NOT_FOUND',
      'profile vexxhost',
    ],
    [
      'verify as text',
      { [HOME]: entry(`${AUTH}\nverify: "false"`) },
      {},
      'nyah',
      'CONFIG_CLOUD_INVALID',
      'verify: is neither true nor false',
    ],
    ['a list for clouds', { [HOME]: 'clouds: [a]' }, {}, 'nyah', 'CONFIG_CLOUD_INVALID', 'clouds is not a mapping'],
    ['text for YAML', { [HOME]: 'hello' }, {}, 'nyah', 'CONFIG_CLOUD_INVALID', 'not a mapping'],
  ])('%s', (_, given, env, cloud, code, message) => {
    const error = refusal(given, env, cloud)
    expect(error).toMatchObject({ code, exit: 3, retryable: false })
    expect(error.message).toContain(message)
  })

  it('an unreadable file is not a missing one', () => {
    const read = () =>
      loadCloud({
        cloud: 'nyah',
        env: {},
        homedir: '/home/o',
        cwd: '/project',
        readFile: () => {
          throw Object.assign(new Error('permission denied'), { code: 'EACCES' })
        },
      })
    expect(read).toThrow(expect.objectContaining({ code: 'CONFIG_CLOUD_UNREADABLE', exit: 3 }))
  })

  it('broken YAML is placed by its line, and never quoted', () => {
    const error = refusal({ [HOME]: 'clouds:\n  nyah:\n    auth: { password: "hunter22\n' }, {}, 'nyah')
    expect(error).toMatchObject({ code: 'CONFIG_CLOUD_INVALID', exit: 3 })
    expect(error.message).toMatch(/not valid YAML at line \d+ \([A-Z_]+\)/)
    expect(inspect(error)).not.toContain('hunter22')
  })

  it('an alias bomb is refused at once', () => {
    const lines = ['a: &a [x, x, x, x, x, x, x, x, x]']
    for (const [above, name] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh', 'hi'].map((pair) => [pair[0], pair[1]])) {
      lines.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${above}`).join(', ')}]`)
    }
    const error = refusal({ [HOME]: `${lines.join('\n')}\nclouds: { nyah: *i }\n` }, {}, 'nyah')
    expect(error).toMatchObject({ code: 'CONFIG_CLOUD_INVALID', exit: 3 })
    expect(error.message).toContain('aliases')
  })
})

describe('addresses, interface, certificates', () => {
  it.each([
    ['http://k:5000', 'http://k:5000/v3'],
    ['http://k:5000/', 'http://k:5000/v3'],
    ['http://k:5000/v3/', 'http://k:5000/v3'],
    ['http://k/identity', 'http://k/identity/v3'],
    ['http://k/identity/v3', 'http://k/identity/v3'],
    ['http://k:5000/v2.0', 'http://k:5000/v3'],
    ['http://k:5000/v3/auth/tokens', 'http://k:5000/v3'],
  ])('auth_url %s is %s', (given, expected) => {
    expect(load({}, { ...ENV, OS_AUTH_URL: given }).authUrl).toBe(expected)
  })

  it('credentials in an address are refused, and not shown', () => {
    const error = refusal({}, { ...ENV, OS_AUTH_URL: 'http://me:hunter22@k:5000' })
    expect(error.code).toBe('CONFIG_CLOUD_INVALID')
    expect(inspect(error)).not.toContain('hunter22')
  })

  it.each([
    ['', 'public'],
    ['internal', 'internal'],
    ['internalURL', 'internal'],
    ['publicURL', 'public'],
    ['adminurl', 'admin'],
  ])('interface "%s" is %s', (given, expected) => {
    expect(load({}, { ...ENV, OS_ENDPOINT_TYPE: given }).interface).toBe(expected)
  })

  it('the load balancer service has its own interface and address', () => {
    const files = {
      [HOME]: entry(
        `${AUTH}\ninterface: public\nload-balancer_interface: internal\nload_balancer_endpoint_override: http://o:9876/`,
      ),
    }
    expect(load(files, {}, 'nyah')).toMatchObject({ interface: 'internal', endpointOverride: 'http://o:9876' })
  })

  it('a sole region is chosen; OS_REGION_NAME fills what the entry leaves open', () => {
    expect(load({ [HOME]: entry(`${AUTH}\nregions: [{ name: tokyo, values: {} }]`) }, {}, 'nyah').region).toBe('tokyo')
    expect(load({ [HOME]: entry(AUTH) }, { OS_REGION_NAME: 'osaka' }, 'nyah').region).toBe('osaka')
    expect(load({ [HOME]: entry(`${AUTH}\nregion_name: tokyo`) }, { OS_REGION_NAME: 'osaka' }, 'nyah').region).toBe(
      'tokyo',
    )
  })

  it('a CA file is read, relative to the working directory or the home', () => {
    const pem = '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n'
    const files = { '/project/ca.pem': pem, '/home/o/ca.pem': pem, '/ca.pem': pem }
    for (const path of ['ca.pem', '~/ca.pem', '/ca.pem']) expect(load(files, { ...ENV, OS_CACERT: path }).ca).toBe(pem)
  })

  it('verify is false only where clouds.yaml says so, and that is noted', () => {
    expect(load({ [HOME]: entry(AUTH) }, {}, 'nyah')).toMatchObject({ verify: true, notes: [] })
    for (const word of ['false', 'no', 'off']) {
      const cloud = load({ [HOME]: entry(`${AUTH}\nverify: ${word}`) }, {}, 'nyah')
      expect(cloud.verify).toBe(false)
      expect(cloud.notes.map(({ code }) => code)).toEqual(['CONFIG_CLOUD_UNVERIFIED'])
    }
    const fromEnv = load({}, { ...ENV, OS_INSECURE: 'true', OS_VERIFY: 'false' })
    expect(fromEnv.verify).toBe(true)
    expect(fromEnv.notes.map(({ code }) => code)).toEqual(['CONFIG_CLOUD_INSECURE_IGNORED'])
  })

  it('plain http is noted, but on this machine', () => {
    expect(load({}, { ...ENV, OS_AUTH_URL: 'http://keystone.example' }).notes.map(({ code }) => code)).toEqual([
      'CONFIG_CLOUD_PLAIN_HTTP',
    ])
    for (const host of ['127.0.0.1', 'localhost', '[::1]']) {
      expect(load({}, { ...ENV, OS_AUTH_URL: `http://${host}:5000` }).notes).toEqual([])
    }
  })
})

describe('what is sent to Keystone', () => {
  const sent = (env: Env) => tokenRequest(load({}, { OS_AUTH_URL: ENV.OS_AUTH_URL, ...env }).auth)
  const scope = (project: object) => ({ scope: { project } })
  const base = { id: 'default' }

  it.each<[string, Env, unknown]>([
    [
      'names, in the default domain',
      ENV,
      {
        identity: {
          methods: ['password'],
          password: { user: { name: 'operator', domain: base, password: 'hunter22' } },
        },
        ...scope({ name: 'shop', domain: base }),
      },
    ],
    [
      'names with their domains',
      { ...ENV, OS_AUTH_TYPE: 'v3password', OS_USER_DOMAIN_NAME: 'People', OS_PROJECT_DOMAIN_ID: 'd1' },
      {
        identity: {
          methods: ['password'],
          password: { user: { name: 'operator', domain: { name: 'People' }, password: 'hunter22' } },
        },
        ...scope({ name: 'shop', domain: { id: 'd1' } }),
      },
    ],
    [
      'ids, and the old name of a project',
      { OS_USER_ID: 'u1', OS_PASSWORD: 'hunter22', OS_TENANT_ID: 'p1' },
      {
        identity: { methods: ['password'], password: { user: { id: 'u1', password: 'hunter22' } } },
        ...scope({ id: 'p1' }),
      },
    ],
    [
      'a default domain for both',
      { ...ENV, OS_DEFAULT_DOMAIN: 'Corp' },
      {
        identity: {
          methods: ['password'],
          password: { user: { name: 'operator', domain: { name: 'Corp' }, password: 'hunter22' } },
        },
        ...scope({ name: 'shop', domain: { name: 'Corp' } }),
      },
    ],
    [
      'no scope where no project is named',
      { OS_USERNAME: 'operator', OS_PASSWORD: 'hunter22' },
      {
        identity: {
          methods: ['password'],
          password: { user: { name: 'operator', domain: base, password: 'hunter22' } },
        },
      },
    ],
    [
      'an application credential without a scope, whatever the project',
      {
        OS_AUTH_TYPE: 'v3applicationcredential',
        OS_APPLICATION_CREDENTIAL_ID: 'ac1',
        OS_APPLICATION_CREDENTIAL_SECRET: 'hunter22',
        OS_PROJECT_NAME: 'shop',
      },
      { identity: { methods: ['application_credential'], application_credential: { id: 'ac1', secret: 'hunter22' } } },
    ],
    [
      'an application credential by name, of its user',
      {
        OS_APPLICATION_CREDENTIAL_NAME: 'nyah',
        OS_APPLICATION_CREDENTIAL_SECRET: 'hunter22',
        OS_USERNAME: 'operator',
        OS_USER_DOMAIN_ID: 'd1',
      },
      {
        identity: {
          methods: ['application_credential'],
          application_credential: {
            name: 'nyah',
            user: { name: 'operator', domain: { id: 'd1' } },
            secret: 'hunter22',
          },
        },
      },
    ],
    [
      'a token, rescoped',
      { OS_AUTH_TYPE: 'v3token', OS_TOKEN: 'gAAAAtoken', OS_PROJECT_ID: 'p1' },
      { identity: { methods: ['token'], token: { id: 'gAAAAtoken' } }, ...scope({ id: 'p1' }) },
    ],
  ])('%s', (_, env, auth) => {
    expect(sent(env)).toEqual({ auth })
  })

  it('the configuration prints no secret', () => {
    for (const env of [ENV, { ...ENV, OS_AUTH_TYPE: 'token', OS_TOKEN: 'hunter22' }]) {
      const cloud = load({}, env)
      expect(
        inspect(cloud, { depth: 9, showHidden: true }) + JSON.stringify(cloud) + JSON.stringify({ ...cloud.auth }),
      ).not.toContain('hunter22')
    }
  })
})

describe('near names', () => {
  it('come first', () => {
    expect(nearest('Prodution', ['staging', 'production', 'dev'], 1)).toEqual(['production'])
    expect(nearest('stag', ['dev', 'staging', 'stage'])).toEqual(['stage', 'staging', 'dev'])
    expect(nearest('x', [])).toEqual([])
  })
})
