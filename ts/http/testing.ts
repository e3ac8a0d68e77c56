import { connect, type Socket } from 'node:net'
import type { Limits } from '../config.ts'
import { createLog } from '../log.ts'
import { type RunningServer, type ServerOptions, startServer } from './server.ts'

/** Limits that no test meets by accident. */
export const roomyLimits: Limits = {
  maxPublishBytes: 64 * 1024 * 1024,
  maxDocumentBytes: 1024 * 1024,
  maxManifestBytes: 4 * 1024 * 1024,
  maxBlobBytes: 1024 * 1024 * 1024,
  maxHeaderBytes: 16 * 1024,
  maxConnections: 1_000,
  maxConcurrentUploads: 100,
  idleConnectionSeconds: 60,
  headersSeconds: 10,
  minUploadBytesPerSecond: 1024,
  uploadRateWindowSeconds: 60,
  shutdownSeconds: 5,
}

export const silentLog = createLog({ level: 'silent', pretty: false, stream: { write: () => {} } })

export interface TestServer extends RunningServer, AsyncDisposable {}

/** A server on a free port of 127.0.0.1 that is closed at the end of the block. */
export async function aServer(
  fetch: ServerOptions['fetch'],
  options: Partial<Omit<ServerOptions, 'limits'>> & { limits?: Partial<Limits> } = {},
): Promise<TestServer> {
  const server = await startServer({
    fetch,
    host: '127.0.0.1',
    port: 0,
    log: silentLog,
    ...options,
    limits: { ...roomyLimits, ...options.limits },
  })
  return { ...server, [Symbol.asyncDispose]: () => server.close() }
}

/** A bare connection: what was received so far, as text, and promises for what comes. */
export interface RawClient extends Disposable {
  readonly socket: Socket
  received(): string
  /** Resolves when what was received matches; rejects when the connection closes before. */
  until(pattern: RegExp): Promise<string>
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>
}

/** Connects to 127.0.0.1 and sends the text. */
export function rawClient(port: number, send = ''): RawClient {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  if (send) socket.write(send)
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const until = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const look = () => pattern.test(text) && resolve(text)
      socket.on('data', look)
      socket.once('close', () => reject(new Error(`closed before ${pattern}; received: ${text}`)))
      look()
    })
  return { socket, received: () => text, until, closed, [Symbol.dispose]: () => void socket.destroy() }
}
