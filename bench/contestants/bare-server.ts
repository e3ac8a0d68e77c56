import { createReadStream, readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Reply } from './bare.ts'

export type BareReply = Omit<Reply, 'body'> & { readonly file: string }

/** `node bare-server.ts REPLIES.json PORT`: answers each path with the bytes that are listed for it. */
function main([list = '', port = '']: readonly string[]): void {
  const stored: BareReply[] = JSON.parse(readFileSync(list, 'utf8'))
  const known = new Map(stored.map((reply) => [`${reply.encoding} ${reply.path}`, { reply, body: bodyOf(reply) }]))
  const server = createServer((request, response) => {
    const wanted = request.headers['accept-encoding']?.includes('gzip') ? 'gzip' : 'identity'
    const found = known.get(`${wanted} ${request.url}`) ?? known.get(`identity ${request.url}`)
    if (!found) return void response.writeHead(request.url === '/health' ? 200 : 404).end()
    const { etag } = found.reply.headers
    if (etag !== undefined && request.headers['if-none-match'] === etag) {
      return void response.writeHead(304, { etag }).end()
    }
    response.writeHead(200, found.reply.headers)
    if (found.body) response.end(found.body)
    else void stream(found.reply.file, response)
  })
  server.listen(Number(port), '127.0.0.1')
}

function bodyOf({ file, streamed }: BareReply): Buffer | undefined {
  return streamed ? undefined : readFileSync(file)
}

/** Pieces of 256 KiB: the fastest that a read stream does here without taking more memory than it is worth. */
async function stream(file: string, response: ServerResponse): Promise<void> {
  await pipeline(createReadStream(file, { highWaterMark: 256 * 1024 }), response).catch(() => {})
}

main(process.argv.slice(2))
