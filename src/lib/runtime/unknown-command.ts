import { EXIT, nyahError, type ExitCode, type NyahError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import { renderError } from '../render/errors.ts'
import { processIo } from './io.ts'

/** Nouns of the design, and commands of nouns that are there, that this version does not have. */
const LATER: Readonly<Record<string, string>> = {
  cluster: 'clusters that Prods run on are',
  controller: 'the Kubernetes controller is',
  prod: 'Prods and their rollouts are',
  tenant: 'tenant sets are',
  watch: 'the live overview is',
}

/** What is not built yet is refused by name; anything else is a misspelling. `id`: `dns:show`; `ids`: every command. */
function unknownCommand(id: string, ids: readonly string[]): NyahError {
  const typed = id.replaceAll(':', ' ')
  const [noun = '', verb = ''] = id.split(':')
  const later = [noun, `${noun}:${verb}`].find((each) => Object.hasOwn(LATER, each))
  if (later !== undefined)
    return nyahError({
      code: 'COMMAND_NOT_BUILT',
      message: `nyah ${later.replace(':', ' ')}: ${LATER[later]} not built yet in this version`,
      exit: EXIT.usage,
      tries: ['nyah --help'],
    })
  const close = nearest(id, ids, 3).map((each) => `nyah ${each.replaceAll(':', ' ')}`)
  return nyahError({
    code: 'COMMAND_UNKNOWN',
    message: `${typed} is no nyah command`,
    exit: EXIT.usage,
    tries: [...close, 'nyah --help'],
  })
}

/** Says what is wrong and gives the exit code; null: a misspelling typed by a person, who may be asked what was meant. */
export function refuseUnknown(id: string, ids: readonly string[]): ExitCode | null {
  const error = unknownCommand(id, ids)
  const { interactive, colour, width, err } = processIo(false)
  if (interactive && error.code === 'COMMAND_UNKNOWN') return null
  err(renderError(error, { colour: colour.stderr, width, debug: false }))
  return error.exit
}
