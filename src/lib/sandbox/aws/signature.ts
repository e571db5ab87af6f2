import { fault } from './fault.ts'

/** What the Signature Version 4 header says. The signature itself is not checked: the sandbox knows no secrets. */
export interface Credential {
  readonly accessKeyId: string
  readonly region: string
  readonly service: string
}

const CREDENTIAL = /Credential=([A-Za-z0-9_-]{1,128})\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request/

/** "Common errors" page: MissingAuthenticationToken (403), IncompleteSignature (400). */
export function credentialOf(authorization: string | undefined): Credential {
  if (authorization === undefined || authorization === '') {
    throw fault('MissingAuthenticationToken', 'Request is missing Authentication Token', 403)
  }
  const [, accessKeyId, , region, service] = CREDENTIAL.exec(authorization) ?? []
  const whole = authorization.startsWith('AWS4-HMAC-SHA256 ') && /SignedHeaders=[^,]+/.test(authorization)
  const signed = /Signature=[0-9a-f]{64}/.test(authorization)
  if (!whole || !signed || accessKeyId === undefined || region === undefined || service === undefined) {
    throw fault(
      'IncompleteSignature',
      "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters of AWS4-HMAC-SHA256",
    )
  }
  return { accessKeyId, region, service }
}
