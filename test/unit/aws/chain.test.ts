import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { baseCredentials } from '../../../src/lib/adapters/aws/credentials.ts'
import * as sdk from '../../../src/lib/adapters/aws/credentials.sdk.ts'
import { awsSettings } from '../../../src/lib/adapters/aws/settings.ts'

/** The SDK's own chain, on shared files of the test. */
describe('the default chain', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'nyah-chain-'))
    writeFileSync(
      join(folder, 'config'),
      `[default]
region = eu-central-1
[profile keys]
region = eu-central-1
[profile process]
credential_process = sh -c 'echo ${'{"Version":1,"AccessKeyId":"AKIAPROCESS","SecretAccessKey":"s"}'.replaceAll('"', '\\"')}'
[profile broken]
credential_process = sh -c 'echo hunter2 >&2; exit 3'
[profile garbled]
credential_process = echo hunter2
[profile sso]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = admin
[sso-session corp]
sso_region = eu-central-1
sso_start_url = https://sso.example
`,
    )
    writeFileSync(
      join(folder, 'credentials'),
      '[keys]\naws_access_key_id = AKIAFILE\naws_secret_access_key = hunter2\n',
    )
  })
  afterAll(() => rmSync(folder, { recursive: true }))
  afterEach(() => void vi.unstubAllEnvs())

  const keysOf = (profile: string | undefined) => {
    const env = {
      HOME: folder,
      AWS_CONFIG_FILE: join(folder, 'config'),
      AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ACCESS_KEY_ID: '',
      AWS_PROFILE: '',
      AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: '',
      AWS_WEB_IDENTITY_TOKEN_FILE: '',
    }
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
    const settings = awsSettings({ profile, region: 'eu-central-1', env })
    return baseCredentials(settings, env, () => Promise.resolve(sdk))()
  }

  it('takes keys of a profile, and those of its process', async () => {
    expect(await keysOf('keys')).toMatchObject({ accessKeyId: 'AKIAFILE' })
    expect(await keysOf('process')).toMatchObject({ accessKeyId: 'AKIAPROCESS' })
  })

  it.each([
    ['broken', /credential_process failed/],
    ['garbled', /credential_process failed/],
    ['sso', /SSO/],
    ['absent', /absent/],
    [undefined, /no profile named/],
  ])('says what is wrong with the profile %s, and nothing of what its process said', async (profile, said) => {
    const error = await keysOf(profile).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'AWS_NO_CREDENTIALS', exit: 3, message: expect.stringMatching(said) })
    expect(String(error) + JSON.stringify(error)).not.toContain('hunter2')
  })
})
