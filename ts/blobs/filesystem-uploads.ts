import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { RegistryError } from '../errors.ts'
import { asStorageError, isMissing } from './file-errors.ts'
import { readFileBytes } from './file-reader.ts'
import type { HashResult } from './hashing.ts'
import { removeFile, writePieces } from './staging-file.ts'
import type { HashName, StagedBlob } from './store.ts'
import { hashAgain, uploadHashes } from './upload-hashes.ts'
import { uploadStream } from './upload-stream.ts'
import type { UploadState, UploadStore } from './uploads.ts'

export interface FileUploadOptions {
  /** The folder of staging files. */
  readonly dir: string
  /** A staging file that is complete and durable, ready to be committed. */
  readonly staged: (path: string, facts: HashResult) => StagedBlob
}

/**
 * Uploads as one growing staging file each. A place is `{file}/{append}`, both UUIDs: what is in the file behind the
 * state's size came with an append that was never accepted, and the next one cuts it off. After a power cut the name
 * of a file may be lost with its bytes; its upload is unknown then.
 */
export function fileUploads({ dir, staged }: FileUploadOptions): UploadStore {
  const memory = uploadHashes()
  const pathOf = (file: string) => join(dir, file)

  async function hashesOf(state: UploadState, path: string, names: readonly HashName[]): Promise<HashResult> {
    const known = memory.result(state, names)
    if (known) return known
    const bytes = await readFileBytes(path)
    return bytes ? hashAgain(bytes, names) : refuseLost()
  }

  return {
    minChunkBytes: 0,
    begin: () => ({ sizeBytes: 0, place: '' }),
    async append(before, bytes, options = {}) {
      const stream = uploadStream(before, bytes, options, memory)
      const old = fileOf(before)
      const file = old === undefined || options.takesOver ? randomUUID() : old
      const path = pathOf(file)
      try {
        if (old !== undefined && file !== old) await copyExisting(pathOf(old), path)
        await extend(path, before.sizeBytes, old === undefined ? 'wx' : 'r+', stream.pieces)
      } catch (err) {
        if (file !== old) await removeFile(path)
        throw asStorageError(err)
      }
      return stream.stored(`${file}/${randomUUID()}`)
    },
    async settle(dropped, kept) {
      memory.forget(dropped)
      const file = fileOf(dropped)
      if (file !== undefined && file !== fileOf(kept)) await removeFile(pathOf(file))
    },
    async finish(state, names = []) {
      const path = pathOf(fileOf(state) ?? randomUUID())
      try {
        await extend(path, state.sizeBytes, fileOf(state) === undefined ? 'wx' : 'r+')
        const facts = await hashesOf(state, path, names)
        memory.forget(state)
        return staged(path, facts)
      } catch (err) {
        throw asStorageError(err)
      }
    },
    async discard(state) {
      memory.forget(state)
      const file = fileOf(state)
      if (file !== undefined) await removeFile(pathOf(file))
    },
  }
}

/** `undefined` for an upload without bytes. */
function fileOf({ place }: UploadState): string | undefined {
  if (place === '') return undefined
  const file = /^([0-9a-f-]{36})\/[0-9a-f-]{36}$/.exec(place)?.[1]
  if (file === undefined) throw new RegistryError('internal', `Not a place of an upload: ${place}`)
  return file
}

function refuseLost(): never {
  throw new RegistryError('upload_unknown', 'The bytes of this upload are not there any more; begin a new one')
}

/** Cuts the file to its good bytes, adds the pieces and makes all durable; or leaves the good bytes alone. */
async function extend(path: string, goodBytes: number, flags: 'wx' | 'r+', pieces?: AsyncIterable<Uint8Array>) {
  const handle = await openExisting(path, flags)
  try {
    const wasCut = await cutTo(handle, goodBytes)
    if (pieces) await writePieces(handle, pieces, goodBytes)
    if (pieces || wasCut) await handle.sync()
  } catch (err) {
    await handle.truncate(goodBytes).catch(() => {}) // frees a full disk; the next append would do it too
    throw err
  } finally {
    await handle.close()
  }
}

async function openExisting(path: string, flags: 'wx' | 'r+'): Promise<FileHandle> {
  try {
    return await open(path, flags, 0o600)
  } catch (err) {
    return isMissing(err) && flags === 'r+' ? refuseLost() : Promise.reject(err)
  }
}

/** True when there was something to cut off. */
async function cutTo(handle: FileHandle, goodBytes: number): Promise<boolean> {
  const { size } = await handle.stat()
  if (size < goodBytes) refuseLost()
  if (size > goodBytes) await handle.truncate(goodBytes)
  return size > goodBytes
}

async function copyExisting(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL)
  } catch (err) {
    if (isMissing(err)) refuseLost()
    throw err
  }
}
