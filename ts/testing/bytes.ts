import { createHash } from 'node:crypto'

/** The text as a stream of bytes in one piece. */
export async function* bytesOf(text: string | Uint8Array): AsyncIterable<Uint8Array> {
  yield typeof text === 'string' ? new TextEncoder().encode(text) : text
}

/** So many bytes, the same for the same name in every process, in pieces of 64 KiB that all differ. */
export async function* patterned(name: string, sizeBytes: number): AsyncIterable<Uint8Array> {
  const pieceBytes = 64 * 1024
  for (let at = 0; at < sizeBytes; at += pieceBytes) {
    const seed = createHash('sha256').update(`${name} ${at}`).digest()
    yield Buffer.alloc(Math.min(pieceBytes, sizeBytes - at), seed)
  }
}
