import { copyFile, link, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { asStorageError, codeOf, isMissing } from './file-errors.ts'
import { flush } from './flush.ts'

/** The errors of file systems that have no hard links. */
export const linkless = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']

/**
 * Gives the file a second, durable name in the folder, which is made when it is missing: its own and the time. Costs no
 * room where the file system has hard links. Resolves to the path; `undefined` when there is no such file.
 */
export async function keepInFolder(path: string, dir: string, name: string): Promise<string | undefined> {
  const kept = join(dir, `${name}-${new Date().toISOString().replaceAll(':', '')}`)
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 })
    await link(path, kept).catch((err) => {
      if (!linkless.includes(codeOf(err))) throw err
      return copyFile(path, kept)
    })
    for (const changed of [kept, dir, dirname(dir)]) await flush(changed)
    return kept
  } catch (err) {
    if (isMissing(err)) return undefined
    throw asStorageError(err)
  }
}
