import { type FileHandle, open } from 'node:fs/promises'
import { isMissing } from './file-errors.ts'
import { clampRange } from './range.ts'
import type { ByteRange } from './store.ts'

/** Read in one go and closed before the first byte is handed out. */
const oneReadBytes = 4 * 1024 * 1024
const chunkBytes = 256 * 1024

/**
 * The bytes of a file, or of a range of it; `undefined` when there is no such file, `range_invalid` when the range
 * starts behind its end. A file of more than 4 MiB stays open until its iterator ends or returns.
 *
 * Every chunk has memory of its own, so a consumer may queue chunks. Two buffers used in turn measured 14 % faster
 * into a socket, but would put wrong bytes into any consumer that asks ahead (a web stream does).
 */
export async function readFileBytes(path: string, range?: ByteRange): Promise<AsyncIterable<Uint8Array> | undefined> {
  const handle = await openExisting(path)
  if (!handle) return undefined
  try {
    const { start, end } = clampRange((await handle.stat()).size, range)
    if (end - start > oneReadBytes) return new FileReader(handle, start, end)
    const bytes = await readExactly(handle, start, end - start)
    await handle.close()
    return once(bytes)
  } catch (err) {
    await handle.close()
    throw err
  }
}

async function openExisting(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (err) {
    if (isMissing(err)) return undefined
    throw err
  }
}

async function readExactly(handle: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(length)
  for (let at = 0; at < length; ) {
    const { bytesRead } = await handle.read(buffer, at, length - at, position + at)
    if (bytesRead === 0) throw new Error(`a blob's file ended ${length - at} bytes early`)
    at += bytesRead
  }
  return buffer
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.byteLength > 0) yield bytes
}

/** Reads one chunk ahead of its consumer. No generator: `return` must close a reader that was never started. */
class FileReader implements AsyncIterableIterator<Uint8Array> {
  readonly #handle: FileHandle
  readonly #end: number
  #position: number
  #ahead: Promise<Uint8Array> | undefined

  constructor(handle: FileHandle, start: number, end: number) {
    this.#handle = handle
    this.#position = start
    this.#end = end
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const reading = this.#ahead ?? this.#readNext()
    if (!reading) return this.return()
    try {
      const value = await reading
      this.#ahead = this.#readNext()
      return { done: false, value }
    } catch (err) {
      await this.return()
      throw err
    }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#position = this.#end
    this.#ahead = undefined
    await this.#handle.close()
    return { done: true, value: undefined }
  }

  #readNext(): Promise<Uint8Array> | undefined {
    const length = Math.min(chunkBytes, this.#end - this.#position)
    if (length === 0) return undefined
    const reading = readExactly(this.#handle, this.#position, length)
    reading.catch(() => {}) // seen by the `next` that asks for it
    this.#position += length
    return reading
  }
}
