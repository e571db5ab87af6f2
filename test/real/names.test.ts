import { namesContract } from '../contract/aws/names.ts'
import { virtualClock } from '../support/clock.ts'
import { awsCli, awsEnv } from './lane.ts'

/** Zones, records, health checks and the switch's object against moto: a store, which shows what goes over the wire. */
const REGION = 'ap-northeast-1'
const SWITCH_REGION = 'ap-northeast-3'

namesContract('moto', true, async () => {
  const stamp = Date.now().toString(36)
  const aws = awsCli(REGION)
  const created = async (name: string, ...more: readonly string[]) => {
    const { HostedZone } = await aws(
      'route53',
      'create-hosted-zone',
      '--name',
      name,
      '--caller-reference',
      `${name}-${stamp}`,
      ...more,
    )
    return { id: String(HostedZone.Id).replace('/hostedzone/', ''), name }
  }
  const { Vpcs } = await aws('ec2', 'describe-vpcs')
  const zone = await created(`nyah-${stamp}.example`)
  const vpc = ['--vpc', `VPCRegion=${REGION},VPCId=${Vpcs[0].VpcId}`]
  const privateZone = await created(`nyah-${stamp}.internal`, ...vpc, '--hosted-zone-config', 'PrivateZone=true')
  const place = { bucket: `nyah-${stamp}`, region: SWITCH_REGION, key: 'nyah/away' }
  await awsCli(SWITCH_REGION)(
    's3api',
    'create-bucket',
    '--bucket',
    place.bucket,
    '--create-bucket-configuration',
    `LocationConstraint=${SWITCH_REGION}`,
  )
  return {
    env: awsEnv(REGION),
    region: REGION,
    zone,
    privateZone,
    place,
    clock: virtualClock(),
    async close() {
      for (const { id } of [zone, privateZone]) await aws('route53', 'delete-hosted-zone', '--id', id)
      await awsCli(SWITCH_REGION)('s3api', 'delete-bucket', '--bucket', place.bucket)
    },
  }
})
