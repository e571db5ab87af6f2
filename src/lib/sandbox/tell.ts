import { request } from 'node:http'
import { EXIT, nyahError } from '../core/errors.ts'

/** Tells a running sandbox, and gives what it answers. Throws SANDBOX_UNREACHABLE. */
export const tell = (url: string, body: unknown): Promise<string> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { method: 'PUT', timeout: 5_000 }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        if (answer.statusCode === 200) resolve(text)
        else reject(unreachable(url, text))
      })
    })
    asked.on('timeout', () => asked.destroy(new Error('no answer in 5 s')))
    asked.on('error', (error) => reject(unreachable(url, error.message)))
    asked.end(JSON.stringify(body))
  })

const unreachable = (url: string, why: string): Error =>
  nyahError({
    code: 'SANDBOX_UNREACHABLE',
    message: `${url} does not do it: ${why}`,
    exit: EXIT.remote,
    tries: ['end the sandbox where it runs, and: nyah sandbox start'],
  })
