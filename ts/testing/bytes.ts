/** The text as a stream of bytes in one piece. */
export async function* bytesOf(text: string | Uint8Array): AsyncIterable<Uint8Array> {
  yield typeof text === 'string' ? new TextEncoder().encode(text) : text
}
