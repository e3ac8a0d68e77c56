import { randomUUID } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BufferPool } from './buffer-pool.ts'

/** Up to here a spool has a buffer of its own, which grows from 8 KiB. */
const ownBytes = 256 * 1024

/** What all spools of a store share, so that their number does not decide how much memory they take. */
export interface SpoolPools {
  readonly capacityBytes: number
  /** For gathering; a spool that finds none goes to a file, so that no upload waits for a slower one. */
  readonly gather: BufferPool
  /** For sending what is in a file; waited for, since only S3 decides for how long. */
  readonly send: BufferPool
}

/** Pools for spools of at most so many bytes. */
export function spoolPools(capacityBytes: number): SpoolPools {
  return {
    capacityBytes,
    gather: new BufferPool({ buffers: 6, bufferBytes: capacityBytes }),
    send: new BufferPool({ buffers: 2, bufferBytes: capacityBytes }),
  }
}

/**
 * One part's bytes on their way to S3: in memory, or, when too many are, in a temporary file that has no name (so even
 * a killed process leaves none). Bytes are copied: a client that sends single bytes takes no more memory than others.
 */
export class Spool {
  readonly #pools: SpoolPools
  #buffer: Buffer = Buffer.allocUnsafeSlow(8 * 1024)
  #pooled = false
  #file: FileHandle | undefined
  #sizeBytes = 0

  constructor(pools: SpoolPools) {
    this.#pools = pools
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Adds what fits of the piece; how many bytes that was, 0 when the spool is full. */
  async add(piece: Uint8Array): Promise<number> {
    const taken = piece.subarray(0, this.#pools.capacityBytes - this.#sizeBytes)
    const sizeBytes = this.#sizeBytes + taken.byteLength
    if (!this.#file && sizeBytes > this.#buffer.byteLength) await this.#grow(sizeBytes)
    if (this.#file) await writeAll(this.#file, taken)
    else this.#buffer.set(taken, this.#sizeBytes)
    this.#sizeBytes = sizeBytes
    return taken.byteLength
  }

  /** Runs with all bytes in one piece, which is lent until then; for bytes in a file it waits for a buffer. */
  async withBytes<T>(run: (bytes: Buffer) => Promise<T>): Promise<T> {
    const file = this.#file
    if (!file) return run(this.#buffer.subarray(0, this.#sizeBytes))
    return this.#pools.send.with(async (buffer) => {
      const bytes = buffer.subarray(0, this.#sizeBytes)
      await readAll(file, bytes)
      return run(bytes)
    })
  }

  /** Frees memory and file; safe to repeat. */
  async release(): Promise<void> {
    this.#giveBuffer()
    const file = this.#file
    this.#file = undefined
    this.#sizeBytes = 0
    await file?.close()
  }

  async #grow(sizeBytes: number): Promise<void> {
    const own = sizeBytes <= ownBytes ? Buffer.allocUnsafeSlow(Math.min(ownBytes, sizeBytes * 2)) : undefined
    const larger = own ?? this.#pools.gather.tryTake()
    const held = this.#buffer.subarray(0, this.#sizeBytes)
    if (larger) {
      larger.set(held)
    } else {
      this.#file = await openNameless()
      await writeAll(this.#file, held)
    }
    this.#buffer = larger ?? Buffer.alloc(0)
    this.#pooled = larger !== undefined && own === undefined
  }

  #giveBuffer(): void {
    if (this.#pooled) this.#pools.gather.give(this.#buffer)
    this.#pooled = false
    this.#buffer = Buffer.alloc(0)
  }
}

async function openNameless(): Promise<FileHandle> {
  const path = join(tmpdir(), `stowage-upload-${randomUUID()}`)
  const handle = await open(path, 'wx+', 0o600)
  await rm(path)
  return handle
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) at += (await handle.write(bytes, at)).bytesWritten
}

async function readAll(handle: FileHandle, into: Uint8Array): Promise<void> {
  for (let at = 0; at < into.byteLength; ) {
    const { bytesRead } = await handle.read(into, at, into.byteLength - at, at)
    if (bytesRead === 0) throw new Error('a temporary file ended early')
    at += bytesRead
  }
}
