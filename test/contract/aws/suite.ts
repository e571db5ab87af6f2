import { describe } from 'vitest'
import { faultsContract } from './faults.ts'
import { mirrorsContract } from './mirrors.ts'
import { type AwsBench, awsStage } from './stage.ts'
import { strictContract } from './strict.ts'

/** The contract of the Mirrors and Network ports, held against one endpoint. `lenient` is moto: a store that judges little. */
export function awsContract(name: string, lenient: boolean, open: () => Promise<AwsBench>): void {
  describe(`AWS contract: ${name}`, () => {
    const aws = awsStage(open)
    mirrorsContract(aws)
    faultsContract(aws)
    strictContract(aws, lenient)
  })
}
