import { get } from 'node:http'

export interface RawReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** As sent: not decompressed. */
  readonly body: Buffer
}

/** One GET over a connection of its own; `fetch` would undo the compression. */
export function rawGet(url: string, headers: Readonly<Record<string, string>>): Promise<RawReply> {
  return new Promise((resolve, reject) => {
    const sent = get(url, { headers: { ...headers }, agent: false }, async (response) => {
      try {
        const pieces: Buffer[] = []
        for await (const piece of response) pieces.push(piece)
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) })
      } catch (err) {
        reject(err)
      }
    })
    sent.on('error', reject)
  })
}
