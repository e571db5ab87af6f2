import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { bundle } from './build/bundle.ts'
import { commonJsChunks, esmChunks, sandboxChunks } from './build/chunks.ts'
import { BuildError, DIST, isSandbox, isTui } from './build/paths.ts'

/** Only what changed is written, and at once: a test that runs meanwhile never sees half a file. */
async function put(name: string, text: string): Promise<void> {
  const path = `${DIST}${name}`
  const old = await readFile(path, 'utf8').catch(() => null)
  if (old === text) return
  const temporary = `${path}.${process.pid}.tmp`
  await writeFile(temporary, text)
  await rename(temporary, path)
}

async function main(): Promise<void> {
  const started = process.hrtime.bigint()
  const { text, chunkFiles } = await bundle({ readable: false })
  const [chunks, views, sandbox] = await Promise.all([
    commonJsChunks(chunkFiles.filter((file) => !isTui(file) && !isSandbox(file))),
    esmChunks(chunkFiles.filter(isTui)),
    sandboxChunks(chunkFiles.filter(isSandbox)),
  ])
  const files = new Map([...chunks, ...views, ...sandbox, ['cli.cjs', text] as const])

  await mkdir(DIST, { recursive: true })
  await Promise.all([...files].map(([name, content]) => put(name, content)))
  const stale = (await readdir(DIST)).filter((name) => !files.has(name) && !name.endsWith('.tmp'))
  await Promise.all(stale.map((name) => rm(`${DIST}${name}`, { force: true })))

  const kilobytes = (names: readonly string[]): string =>
    `${Math.ceil(names.reduce((sum, name) => sum + Buffer.byteLength(files.get(name) ?? ''), 0) / 1024)}K`
  const isShared = (name: string): boolean => /^(shared|sandbox)-[A-Z0-9]{8}\.cjs$/.test(name)
  const shared = [...files.keys()].filter(isShared)
  const named = [...files.keys()].filter((name) => !isShared(name)).toSorted()
  const parts = [...named.map((name) => `${name} ${kilobytes([name])}`), `${shared.length} shared ${kilobytes(shared)}`]
  const ms = Number((process.hrtime.bigint() - started) / 1_000_000n)
  process.stdout.write(`dist/ in ${ms} ms: ${parts.join(', ')}\n`)
}

main().catch((error: unknown) => {
  const ours = error instanceof BuildError || (error instanceof Error && 'errors' in error)
  process.stderr.write(`build: ${error instanceof Error ? (ours ? error.message : error.stack) : String(error)}\n`)
  process.exitCode = 1
})
