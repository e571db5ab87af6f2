import { startSandbox } from '../../../src/lib/sandbox/server.ts'
import { virtualClock } from '../../support/clock.ts'
import { octaviaChanges } from './changes.ts'
import { octaviaFields } from './fields.ts'
import { octaviaRefusals } from './refusals.ts'
import { octaviaContract, type OctaviaUnderTest } from './suite.ts'

async function open(): Promise<OctaviaUnderTest> {
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
}

for (const contract of [octaviaContract, octaviaChanges, octaviaFields, octaviaRefusals]) contract('sandbox', open)
