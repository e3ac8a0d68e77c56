import { once } from 'node:events'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { type RequestOptions, request } from 'node:https'
import type { TLSSocket } from 'node:tls'

export interface HttpsAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** The common name of the server's certificate. */
  readonly certificateName: string
}

export interface HttpsRequest extends Pick<RequestOptions, 'method' | 'ca'> {
  readonly token?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** A request to a server whose certificate is of its own making: checked against `ca` alone, if that is given. */
export async function askHttps(
  url: string,
  { token, headers, body = '', ...more }: HttpsRequest,
): Promise<HttpsAnswer> {
  const outgoing = request(url, {
    agent: false,
    rejectUnauthorized: more.ca !== undefined,
    ...more,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...headers,
      'content-length': Buffer.byteLength(body),
    },
  })
  outgoing.end(body)
  const [response]: IncomingMessage[] = await once(outgoing, 'response')
  if (!response) throw new Error('there was no answer')
  // A server that has refused the request may close before it took the whole body; the answer is what counts then.
  outgoing.on('error', () => {})
  const chunks: Buffer[] = []
  const { socket } = response
  const certificate = 'getPeerCertificate' in socket ? (socket as TLSSocket).getPeerCertificate() : undefined
  for await (const chunk of response) chunks.push(chunk)
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: Buffer.concat(chunks),
    certificateName: String(certificate?.subject.CN),
  }
}
