import { octaviaContract } from '../contract/octavia/suite.ts'

/** Started by the lane's global setup; shared with other tests. */
const authUrl = process.env['OS_AUTH_URL'] ?? 'http://127.0.0.1:5000/v3'

octaviaContract('Octavia 19', async () => ({
  authUrl,
  password: process.env['OS_PASSWORD'] ?? 'lane',
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
}))
