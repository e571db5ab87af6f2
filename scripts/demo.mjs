#!/usr/bin/env node
// `npm run demo`: the main job on the sandbox, typed as an operator would. It runs the built `bin`, nothing else.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('../bin/run.js', import.meta.url))
const stateDir = mkdtempSync(join(tmpdir(), 'nyah-demo-'))
const env = { ...process.env, NYAH_STATE_DIR: stateDir, NYAH_CONTEXT: '', NYAH_CONFIG: '' }
const bold = process.stdout.isTTY && !process.env.NO_COLOR ? (text) => `\x1b[1m${text}\x1b[0m` : (text) => text

/** Runs one command with its output on this terminal; anything but the expected exit code ends the demo. */
const nyah = (args, expected = 0) =>
  new Promise((resolve, reject) => {
    process.stdout.write(`\n${bold(`$ nyah ${args.join(' ')}`)}\n`)
    const child = spawn(process.execPath, [bin, ...args], { env, stdio: ['ignore', 'inherit', 'inherit'] })
    child.on('error', reject)
    child.on('exit', (code, signal) =>
      code === expected ? resolve() : reject(new Error(`nyah ${args.join(' ')} ended with ${code ?? signal}`)),
    )
  })

/** Starts the sandbox as `nyah sandbox start` does, and waits for the line that says where it listens. */
const startSandbox = () =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, 'sandbox', 'start', '--speed', '60', '--json'], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    child.on('error', reject)
    child.on('exit', (code) => reject(new Error(`the sandbox ended with ${code}`)))
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += chunk
      if (text.includes('\n')) resolve({ child, ...JSON.parse(text) })
    })
  })

const json = async (response) => {
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  return response.json()
}

/** What a service owner does in Octavia, by plain HTTP: one more member behind every pool of a load balancer. */
async function addMember({ OS_AUTH_URL, OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME }, name, address) {
  const user = { name: OS_USERNAME, domain: { id: 'default' }, password: OS_PASSWORD }
  const scope = { project: { name: OS_PROJECT_NAME, domain: { id: 'default' } } }
  const login = await fetch(`${OS_AUTH_URL}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ auth: { identity: { methods: ['password'], password: { user } }, scope } }),
  })
  const { token } = await json(login)
  const octavia = token.catalog.find(({ type }) => type === 'load-balancer').endpoints[0].url.replace(/\/v2\/?$/, '')
  const headers = { 'x-auth-token': login.headers.get('x-subject-token'), 'content-type': 'application/json' }
  const call = (method, path, body) =>
    fetch(`${octavia}/v2/lbaas/${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
  const { loadbalancers } = await json(await call('GET', `loadbalancers?name=${name}`))
  const { pools } = await json(await call('GET', `pools?loadbalancer_id=${loadbalancers[0].id}`))
  for (const { id } of pools) {
    const { members } = await json(await call('GET', `pools/${id}/members`))
    const { protocol_port, subnet_id } = members[0]
    const member = { name: 'new', address, protocol_port, ...(subnet_id ? { subnet_id } : {}) }
    // A load balancer that is still taking the last change answers 409: Octavia takes one change at a time.
    for (let attempt = 0; ; attempt += 1) {
      const answer = await call('POST', `pools/${id}/members`, { member })
      if (answer.status !== 409 || attempt === 50) {
        await json(answer)
        break
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  for (let status = ''; status !== 'ACTIVE';) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    status = (await json(await call('GET', `loadbalancers/${loadbalancers[0].id}`))).loadbalancer.provisioning_status
  }
}

const started = Date.now()
const sandbox = await startSandbox()
try {
  sandbox.child.removeAllListeners('exit')
  process.stdout.write(`The sandbox runs at ${sandbox.url}: Keystone, Octavia and AWS, all on this machine.\n`)
  await nyah(['lb', 'list', '--sandbox'])
  await nyah(['lb', 'mirror', 'shop-web', '--sandbox', '--yes'])
  process.stdout.write(`\n${bold('# A service owner adds 10.20.1.99 to both pools of shop-web, in Octavia.')}\n`)
  await addMember(sandbox.env, 'shop-web', '10.20.1.99')
  await nyah(['lb', 'diff', 'shop-web', '--sandbox'], 4)
  await nyah(['lb', 'sync', 'shop-web', '--sandbox', '--yes'])
  await nyah(['lb', 'show', 'shop-web', '--sandbox'])
  process.stdout.write(`
That was a load balancer of a private cloud, mirrored into AWS and following its members: ${((Date.now() - started) / 1000).toFixed(1)} s.

Next, try it yourself:
  npx nyah sandbox start            in one terminal; it stays until Ctrl-C
  npx nyah lb mirror shop-api --sandbox
  npx nyah lb mirror shop-l7 --sandbox        refused, by name: L7 policies
With your own clouds:
  npx nyah init
  npx nyah doctor
  npx nyah lb mirror <uuid> --plan
`)
} finally {
  sandbox.child.kill('SIGTERM')
  rmSync(stateDir, { recursive: true, force: true })
}
