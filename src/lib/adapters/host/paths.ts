import { stateDirectory } from './files.ts'

/** Makes the state directory (0700) where there is none. Throws STATE_UNWRITABLE (exit 3). */
export const createStateDir = (stateDir: string): void => stateDirectory(stateDir)
