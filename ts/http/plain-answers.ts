import { STATUS_CODES } from 'node:http'
import { securityHeaders } from './security-headers.ts'

/** The body of answers given before any protocol is known. */
export function plainBody(message: string): string {
  return JSON.stringify({ error: message })
}

/** A whole HTTP/1.1 answer that closes the connection, for requests that node could not parse. */
export function rawAnswer(status: number, message: string): string {
  const body = plainBody(message)
  const headers = {
    ...securityHeaders(false),
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`
}

/** The same as a `Response`, for requests that no route can be asked about. */
export function plainAnswer(status: number, message: string): Response {
  return new Response(plainBody(message), {
    status,
    headers: { ...securityHeaders(false), 'content-type': 'application/json' },
  })
}
