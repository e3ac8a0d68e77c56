import type { IncomingMessage, ServerResponse } from 'node:http'

export interface DrainBounds {
  /** The connection is cut when this much time brought no bytes. */
  readonly quietMs: number
  /** The connection is cut after this time in any case. */
  readonly totalMs: number
}

const usual: DrainBounds = { quietMs: 5_000, totalMs: 30_000 }

/**
 * Reads on, and throws away, what a client still sends after its answer. Closing at once would make the kernel reset
 * the connection, and a client that writes its whole body before it reads (npm does) would never see why it was
 * refused. Once the body has ended the connection serves the next request, or is closed when that was asked for.
 */
export function drainAfterAnswer(incoming: IncomingMessage, outgoing: ServerResponse, bounds = usual): void {
  if (!hasBody(incoming)) return
  const restore = postponeClose(incoming)
  outgoing.once('finish', () => {
    restore()
    if (!incoming.complete && !incoming.socket.destroyed) drain(incoming, bounds)
  })
}

function hasBody(incoming: IncomingMessage): boolean {
  const length = incoming.headers['content-length']
  return incoming.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}

/** Node closes with `destroySoon` as soon as an answer with `Connection: close` is written; this waits for the body. */
function postponeClose(incoming: IncomingMessage): () => void {
  const { socket } = incoming
  const original = socket.destroySoon
  const close = () => original.call(socket)
  socket.destroySoon = () => {
    if (incoming.complete) close()
    else incoming.once('end', close)
  }
  return () => {
    socket.destroySoon = original
  }
}

function drain(incoming: IncomingMessage, bounds: DrainBounds): void {
  const socket = incoming.socket
  let seen = socket.bytesRead
  const cut = () => socket.destroy()
  const quiet = setInterval(() => {
    if (socket.bytesRead === seen) cut()
    seen = socket.bytesRead
  }, bounds.quietMs)
  const total = setTimeout(cut, bounds.totalMs)
  const stop = () => {
    clearInterval(quiet)
    clearTimeout(total)
    incoming.off('end', stop)
    socket.off('close', stop)
  }
  // Once it is answered, node no longer tells the request that its socket closed.
  incoming.once('end', stop)
  socket.once('close', stop)
  incoming.resume()
}
