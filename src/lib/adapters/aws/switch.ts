import { isNyahError } from '../../core/errors.ts'
import type { SwitchObjects, SwitchPlace } from '../../ports/switch.ts'
import { guarded } from './door.ts'
import { createPace, S3_RATES } from './pace.ts'
import * as sdk from './s3.sdk.ts'
import type { AwsDeps } from './session.ts'
import { createWire } from './wire.ts'

/** The object of a data-plane switch. Errors: the AWS_ codes of docs/aws.md. */
export function createSwitch({ session, clock, retry }: AwsDeps): SwitchObjects {
  const wire = createWire('s3', createPace(clock, S3_RATES), retry)
  const clients = new Map<string, InstanceType<typeof sdk.S3Client>>()
  /** Signed for the bucket's own Region, which is seldom the one that everything else is in. */
  const clientIn = (region: string): InstanceType<typeof sdk.S3Client> => {
    const known = clients.get(region)
    if (known !== undefined) return known
    const config = session.clientConfig('S3')
    const made = guarded(
      new sdk.S3Client({
        ...config,
        region,
        // An endpoint of one's own has no host name for each bucket.
        forcePathStyle: 'endpoint' in config,
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
      }),
    )
    clients.set(region, made)
    return made
  }
  const objectOf = ({ bucket, key }: SwitchPlace): { Bucket: string; Key: string } => ({ Bucket: bucket, Key: key })

  return {
    async engage(place, why) {
      // Whoever finds it should know what it is.
      const Body = `${JSON.stringify({ nyah: 'switch', engaged: true, why })}\n`
      const input = { ...objectOf(place), Body, ContentType: 'application/json', CacheControl: 'no-store' }
      await wire.once('PutObject', (o) => clientIn(place.region).send(new sdk.PutObjectCommand(input), o))
    },
    async disengage(place) {
      await wire.once('DeleteObject', (o) =>
        clientIn(place.region).send(new sdk.DeleteObjectCommand(objectOf(place)), o),
      )
    },
    async engaged(place, signal) {
      const send = (o: object) => clientIn(place.region).send(new sdk.HeadObjectCommand(objectOf(place)), o)
      try {
        await wire.read('HeadObject', send, signal)
        return true
      } catch (error) {
        if (!isNyahError(error)) throw error
        if (error.details['status'] === 404) return false
        // Without s3:ListBucket, what is not there is denied as well.
        if (error.code === 'AWS_ACCESS_DENIED' || error.details['status'] === 403) return null
        throw error
      }
    },
  }
}
