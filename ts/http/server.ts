import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { getRequestListener, type HttpBindings, RequestError } from '@hono/node-server'
import type { Limits } from '../config.ts'
import type { Log } from '../log.ts'
import { drainAfterAnswer } from './drain.ts'
import type { Traffic } from './metrics.ts'
import { plainAnswer, rawAnswer } from './plain-answers.ts'
import { readTls, type TlsPaths } from './tls.ts'

/** Without a byte in either direction for so long, a connection that is being answered is cut. */
const stalledMs = 300_000

export interface ServerOptions {
  /** The application. */
  readonly fetch: (request: Request, env: HttpBindings) => Response | Promise<Response>
  /** Asked first; true when it answers, now or later. */
  readonly hot?: { answer(incoming: IncomingMessage, outgoing: ServerResponse): boolean }
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  readonly tls?: TlsPaths | undefined
  readonly limits: Pick<
    Limits,
    'maxHeaderBytes' | 'maxConnections' | 'idleConnectionSeconds' | 'headersSeconds' | 'shutdownSeconds'
  >
  readonly log: Log
}

export interface RunningServer {
  /** Where this machine reaches it: `http://127.0.0.1:3000`. */
  readonly url: string
  readonly port: number
  /** Bytes over all connections since the start, headers and encryption included, and how many are open. */
  traffic(): Traffic
  /** Accepts no more, closes idle connections, lets running requests finish for `shutdownSeconds`, then cuts them.
   *  Repeatable; resolves when the last connection is gone. */
  close(): Promise<void>
}

/** Listens. Rejects with one sentence when the address cannot be had or the certificate cannot be used. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const server = options.tls ? tlsServer(options, options.tls) : createServer(nodeOptions(options))
  server.keepAliveTimeout = options.limits.idleConnectionSeconds * 1000
  server.timeout = stalledMs
  server.maxConnections = options.limits.maxConnections
  const connections = trackConnections(server, options)
  const state = { closing: false }
  server.on('request', requestHandler(options, state))
  server.on('clientError', (err: Error & { code?: string }, socket: Socket) => refuse(err, socket, options))
  await listen(server, options)
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : options.port
  let closed: Promise<void> | undefined
  return {
    url: reachableUrl({ ...options, port }),
    port,
    traffic: connections.traffic,
    close: () => {
      state.closing = true
      closed ??= closeServer(server, connections.open, options.limits.shutdownSeconds * 1000)
      return closed
    },
  }
}

function nodeOptions({ limits }: ServerOptions) {
  return {
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersSeconds * 1000,
    // Uploads are bounded by progress (body.ts), never by duration.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(5_000, limits.headersSeconds * 1000),
  }
}

/** A certificate that cannot be read at a reload is logged, and the one in use stays. */
function tlsServer(options: ServerOptions, paths: TlsPaths): TlsServer {
  const handshakeTimeout = options.limits.headersSeconds * 1000
  const server = createTlsServer({ ...nodeOptions(options), ...readTls(paths), handshakeTimeout })
  const reload = () => {
    try {
      server.setSecureContext(readTls(paths))
      options.log.info('The TLS certificate was read again')
    } catch (err) {
      options.log.error({ err }, 'The TLS certificate was not read again; the old one stays in use')
    }
  }
  process.on('SIGHUP', reload)
  server.once('close', () => process.off('SIGHUP', reload))
  return server
}

function requestHandler(options: ServerOptions, state: { readonly closing: boolean }) {
  const { fetch, hot, log } = options
  const listener = getRequestListener((request, env) => fetch(request, env as HttpBindings), {
    hostname: 'localhost',
    autoCleanupIncoming: false,
    errorHandler: (err) => answerFault(err, log),
  })
  return (incoming: IncomingMessage, outgoing: ServerResponse) => {
    if (state.closing) outgoing.shouldKeepAlive = false
    try {
      if (hot?.answer(incoming, outgoing)) return
    } catch (err) {
      log.error({ err }, 'A remembered answer could not be given')
      if (outgoing.headersSent) return void outgoing.destroy()
    }
    drainAfterAnswer(incoming, outgoing)
    void listener(incoming, outgoing)
  }
}

