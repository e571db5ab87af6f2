/** An error as an AWS service answers it: code, message, HTTP status. Thrown by actions, encoded by `service.ts`. */
export interface AwsFault {
  readonly code: string
  readonly status: number
}

export function fault(code: string, message: string, status = 400): Error & AwsFault {
  return Object.assign(new Error(message), { name: 'AwsFault', code, status })
}

export const isFault = (error: unknown): error is Error & AwsFault =>
  error instanceof Error && error.name === 'AwsFault'

/** ELBv2's and STS's word for a parameter that breaks a constraint (AWS "Common errors" page). */
export const invalid = (message: string): Error => fault('ValidationError', message)

/** The wording that AWS gives a constraint of its API model. */
export const constraint = (member: string, value: string | number, must: string): Error =>
  invalid(
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must ${must}`,
  )
