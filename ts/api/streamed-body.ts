const chunkCharacters = 64 * 1024

/** Texts as the bytes of a body, in chunks of some size; the next are made when the client has taken what is there. */
export function streamedBody(texts: AsyncIterable<string>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from(chunksOf(texts))
}

async function* chunksOf(texts: AsyncIterable<string>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let gathered = ''
  for await (const text of texts) {
    gathered += text
    if (gathered.length < chunkCharacters) continue
    yield Buffer.from(gathered)
    gathered = ''
  }
  if (gathered !== '') yield Buffer.from(gathered)
}
