import { describe } from 'vitest'
import { alarmsContract } from './alarms.ts'
import { dnsContract } from './dns.ts'
import { faultsContract } from './faults.ts'
import { listenersContract } from './listeners.ts'
import { mirrorsContract } from './mirrors.ts'
import { nobodysPermissions, permissionsContract } from './permissions.ts'
import { type AwsBench, awsStage } from './stage.ts'
import { strictContract } from './strict.ts'
import { treesContract } from './trees.ts'

/** The contract of the Mirrors, Network, Dns and Permissions ports, and of alarms, held against one endpoint. `lenient` is moto: a store that judges little. */
export function awsContract(name: string, lenient: boolean, open: () => Promise<AwsBench>): void {
  describe(`AWS contract: ${name}`, () => {
    const aws = awsStage(open)
    mirrorsContract(aws)
    treesContract(aws, lenient)
    listenersContract(aws, lenient)
    faultsContract(aws)
    strictContract(aws, lenient)
    dnsContract(aws, lenient)
    alarmsContract(aws)
    const permissions = lenient ? nobodysPermissions : permissionsContract
    permissions(aws)
  })
}
