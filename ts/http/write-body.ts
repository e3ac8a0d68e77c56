import { type FileHandle, open } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import type { ByteRange } from './byte-source.ts'

const bufferBytes = 128 * 1024
/** While so many downloads have large buffers, the others have small ones: each costs 128 KiB more, not 256. */
const mostLarge = 32
const smallBufferBytes = 64 * 1024
let large = 0
/** Large buffers kept for the next download when nobody uses them: 4 MiB. */
const maxIdle = 32
const idle: Buffer[] = []

/**
 * Writes a range of an open file with two buffers in turn: one is read into while the other goes out, so a download
 * costs at most 256 KiB however slow its client is, and makes next to no garbage. Resolves when all is with the kernel,
 * or when the client has gone; throws when the file ends early. The handle stays open.
 */
export async function writeFile(outgoing: ServerResponse, file: FileHandle, range: ByteRange): Promise<void> {
  if (large >= mostLarge) return writeWith([smallBuffer(), smallBuffer()], outgoing, file, range)
  large++
  const buffers: Buffers = [takeBuffer(), takeBuffer()]
  try {
    await writeWith(buffers, outgoing, file, range)
    // After a client that went away the kernel may still hold them: those are left to the garbage collector.
    if (!outgoing.destroyed) giveBack(buffers)
  } finally {
    large--
  }
}

type Buffers = readonly [Buffer, Buffer]

async function writeWith(
  buffers: Buffers,
  outgoing: ServerResponse,
  file: FileHandle,
  range: ByteRange,
): Promise<void> {
  const { promise: gone, resolve: leave } = Promise.withResolvers<void>()
  outgoing.once('close', leave)
  const written: [Promise<void>, Promise<void>] = [Promise.resolve(), Promise.resolve()]
  let turn: 0 | 1 = 0
  for (let at = range.start; at <= range.end; ) {
    await Promise.race([written[turn], gone])
    if (outgoing.destroyed) return
    const buffer = buffers[turn]
    const length = Math.min(buffer.byteLength, range.end + 1 - at)
    const { bytesRead } = await file.read(buffer, 0, length, at)
    if (bytesRead === 0) throw new Error(`a file ended ${range.end + 1 - at} bytes early`)
    written[turn] = write(outgoing, buffer.subarray(0, bytesRead))
    at += bytesRead
    turn = turn === 0 ? 1 : 0
  }
  await Promise.race([Promise.all(written), gone])
}

/** The file, or `undefined` when there is none. */
export async function openExisting(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (err) {
    if (err instanceof Error && 'code' in err && err.code === 'ENOENT') return undefined
    throw err
  }
}

/**
 * Writes with at most two chunks waiting, whatever node would buffer: a hundred slow clients must not hold a hundred
 * buffers each. Ends early, and so frees the source, when the client has gone; throws when it is not `sizeBytes` that come.
 */
export async function writeChunks(
  outgoing: ServerResponse,
  chunks: AsyncIterable<Uint8Array>,
  sizeBytes: number,
): Promise<void> {
  const { promise: gone, resolve: leave } = Promise.withResolvers<void>()
  outgoing.once('close', leave)
  let before: Promise<void> = Promise.resolve()
  let left = sizeBytes
  for await (const chunk of chunks) {
    if (outgoing.destroyed) return
    left -= chunk.byteLength
    if (left < 0) break
    const written = write(outgoing, chunk)
    await Promise.race([before, gone])
    before = written
  }
  if (left !== 0) throw new Error(`the store has ${left > 0 ? 'fewer' : 'more'} bytes than the ${sizeBytes} announced`)
}

function write(outgoing: ServerResponse, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => outgoing.write(bytes, () => resolve()))
}

function smallBuffer(): Buffer {
  return Buffer.allocUnsafeSlow(smallBufferBytes)
}

function takeBuffer(): Buffer {
  return idle.pop() ?? Buffer.allocUnsafeSlow(bufferBytes)
}

function giveBack(buffers: readonly Buffer[]): void {
  for (const buffer of buffers) if (idle.length < maxIdle) idle.push(buffer)
}
