import { randomUUID } from 'node:crypto'
import { link, rename, stat, utimes } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { codeOf, isMissing } from './file-errors.ts'
import { linkless } from './filesystem-quarantine.ts'
import { flush } from './flush.ts'
import { removeFile } from './staging-file.ts'

/**
 * `BlobStore.delete` for files. Until `confirm` has answered the file waits in the folder of staging, where a sweep finds
 * it when the process dies; a process that died after it was stopped for minutes, and only then, may so take bytes away that
 * were stored again. They are the file `removed-{hex}-…` there for two days.
 */
export async function removeBlob(path: string, stagingDir: string, confirm?: () => Promise<boolean>): Promise<void> {
  if (!confirm) return removeFile(path)
  const aside = join(stagingDir, `removed-${basename(path)}-${randomUUID()}`)
  const wasThere = await setAside(path, aside)
  let isMeant = false
  try {
    isMeant = await confirm()
  } finally {
    if (wasThere && !isMeant) await putBack(aside, path)
  }
  if (wasThere && isMeant) await removeFile(aside)
}

/** False when there is no such file. */
async function setAside(path: string, aside: string): Promise<boolean> {
  try {
    const now = new Date()
    await utimes(path, now, now) // by which a sweep knows staging that is in use
    await rename(path, aside)
    return true
  } catch (err) {
    if (isMissing(err)) return false
    throw err
  }
}

/** Unless the bytes were stored again. */
async function putBack(aside: string, path: string): Promise<void> {
  try {
    await link(aside, path)
  } catch (err) {
    if (linkless.includes(codeOf(err))) return moveBack(aside, path)
    if (codeOf(err) !== 'EEXIST') throw err
  }
  await removeFile(aside)
  await flush(dirname(path))
}

async function moveBack(aside: string, path: string): Promise<void> {
  const isStored = await stat(path).then(
    () => true,
    (err) => (isMissing(err) ? false : Promise.reject(err)),
  )
  if (isStored) return removeFile(aside)
  await rename(aside, path)
  await flush(dirname(path))
}
