import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { publishBody } from './npm-requests.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** A request that has begun and is not finished, on a connection of its own. */
export interface Pending {
  /** Sends or reads the rest; resolves to the answer. */
  finish(): Promise<Answer>
  /** Resolves to an answer that comes before the body was sent. */
  answer(): Promise<Answer>
  /** Closes the connection. */
  abort(): void
}

/** More than the buffers of both ends of a connection hold. */
export const largeContent = randomBytes(24 * 1024 * 1024)

/** Publishes, and stops after half of the body. Without `length` the body is sent in chunks of unsaid size. */
export async function beginUpload(
  url: string,
  token: string,
  name: string,
  content: string | Uint8Array = largeContent,
  { length = true } = {},
): Promise<Pending> {
  const body = Buffer.from(publishBody(name, '1.0.0', content))
  const outgoing = request(`${url}/${name}`, {
    method: 'PUT',
    agent: false,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      ...(length && { 'content-length': body.length }),
    },
  })
  const response = answerOf(outgoing)
  response.catch(() => {}) // Nobody may ask for the answer of an aborted request.
  const half = Math.floor(body.length / 2)
  await new Promise((resolve) => outgoing.write(body.subarray(0, half), resolve))
  const answer = async () => readAll(await response)
  return {
    answer,
    finish() {
      outgoing.end(body.subarray(half))
      return answer()
    },
    abort: () => void outgoing.destroy(),
  }
}

/** Asks for a path, and reads nothing behind the head of the answer. */
export async function beginDownload(url: string, token: string, path: string): Promise<Pending> {
  const outgoing = request(url + path, { agent: false, headers: { authorization: `Bearer ${token}` } })
  outgoing.end()
  const response = await answerOf(outgoing)
  const answer = () => readAll(response)
  return { answer, finish: answer, abort: () => void outgoing.destroy() }
}

/** True when a connection to it is refused. */
export async function isRefused(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  try {
    await once(socket, 'connect')
    return false
  } catch {
    return true
  } finally {
    socket.destroy()
  }
}

/** Sends this text on a connection of its own; resolves to all that comes back until the server closes it. */
export async function rawExchange(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.write(text)
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

async function answerOf(outgoing: ClientRequest): Promise<IncomingMessage> {
  const answered = once(outgoing, 'response')

  outgoing.on('error', () => {})
  const [response]: IncomingMessage[] = await answered
  if (!response) throw new Error('there was no answer')
  return response
}

async function readAll(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk)
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }
}
