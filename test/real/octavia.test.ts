import { octaviaChanges } from '../contract/octavia/changes.ts'
import { octaviaFields } from '../contract/octavia/fields.ts'
import { octaviaRefusals } from '../contract/octavia/refusals.ts'
import { octaviaContract, type OctaviaUnderTest } from '../contract/octavia/suite.ts'
import { octaviaEnv } from './lane.ts'

/** Started by the lane's global setup; shared with other tests. Never the OS_* of whoever runs this: it writes. */
const { OS_AUTH_URL: authUrl = '', OS_PASSWORD: password = '' } = octaviaEnv()

const open = async (): Promise<OctaviaUnderTest> => ({
  authUrl,
  password,
  project: 'mirror',
  otherProject: 'other',
  clock: {
    now: () => Date.now(),
    sleep: (ms, signal) =>
      new Promise((done, failed) => {
        const timer = setTimeout(done, ms)
        signal?.addEventListener('abort', () => {
          clearTimeout(timer)
          failed(signal.reason)
        })
      }),
  },
  prefix: `contract-${process.pid}-`,
  applicationCredential: async (operator) => {
    const users = `${authUrl}/users/${operator.userId}/application_credentials`
    const body = { application_credential: { name: `contract-${Date.now()}`, roles: [{ name: 'reader' }] } }
    const { status, data } = await operator.callUrl('POST', users, body)
    if (status !== 201) throw new Error(`no application credential: ${status} ${JSON.stringify(data)}`)
    const { id, secret } = data.application_credential
    return {
      id,
      secret,
      remove: async () => {
        await operator.callUrl('DELETE', `${users}/${id}`)
      },
    }
  },
  close: async () => {},
})

for (const contract of [octaviaContract, octaviaChanges, octaviaFields, octaviaRefusals]) contract('Octavia 19', open)
