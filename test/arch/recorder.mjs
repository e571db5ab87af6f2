// Preloaded into a nyah that is watched: writes what it loaded to $NYAH_RECORD when it ends.
import { writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

const loaded = new Set()
registerHooks({
  resolve(specifier, context, next) {
    const result = next(specifier, context)
    loaded.add(result.url)
    return result
  },
})
process.on('exit', () => {
  const initialised = globalThis.__nyahInitialised ?? []
  writeFileSync(process.env.NYAH_RECORD, JSON.stringify({ loaded: [...loaded], initialised: [...initialised] }))
})
