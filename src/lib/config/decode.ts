import type * as z from 'zod/mini'
import { EXIT, nyahError, type NyahError } from '../core/errors.ts'
import { configFile, type ConfigFile } from './schema.ts'

export const invalid = (file: string, why: string): NyahError =>
  nyahError({
    code: 'CONFIG_INVALID',
    message: `${file}: ${why}`,
    exit: EXIT.configuration,
    tries: [`mend ${file}`, 'nyah config explain'],
  })

/** Checks the shape; the error names every wrong field. */
export function decodeConfig(file: string, content: unknown): ConfigFile {
  const result = configFile.safeParse(content)
  if (result.success) return result.data
  const problems = result.error.issues.map((issue) => {
    const path = issue.path.map(String).join('.')
    const what = whatIn(issue)
    return path === '' ? what : `${path}: ${what}`
  })
  throw invalid(file, problems.join('; '))
}

function whatIn(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `unknown key ${issue.keys.join(', ')}`
  return issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message
}
