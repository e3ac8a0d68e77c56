import { type FileHandle, open, unlink } from 'node:fs/promises'
import { isMissing } from './file-errors.ts'
import { releaseGiven } from './given-away.ts'

const mib = 1024 * 1024

/** Writes in progress share this much gathered memory, each with batches of 64 KiB to 1 MiB (the fastest). */
const sharedBatchBytes = 8 * mib

let writesInProgress = 0

/**
 * Writes the pieces to a new file and makes its bytes durable. Whatever goes wrong, the handle is closed and the file
 * removed before this rejects.
 */
export async function writeStagingFile(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    const handle = await open(path, 'wx', 0o600)
    try {
      await writePieces(handle, pieces, 0)
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (err) {
    await removeFile(path)
    throw err
  }
}

/** Writes the pieces from a position on. While one batch is being written the next is gathered. */
export async function writePieces(
  handle: FileHandle,
  pieces: AsyncIterable<Uint8Array>,
  position: number,
): Promise<void> {
  writesInProgress++
  try {
    await writeBatches(handle, pieces, position)
  } finally {
    writesInProgress--
  }
}

async function writeBatches(handle: FileHandle, pieces: AsyncIterable<Uint8Array>, position: number): Promise<void> {
  let writing: Promise<void> = Promise.resolve()
  let batch: Uint8Array[] = []
  let batchBytes = 0
  let at = position
  try {
    for await (const piece of pieces) {
      batch.push(piece)
      batchBytes += piece.byteLength
      if (batchBytes < Math.min(mib, Math.max(mib / 16, sharedBatchBytes / writesInProgress))) continue
      await writing
      writing = writeAll(handle, batch, at)
      writing.catch(() => {}) // seen at the next `await writing`
      at += batchBytes
      batch = []
      batchBytes = 0
    }
  } finally {
    await writing
  }
  if (batchBytes > 0) await writeAll(handle, batch, at)
}

/** A nearly full disk writes a part and reports no error until the rest is tried. */
async function writeAll(handle: FileHandle, batch: Uint8Array[], position: number): Promise<void> {
  const total = batch.reduce((sum, piece) => sum + piece.byteLength, 0)
  const { bytesWritten } = await handle.writev(batch, position)
  if (bytesWritten === total) return releaseGiven(batch)
  const rest = Buffer.concat(batch).subarray(bytesWritten)
  for (let at = 0; at < rest.byteLength; ) {
    at += (await handle.write(rest, at, rest.byteLength - at, position + bytesWritten + at)).bytesWritten
  }
}

/** Removes a file; one that is not there is success. Not `rm`, which looks at the file on the event loop first. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (err) {
    if (!isMissing(err)) throw err
  }
}
