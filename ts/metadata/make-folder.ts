import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a folder and those above it; what is there already stays as it is. Throws the system's error. Node's own
 * `recursive` never ends where a file system refuses new folders by saying that there is none (`/proc`).
 */
export function makeFolder(path: string, mode = 0o777): void {
  try {
    mkdirSync(path, { mode })
  } catch (err) {
    const code = err instanceof Error && 'code' in err ? err.code : undefined
    if (code === 'EEXIST') return
    if (code !== 'ENOENT') throw err
    const parent = dirname(path)
    if (existsSync(parent)) throw new Error(`no folder can be made in ${parent}`, { cause: err })
    makeFolder(parent, mode)
    makeFolder(path, mode)
  }
}
