import { EXIT, nyahError, type NyahError } from '../core/errors.ts'
import type { Observed } from './model.ts'
import { ownedOf } from './owned.ts'

/** What is said where there is nothing to work on. */

type Claimed = Pick<Observed, 'id' | 'mirror' | 'securityGroup' | 'asked'>

export const notFound = (id: string): NyahError =>
  nyahError({
    code: 'LB_NOT_FOUND',
    message: `no load balancer ${id}: Octavia does not know it (or these credentials may not see it), and it has no mirror`,
    exit: EXIT.usage,
    tries: ['nyah lb list'],
  })

export const notMirrored = (id: string): NyahError =>
  nyahError({
    code: 'LB_NOT_MIRRORED',
    message: `load balancer ${id} has no mirror to bring up to date`,
    exit: EXIT.usage,
    tries: [`nyah lb mirror ${id}`],
  })

export const nothingToTakeOver = (formerId: string, own: Claimed): NyahError =>
  nyahError({
    code: 'LB_NOT_MIRRORED',
    message: `load balancer ${formerId} has no mirror that ${own.id} could take over`,
    exit: EXIT.usage,
    tries: [ownedOf(own).loadBalancer === null ? `nyah lb mirror ${own.id}` : `nyah lb sync ${own.id}`],
  })
