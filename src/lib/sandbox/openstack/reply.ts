import type { WireResponse } from '../service.ts'

export const reply = (status: number, body: unknown, headers: Record<string, string> = {}): WireResponse => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})

export const empty = (status: number): WireResponse => ({ status, headers: {}, body: '' })

/** Ends a request from anywhere below the router; it never leaves the service. */
interface Refusal extends Error {
  readonly response: WireResponse
}

const refusal = (response: WireResponse): Refusal => Object.assign(new Error('refused'), { response })

export const isRefusal = (error: unknown): error is Refusal => error instanceof Error && 'response' in error

/** Octavia's usual error: `{faultcode, faultstring, debuginfo}`. */
export const fault = (status: number, faultstring: string): Refusal =>
  refusal(reply(status, { faultcode: status >= 500 ? 'Server' : 'Client', faultstring, debuginfo: null }))

/** Octavia's second one, of the web framework: `{code, title, description}`. */
export const titled = (status: number, title: string, description: string | null): Refusal =>
  refusal(reply(status, { code: status, title, description }))

/** Keystone's, and Octavia's 401: `{error: {code, title, message}}`. */
export const identityError = (
  status: number,
  title: string,
  message: string,
  headers: Record<string, string> = {},
): Refusal => refusal(reply(status, { error: { code: status, message, title } }, headers))

export const notFound = (what: string, id: string): Refusal => fault(404, `${what} ${id} not found.`)
