import { startSandbox } from '../../../src/lib/sandbox/server.ts'
import { virtualClock } from '../../support/clock.ts'
import { octaviaContract } from './suite.ts'

octaviaContract('sandbox', async () => {
  const clock = virtualClock({ start: Date.now() })
  const sandbox = await startSandbox({ clock })
  return {
    authUrl: `${sandbox.url}/identity/v3`,
    password: 'sandbox',
    project: 'shop',
    otherProject: 'other',
    clock,
    prefix: 'contract-',
    applicationCredential: async () => ({
      id: '5a0d0000000000000000000000000ac1',
      secret: 'sandbox',
      remove: async () => {},
    }),
    close: () => sandbox.close(),
  }
})
