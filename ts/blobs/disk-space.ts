import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { BlobStore, Digest } from './store.ts'

export interface DiskSpace {
  /** What this process may still write. */
  readonly freeBytes: number
  readonly totalBytes: number
}

const anyDigest: Digest = `sha256:${'0'.repeat(64)}`

/** Of the disk that holds the blobs; `undefined` where they are on none of this machine. */
export async function diskSpace(blobs: Pick<BlobStore, 'localPath'>): Promise<DiskSpace | undefined> {
  const path = blobs.localPath(anyDigest)
  return path === undefined ? undefined : spaceAt(dirname(path))
}

/** Asked of the nearest folder that is there: those of blobs are made when they are needed. */
async function spaceAt(folder: string): Promise<DiskSpace> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder)
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
  } catch (err) {
    const above = dirname(folder)
    if ((err as NodeJS.ErrnoException).code !== 'ENOENT' || above === folder) throw err
    return spaceAt(above)
  }
}
