import { readFile, writeFile } from 'node:fs/promises'
import { Plugin } from '@oclif/core/config'
import { ROOT } from './build/paths.ts'

const FILE = `${ROOT}oclif.manifest.json`

/** The manifest of what dist/ holds, as text: flags and arguments of each command, so that help loads none of them. */
export async function manifest(): Promise<string> {
  const pjson = JSON.parse(await readFile(`${ROOT}package.json`, 'utf8'))
  const plugin = new Plugin({
    root: ROOT,
    pjson,
    isRoot: true,
    ignoreManifest: true,
    errorOnManifestCreate: true,
    // Defaults that are functions stay out: they would bake this machine in.
    respectNoCacheDefault: true,
  })
  await plugin.load()
  return `${JSON.stringify(plugin.manifest, null, 2)}\n`
}

/** Is the committed manifest the one that dist/ gives? */
export async function isCurrent(): Promise<boolean> {
  return (await readFile(FILE, 'utf8').catch(() => '')) === (await manifest())
}

if (import.meta.main) {
  if (!process.argv.includes('--check')) await writeFile(FILE, await manifest())
  else if (!(await isCurrent())) {
    process.stderr.write('oclif.manifest.json is stale (or dist/ is): run `npm run manifest` and commit it\n')
    process.exitCode = 1
  }
}
