import { execFile, execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** The real servers of this lane, seen without nyah. */

const lane = (name: string): string => fileURLToPath(new URL(`./lanes/${name}`, import.meta.url))

/** The `OS_*` variables of the Octavia lane. */
export function octaviaEnv(): Readonly<Record<string, string>> {
  const told = execFileSync(lane('octavia-lane'), ['env'], { encoding: 'utf8' })
  return Object.fromEntries([...told.matchAll(/^export (\w+)=(.*)$/gm)].map(([, key = '', value = '']) => [key, value]))
}

/** What AWS clients need to use the AWS lane. */
export const awsEnv = (region: string): Readonly<Record<string, string>> => ({
  AWS_ENDPOINT_URL: `http://127.0.0.1:${process.env['AWS_LANE_PORT'] ?? '5555'}`,
  AWS_ACCESS_KEY_ID: 'testing',
  AWS_SECRET_ACCESS_KEY: 'testing',
  AWS_REGION: region,
})

const run = promisify(execFile)

/** The aws command line of the lane: `aws('elbv2', 'describe-load-balancers')`, its answer decoded. */
export const awsCli =
  (region: string) =>
  async (...args: readonly string[]): Promise<any> => {
    const env = { ...process.env, AWS_REGION: region }
    const { stdout } = await run(lane('aws-lane'), ['cli', ...args, '--output', 'json'], { env })
    return stdout.trim() === '' ? null : JSON.parse(stdout)
  }
