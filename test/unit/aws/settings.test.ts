import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseIni, profileSettings } from '../../../src/lib/adapters/aws/profile.ts'
import { awsSettings } from '../../../src/lib/adapters/aws/settings.ts'

const CONFIG = `# shared
[default]
region = eu-central-1 # home
[profile  prod]
region=ap-northeast-1
endpoint_url = https://proxy.example
use_fips_endpoint = true
s3 =
  region = nested
[sso-session corp]
region = us-east-1
`

describe('shared files', () => {
  it('reads sections, pairs and comments; nested lines are no settings', () => {
    expect(parseIni(CONFIG)).toEqual({
      default: { region: 'eu-central-1' },
      'profile prod': {
        region: 'ap-northeast-1',
        endpoint_url: 'https://proxy.example',
        use_fips_endpoint: 'true',
        s3: '',
      },
      'sso-session corp': { region: 'us-east-1' },
    })
    expect(parseIni('region = x\r\n[a]\r\nb = c\r\nno pair\r\n; d = e')).toEqual({ a: { b: 'c' } })
  })

  it('takes a profile from both files, the config file first', () => {
    const credentials = parseIni('[prod]\nregion = us-west-2\nextra = 1\n[default]\nregion = eu-west-1')
    expect(profileSettings('prod', parseIni(CONFIG), credentials)).toMatchObject({
      region: 'ap-northeast-1',
      extra: '1',
    })
    expect(profileSettings('default', {}, credentials)).toEqual({ region: 'eu-west-1' })
    expect(profileSettings('corp', parseIni(CONFIG), {})).toEqual({})
  })
})

describe('awsSettings', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'nyah-aws-'))
    writeFileSync(join(folder, 'config'), CONFIG)
  })
  afterAll(() => rmSync(folder, { recursive: true }))
  const env = (more: Record<string, string> = {}) => ({
    HOME: '/nonexistent',
    AWS_CONFIG_FILE: join(folder, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
    ...more,
  })

  it('takes the Region from configuration, environment, profile, in this order', () => {
    const all = env({ AWS_REGION: 'us-east-2', AWS_DEFAULT_REGION: 'us-west-1' })
    expect(awsSettings({ region: 'sa-east-1', env: all }).region).toBe('sa-east-1')
    expect(awsSettings({ env: all }).region).toBe('us-east-2')
    expect(awsSettings({ env: env({ AWS_REGION: '', AWS_DEFAULT_REGION: 'us-west-1' }) }).region).toBe('us-west-1')
    expect(awsSettings({ env: env() }).region).toBe('eu-central-1')
    expect(awsSettings({ env: env({ AWS_PROFILE: 'prod' }) }).region).toBe('ap-northeast-1')
    expect(awsSettings({ profile: 'prod', env: env({ AWS_PROFILE: 'default' }) })).toMatchObject({
      region: 'ap-northeast-1',
      profile: 'prod',
      fips: true,
    })
  })

  it('says what to do without a Region, and for one that cannot be', () => {
    for (const [region, profile] of [
      [undefined, 'absent'],
      ['evil.example/#', 'prod'],
      ['', 'prod'],
    ]) {
      expect(() => awsSettings({ region, profile, env: env() })).toThrow(
        expect.objectContaining({
          code: 'CONFIG_AWS_REGION',
          exit: 3,
          tries: expect.arrayContaining([expect.stringContaining('AWS_REGION')]),
        }),
      )
    }
  })

  it('takes each endpoint from the nearest place that names one', () => {
    const endpoints = (options: object, more = {}) =>
      awsSettings({ region: 'eu-central-1', ...options, env: env(more) }).endpoints
    expect(endpoints({})).toEqual({
      ELASTIC_LOAD_BALANCING_V2: null,
      EC2: null,
      STS: null,
      IAM: null,
      ROUTE_53: null,
      S3: null,
      CLOUDWATCH: null,
    })
    expect(
      endpoints({}, { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:2' }),
    ).toEqual({
      ELASTIC_LOAD_BALANCING_V2: 'http://127.0.0.1:1',
      EC2: 'http://127.0.0.1:1',
      STS: 'http://127.0.0.1:2',
      IAM: 'http://127.0.0.1:1',
      ROUTE_53: 'http://127.0.0.1:1',
      S3: 'http://127.0.0.1:1',
      CLOUDWATCH: 'http://127.0.0.1:1',
    })
    const surroundings = { AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:2' }
    expect(endpoints({ endpointUrl: 'http://127.0.0.1:3' }, surroundings).STS).toBe('http://127.0.0.1:3')
    expect(endpoints({ profile: 'prod' }).EC2).toBe('https://proxy.example')
    expect(endpoints({ profile: 'prod' }, { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' }).EC2).toBe(null)
  })

  it('refuses endpoints that are no plain http(s) URLs', () => {
    for (const endpointUrl of ['127.0.0.1:80', 'ftp://x', 'https://user:pass@x', '']) {
      expect(() => awsSettings({ region: 'eu-central-1', endpointUrl, env: env() })).toThrow(
        expect.objectContaining({
          code: 'CONFIG_AWS_ENDPOINT',
          exit: 3,
          message: expect.not.stringContaining('pass@'),
        }),
      )
    }
  })
})
