import { loadCloud } from '../../../src/lib/adapters/octavia/clouds.ts'
import { createOctaviaSource } from '../../../src/lib/adapters/octavia/source.ts'
import type { LoadBalancerSource } from '../../../src/lib/ports/source.ts'
import { openStack, type OpenStack } from '../../support/openstack.ts'
import type { OctaviaUnderTest } from './suite.ts'

/** The two ways into a cloud that every suite takes: plain HTTP to arrange it, and the adapter that is held to it. */

export const operatorOf = (cloud: OctaviaUnderTest): Promise<OpenStack> =>
  openStack({
    authUrl: cloud.authUrl,
    username: 'operator',
    password: cloud.password,
    project: cloud.project,
    sleep: (ms) => cloud.clock.sleep(ms),
  })

/** A dropped idle socket is tried once more, as the engine would. */
export const sourceOf = (cloud: OctaviaUnderTest): LoadBalancerSource =>
  createOctaviaSource({
    cloud: loadCloud({
      cloud: null,
      env: {
        OS_AUTH_URL: cloud.authUrl,
        OS_USERNAME: 'operator',
        OS_PASSWORD: cloud.password,
        OS_PROJECT_NAME: cloud.project,
      },
      homedir: '/',
      cwd: '/',
      readFile: () => null,
    }),
    clock: cloud.clock,
    retry: async (_what, call) => call().catch(call),
  })
