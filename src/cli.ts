import { execute } from '@oclif/core/execute'
import type { Hook } from '@oclif/core/hooks'
import type * as Unknown from './lib/runtime/unknown-command.ts'

/** The bundle's entry: what bin/run.js and oclif ask of it. All else is initialised when it is first needed. */
export { COMMANDS } from 'nyah:commands'

/** oclif's core, for its plugins, which are chunks of their own. */
export const oclifCore = (): unknown => require('@oclif/core')

/** Runs one command line and sets the exit code. `root` is the package's directory. */
export async function main(argv: string[], root: string): Promise<void> {
  // Plugins found in a data directory would be code that nobody reviewed: nyah has none.
  const loadOptions = { root, pjson: __NYAH_PACKAGE__, userPlugins: false, devPlugins: false }
  await execute({ args: argv, loadOptions })
}

/** "Did you mean …?", asked only of a person; anybody else is told. A usage error (2), not the plugin's 127. */
export const commandNotFound: Hook.CommandNotFound = async function (options) {
  // Like every command, initialised only where it is needed.
  const { refuseUnknown } = require('./lib/runtime/unknown-command.ts') as typeof Unknown
  const refused = refuseUnknown(options.id, options.config.commandIDs)
  if (refused !== null) this.exit(refused)
  const { default: hook } = require('nyah:chunk/not-found')
  try {
    return await hook.call(this, options)
  } catch (error) {
    if (error instanceof Error && 'oclif' in error) Object.assign(error, { oclif: { exit: 2 } })
    throw error
  }
}