function answerFault(err: unknown, log: Log): Response {
  if (err instanceof RequestError) return plainAnswer(400, `Bad request: ${err.message}`)
  log.error({ err }, 'A request failed outside every handler')
  return plainAnswer(500, 'Internal error')
}

/** Answers what node's parser refused: too large headers, a request that never came, no HTTP at all. */
function refuse(err: Error & { code?: string }, socket: Socket, { limits, log }: ServerOptions): void {
  if (err.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const [status, message] = refusal(err.code, limits.maxHeaderBytes)
  log.info({ status, code: err.code, clientAddress: socket.remoteAddress }, message)
  socket.end(rawAnswer(status, message))
}

function refusal(code: string | undefined, maxHeaderBytes: number): [number, string] {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return [431, `The request's headers are larger than ${maxHeaderBytes} bytes; MAX_HEADER_BYTES raises the limit`]
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return [408, "The request's headers did not arrive in time"]
  return [400, 'Bad request: this is not valid HTTP/1.1']
}

/** All open sockets, and what went over all there were; when they become as many as allowed, the idle ones go. */
function trackConnections(server: Server | TlsServer, { limits, log }: ServerOptions) {
  const open = new Set<Socket>()
  const raw = new Set<Socket>()
  const past = { receivedBytes: 0, sentBytes: 0 }
  const track = (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  }
  // Before node makes its parser: it counts a connection without a request as idle.
  server.prependListener('connection', (socket: Socket) => {
    track(socket)
    raw.add(socket)
    socket.once('close', () => {
      raw.delete(socket)
      past.receivedBytes += socket.bytesRead
      past.sentBytes += socket.bytesWritten
    })
    if (raw.size >= limits.maxConnections) server.closeIdleConnections()
  })
  server.on('secureConnection', track)
  server.on('drop', () => log.warn({ maxConnections: limits.maxConnections }, 'A connection over the limit was closed'))
  return { open, traffic: () => trafficOf(raw, past) }
}

function trafficOf(open: ReadonlySet<Socket>, past: { receivedBytes: number; sentBytes: number }): Traffic {
  let { receivedBytes, sentBytes } = past
  for (const socket of open) {
    receivedBytes += socket.bytesRead
    sentBytes += socket.bytesWritten
  }
  return { receivedBytes, sentBytes, connections: open.size }
}

async function listen(server: Server | TlsServer, { host, port }: ServerOptions): Promise<void> {
  server.listen({ host, port, backlog: 1024 })
  try {
    await once(server, 'listening')
  } catch (err) {
    throw new Error(listenProblem(err as NodeJS.ErrnoException, host, port), { cause: err })
  }
}

function listenProblem(err: NodeJS.ErrnoException, host: string, port: number): string {
  const where = `Cannot listen on ${host}:${port}: `
  if (err.code === 'EADDRINUSE') return `${where}another process uses the port; choose another one with PORT`
  if (err.code === 'EACCES') return `${where}this user may not use the port; choose one above 1023 with PORT`
  if (err.code === 'EADDRNOTAVAIL' || err.code === 'ENOTFOUND') return `${where}HOST is no address of this machine`
  return where + err.message
}

async function closeServer(server: Server | TlsServer, connections: Set<Socket>, graceMs: number): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  const sweep = setInterval(() => server.closeIdleConnections(), 50)
  const cut = setTimeout(() => {
    for (const socket of connections) socket.destroy()
  }, graceMs)
  try {
    await closed
  } finally {
    clearInterval(sweep)
    clearTimeout(cut)
  }
}

/** Where this machine reaches a server that listens there: every address is `localhost`. */
export function reachableUrl({ host, port, tls }: Pick<ServerOptions, 'host' | 'port' | 'tls'>): string {
  const everywhere = host === '0.0.0.0' || host === '::' || host === ''
  const name = everywhere ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `${tls ? 'https' : 'http'}://${name}:${port}`
}
