/**
 * S3, as much as a switch needs: PUT, HEAD, GET and DELETE of one object, path-style, in buckets that a world has.
 * `/<bucket>/<key>`, below `/s3`. Comments beside the rules name their page of the S3 API reference or user guide.
 */
import { createHash } from 'node:crypto'
import type { Service, WireRequest, WireResponse } from '../service.ts'
import { fault, isFault } from './fault.ts'
import { judged } from './iam-policy.ts'
import { hex } from './ids.ts'
import type { BucketState, ObjectState } from './s3-state.ts'
import { absencesOf } from './s3-state.ts'
import { credentialOf } from './signature.ts'
import type { AwsState } from './state.ts'
import { own, without } from './state.ts'
import { checkSession } from './sts.ts'
import { toXml } from './xml.ts'

interface Reply {
  readonly bucket: BucketState
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** "Error responses" page: NoSuchBucket, NoSuchKey, AccessDenied, AuthorizationHeaderMalformed, NotImplemented. */
const denied = () => fault('AccessDenied', 'Access Denied', 403)

const unbuilt = (what: string) => fault('NotImplemented', `${what} is not built in the sandbox`, 501)

function placeOf(path: string): { readonly name: string; readonly key: string } {
  const [, name = '', rest = ''] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? []
  try {
    return { name, key: decodeURIComponent(rest) }
  } catch {
    throw fault('InvalidURI', "Couldn't parse the specified URI.")
  }
}

/** Who may do what: an object that everybody may read needs no signature to be read. */
function authorize(state: AwsState, request: WireRequest, bucket: BucketState, key: string, now: number): void {
  const reads = request.method === 'GET' || request.method === 'HEAD'
  const authorization = request.headers['authorization']
  if (authorization === undefined) {
    if (reads && bucket.publicRead) return
    throw denied()
  }
  const { accessKeyId, region, service } = credentialOf(authorization)
  if (service !== 's3' || region !== bucket.region) {
    const message = `The authorization header is malformed; the region '${region}' is wrong; expecting '${bucket.region}'`
    throw fault('AuthorizationHeaderMalformed', message)
  }
  checkSession(state, accessKeyId, now)
  const allowed = (action: string, resource: string) =>
    judged(state.policy, `s3:${action}`, `arn:aws:s3:::${resource}`, {}).decision === 'allowed'
  const action = reads ? 'GetObject' : request.method === 'PUT' ? 'PutObject' : 'DeleteObject'
  if (!allowed(action, `${bucket.name}/${key}`)) throw denied()
  // API_HeadObject: without s3:ListBucket, what is not there is 403 and not 404.
  if (reads && own(bucket.objects, key) === undefined && !allowed('ListBucket', bucket.name)) throw denied()
}

const headersOf = ({ body, etag, contentType, modifiedAt }: ObjectState): Record<string, string> => ({
  etag,
  'content-length': String(Buffer.byteLength(body)),
  'content-type': contentType,
  'last-modified': new Date(modifiedAt).toUTCString(),
})

function put(bucket: BucketState, key: string, { headers, body }: WireRequest, now: number): Reply {
  const present = own(bucket.objects, key)
  // "Conditional writes" page: If-None-Match takes only `*`.
  if (headers['if-none-match'] !== undefined && present !== undefined) {
    throw fault('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412)
  }
  if (headers['content-encoding']?.includes('aws-chunked') === true) throw unbuilt('aws-chunked')
  const object: ObjectState = {
    body,
    etag: `"${createHash('md5').update(body).digest('hex')}"`,
    contentType: headers['content-type'] ?? 'binary/octet-stream',
    modifiedAt: now,
  }
  const absences = absencesOf(bucket, key).map((absence) => ({ ...absence, upAt: absence.upAt ?? now }))
  return {
    bucket: {
      ...bucket,
      objects: { ...bucket.objects, [key]: object },
      absences: { ...bucket.absences, [key]: absences },
    },
    status: 200,
    headers: { etag: object.etag },
    body: '',
  }
}

/** API_DeleteObject: 204, also where there is nothing. */
function remove(bucket: BucketState, key: string, now: number): Reply {
  const done = { status: 204, headers: {}, body: '' }
  if (own(bucket.objects, key) === undefined) return { ...done, bucket }
  const absences = [...absencesOf(bucket, key), { downAt: now, upAt: null }]
  return {
    ...done,
    bucket: { ...bucket, objects: without(bucket.objects, key), absences: { ...bucket.absences, [key]: absences } },
  }
}

function routed(state: AwsState, request: WireRequest, now: number): Reply {
  const { method, query } = request
  const { name, key } = placeOf(request.path)
  const asked = [...query.keys()].filter((each) => each !== 'x-id')
  if (name === '' || asked.length > 0) throw unbuilt(`${method} ${request.path} ${asked.join(' ')}`.trim())
  const bucket = own(state.buckets, name)
  if (bucket === undefined) throw fault('NoSuchBucket', 'The specified bucket does not exist', 404)
  if (key === '' && method !== 'HEAD') throw unbuilt(`${method} of a bucket`)
  authorize(state, request, bucket, key, now)
  // API_HeadBucket.
  if (key === '') return { bucket, status: 200, headers: { 'x-amz-bucket-region': bucket.region }, body: '' }
  if (method === 'PUT') return put(bucket, key, request, now)
  if (method === 'DELETE') return remove(bucket, key, now)
  if (method !== 'GET' && method !== 'HEAD') throw unbuilt(method)
  const object = own(bucket.objects, key)
  if (object === undefined) throw fault('NoSuchKey', 'The specified key does not exist.', 404)
  return { bucket, status: 200, headers: headersOf(object), body: object.body }
}

export const s3: Service<AwsState> = (state, request, { now }) => {
  const id = hex(`s3/${now}/${request.method}/${request.path}`, 16).toUpperCase()
  const respond = (status: number, headers: Readonly<Record<string, string>>, body: string): WireResponse => ({
    status,
    headers: { 'x-amz-request-id': id, ...headers },
    body,
  })
  try {
    const { bucket, status, headers, body } = routed(state, request, now)
    const unchanged = state.buckets[bucket.name] === bucket
    return {
      state: unchanged ? state : { ...state, buckets: { ...state.buckets, [bucket.name]: bucket } },
      response: respond(status, headers, body),
    }
  } catch (error) {
    if (!isFault(error)) throw error
    const { code, message, status } = error
    const body = toXml('Error', { Code: code, Message: message, RequestId: id }, 'member')
    return { state, response: respond(status, { 'content-type': 'application/xml' }, body) }
  }
}
