import { expect, it } from 'vitest'
import { ID, listener, placement, pool, tree } from './sources.ts'
import { guarded, looked, standing } from './standing.ts'

const source = tree({
  listeners: [listener({ protocol: 'TERMINATED_HTTPS', protocol_port: 443, default_tls_container_ref: 'c0c0' })],
  pools: [pool({ protocol: 'HTTP' })],
})

const CERTIFICATE = 'certificate/00000000-0000-4000-8000-00000000c0c0'

/** `account`: of the mirror; null: there is none. */
function codesOf(arn: string, account: string | null = null): readonly string[] {
  const over = { placement: placement({ certificates: { c0c0: arn } }) }
  if (account === null) return guarded(looked(source, { id: ID, ...over })).codes
  const side = standing(source, 'healthy', over)
  const { loadBalancer } = side.mirror
  if (loadBalancer === null) throw new Error('not mirrored')
  const its = `arn:aws:elasticloadbalancing:ap-northeast-1:${account}:loadbalancer/net/nyah/1`
  return guarded(
    looked(source, {
      id: ID,
      ...over,
      ...side,
      mirror: { ...side.mirror, loadBalancer: { ...loadBalancer, arn: its } },
    }),
  ).codes.filter((code) => code.includes('CERTIFICATE'))
}

it.each([
  [`arn:aws:acm:ap-northeast-1:111122223333:${CERTIFICATE}`, null, []],
  [`arn:aws:acm:us-east-1:111122223333:${CERTIFICATE}`, null, ['refuse LB_CERTIFICATE_REGION']],
  ['arn:aws:iam::111122223333:server-certificate/shop', null, []],
  [`arn:aws:acm:ap-northeast-1:111122223333:${CERTIFICATE}`, '111122223333', []],
  [`arn:aws:acm:ap-northeast-1:999922223333:${CERTIFICATE}`, '111122223333', ['refuse LB_CERTIFICATE_ACCOUNT']],
  ['arn:aws:iam::999922223333:server-certificate/shop', '111122223333', ['refuse LB_CERTIFICATE_ACCOUNT']],
])('a certificate %s for a mirror of account %s: %j', (arn, account, codes) => {
  expect(codesOf(arn, account)).toEqual(codes)
})
