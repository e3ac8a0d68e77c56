/** Those whose memory nobody but their next consumer has. */
const givenAway = new WeakSet<Uint8Array>()

/** Below this the garbage collector is cheaper. */
const minReleasedBytes = 16 * 1024

/**
 * The same pieces, whose memory the blob store may free as soon as it has written them: received bytes that are left to
 * the garbage collector make it run some thirty times a gigabyte. For a source whose pieces nobody looks at afterwards.
 */
export async function* giveAway(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    givenAway.add(piece)
    yield piece
  }
}

/**
 * Frees pieces that were given away, once all reading of their memory has ended; they are empty afterwards. Memory that
 * is freed so never shows another's bytes, as a buffer that is used again could.
 */
export function releaseGiven(pieces: readonly Uint8Array[]): void {
  for (const piece of pieces) if (givenAway.delete(piece)) release(piece)
}

/** Small pieces may share their memory with other things. */
function release({ buffer, byteLength }: Uint8Array): void {
  if (byteLength < minReleasedBytes || byteLength !== buffer.byteLength || !(buffer instanceof ArrayBuffer)) return
  buffer.transfer(0)
}
