import { startSandbox } from '../../../src/lib/sandbox/server.ts'
import { virtualClock } from '../../support/clock.ts'
import { namesContract } from './names.ts'

namesContract('sandbox', false, async () => {
  const clock = virtualClock()
  const zone = { id: 'Z1EXAMPLE', name: 'nyah-test.example' }
  const privateZone = { id: 'Z2EXAMPLE', name: 'nyah-test.internal' }
  const place = { bucket: 'nyah-test', region: 'ap-northeast-3', key: 'nyah/away' }
  const world = {
    v: 1,
    extends: 'default',
    aws: {
      hostedZones: [
        { ...zone, protections: [{ name: 'locked.nyah-test.example', type: 'A' }] },
        { ...privateZone, private: true },
      ],
      buckets: [{ name: place.bucket, region: place.region, publicRead: true }],
    },
  }
  const sandbox = await startSandbox({ clock, world })
  const { env } = sandbox
  return { env, region: env['AWS_REGION'] ?? '', zone, privateZone, place, clock, close: () => sandbox.close() }
})
