import { EXIT, nyahError } from '../../core/errors.ts'

/** A field that AWS documents as always there. Missing: AWS_UNEXPECTED_ANSWER, naming it. */
export function need<T>(value: T | null | undefined, field: string): T {
  if (value !== undefined && value !== null && value !== '') return value
  throw nyahError({
    code: 'AWS_UNEXPECTED_ANSWER',
    message: `the answer of AWS has no ${field}`,
    exit: EXIT.remote,
    tries: ['nyah doctor', 'check that aws.endpointUrl names an AWS API'],
    details: { field },
  })
}
