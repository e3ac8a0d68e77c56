import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'

export interface RoundRobin extends AsyncDisposable {
  /** `http://127.0.0.1:40123`. */
  readonly url: string
}

/** A server that hands each request to the next of these, so that no two in a row meet the same process. */
export async function startRoundRobin(urls: readonly string[]): Promise<RoundRobin> {
  let count = 0
  const server = createServer((incoming, outgoing) => {
    const { hostname, port } = new URL(urls[count++ % urls.length] ?? '')
    const { method, url: path, headers } = incoming
    const onward = request({ hostname, port, method, path, headers })
    onward.on('error', () => outgoing.destroy())
    onward.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      pipeline(answer, outgoing).catch(() => {}) // Either side may leave.
    })
    pipeline(incoming, onward).catch(() => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
    },
  }
}
