import type { Listener as AwsListener } from '@aws-sdk/client-elastic-load-balancing-v2'
import type { ListenerSpec } from '../../ports/mirrors.ts'
import { bounded, chunks } from './bounded.ts'
import { need } from './decode.ts'
import { forwardTo, type ListenerParts } from './elbv2-decode.ts'
import type { Elbv2 } from './elbv2-lists.ts'
import * as sdk from './elbv2.sdk.ts'
import { tagList } from './ownership.ts'
import { everyPage } from './pages.ts'
import { unlessGone } from './wire.ts'

/** Only TCP listeners have attributes, only TLS listeners certificates: one call each. Null: gone since it was listed. */
export const listenerParts = (
  elb: Elbv2,
  raw: AwsListener,
  signal?: AbortSignal,
): Promise<Omit<ListenerParts, 'tags'> | null> => {
  const arn = need(raw.ListenerArn, 'Listeners[].ListenerArn')
  const parts = async () => ({
    attributes: raw.Protocol === 'TCP' ? await attributesOf(elb, arn, signal) : {},
    certificates: raw.Protocol === 'TLS' ? await chosenBySni(elb, arn, signal) : [],
  })
  return unlessGone(parts(), null)
}

async function attributesOf({ client, wire }: Elbv2, arn: string, signal?: AbortSignal) {
  const input = { ListenerArn: arn }
  const answer = await wire.read(
    'DescribeListenerAttributes',
    (o) => client.send(new sdk.DescribeListenerAttributesCommand(input), o),
    signal,
  )
  return Object.fromEntries(
    (answer.Attributes ?? []).map(({ Key, Value }) => [need(Key, 'Attributes[].Key'), Value ?? '']),
  )
}

/** The certificate list of a TLS listener, without the default one (which stands in the listener itself). */
async function chosenBySni({ client, wire }: Elbv2, arn: string, signal?: AbortSignal): Promise<string[]> {
  const all = await everyPage('DescribeListenerCertificates', async (Marker) => {
    const input = { ListenerArn: arn, ...(Marker === undefined ? {} : { Marker }) }
    const page = await wire.read(
      'DescribeListenerCertificates',
      (o) => client.send(new sdk.DescribeListenerCertificatesCommand(input), o),
      signal,
    )
    return { items: page.Certificates ?? [], next: page.NextMarker }
  })
  return all.flatMap(({ CertificateArn, IsDefault }) =>
    CertificateArn === undefined || IsDefault === true ? [] : [CertificateArn],
  )
}

export async function setListenerAttributes(
  { client, wire }: Elbv2,
  arn: string,
  attributes: Readonly<Record<string, string>>,
): Promise<void> {
  if (Object.keys(attributes).length === 0) return
  const input = { ListenerArn: arn, Attributes: tagList(attributes) }
  await wire.repeat('ModifyListenerAttributes', 'write', (o) =>
    client.send(new sdk.ModifyListenerAttributesCommand(input), o),
  )
}

/** How many certificates one call adds or takes away; AWS names no figure, an NLB has 25 at most. */
const CERTIFICATES_PER_CALL = 25

export async function addCertificates({ client, wire }: Elbv2, arn: string, added: readonly string[]): Promise<void> {
  await bounded(chunks(added, CERTIFICATES_PER_CALL), (some) => {
    const input = { ListenerArn: arn, Certificates: some.map((CertificateArn) => ({ CertificateArn })) }
    // Adding one that is there already succeeds.
    return wire.repeat('AddListenerCertificates', 'write', (o) =>
      client.send(new sdk.AddListenerCertificatesCommand(input), o),
    )
  })
}

async function removeCertificates({ client, wire }: Elbv2, arn: string, gone: readonly string[]): Promise<void> {
  await bounded(chunks(gone, CERTIFICATES_PER_CALL), (some) => {
    const input = { ListenerArn: arn, Certificates: some.map((CertificateArn) => ({ CertificateArn })) }
    return wire.repeat('RemoveListenerCertificates', 'write', (o) =>
      client.send(new sdk.RemoveListenerCertificatesCommand(input), o),
    )
  })
}

/** The fields of CreateListener and ModifyListener that only TLS has. */
export const tlsInput = ({
  certificates = [],
  sslPolicy = null,
  alpnPolicy,
}: Partial<Pick<ListenerSpec, 'certificates' | 'sslPolicy' | 'alpnPolicy'>>) => ({
  ...(certificates[0] === undefined ? {} : { Certificates: [{ CertificateArn: certificates[0] }] }),
  ...(sslPolicy === null ? {} : { SslPolicy: sslPolicy }),
  ...(alpnPolicy === undefined ? {} : { AlpnPolicy: [alpnPolicy ?? 'None'] }),
})

async function listenerByArn({ client, wire }: Elbv2, arn: string): Promise<AwsListener> {
  const input = { ListenerArns: [arn] }
  const answer = await wire.read('DescribeListeners', (o) => client.send(new sdk.DescribeListenersCommand(input), o))
  return need(answer.Listeners?.[0], 'Listeners[0]')
}

/**
 * Only what is given, in an order in which no name is ever without its certificate: further certificates come before the
 * default one changes, and others go after it. On a listener that only now becomes TLS they can but follow.
 */
export async function changeListener(elb: Elbv2, arn: string, change: Partial<ListenerSpec>): Promise<void> {
  const { client, wire } = elb
  const { protocol, port, forward, certificates, sslPolicy, alpnPolicy, attributes } = change
  const further = certificates?.slice(1) ?? []
  // What only TLS has is not sent to a TCP listener: AWS takes certificate and policies away with the protocol.
  const names = certificates !== undefined || sslPolicy !== undefined || alpnPolicy !== undefined
  const before = names && protocol !== 'TCP' ? await listenerByArn(elb, arn) : null
  const tls = before !== null && (protocol ?? before.Protocol) === 'TLS'
  const present =
    tls && before.Protocol === 'TLS' && certificates !== undefined ? await chosenBySni(elb, arn) : ([] as string[])
  const missing = tls ? further.filter((one) => !present.includes(one)) : []
  if (tls && before.Protocol === 'TLS') await addCertificates(elb, arn, missing)

  const input = {
    ListenerArn: arn,
    ...(protocol === undefined ? {} : { Protocol: protocol }),
    ...(port === undefined ? {} : { Port: port }),
    ...(forward === undefined ? {} : { DefaultActions: forwardTo(forward) }),
    ...(tls ? tlsInput(change) : {}),
  }
  if (Object.keys(input).length > 1) {
    await wire.repeat('ModifyListener', 'write', (o) => client.send(new sdk.ModifyListenerCommand(input), o))
  }

  if (tls && before.Protocol !== 'TLS') await addCertificates(elb, arn, missing)
  const unwanted = certificates === undefined ? [] : present.filter((one) => !further.includes(one))
  await removeCertificates(elb, arn, unwanted)
  if (attributes !== undefined) await setListenerAttributes(elb, arn, attributes)
}

/** What CreateListener alone does not do; also on one that was found, since a crash may lie between the calls. */
export async function completeListener(elb: Elbv2, arn: string, spec: ListenerSpec): Promise<void> {
  if (spec.protocol === 'TLS') await addCertificates(elb, arn, spec.certificates.slice(1))
  await setListenerAttributes(elb, arn, spec.attributes)
}
