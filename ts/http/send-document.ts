import type { Context } from 'hono'
import type { Encoding } from './accept-encoding.ts'
import { answerBytes, completeHeaders, exchangeOf } from './answer.ts'
import { isNotModified } from './conditional.ts'
import { type Remembering, rememberAnswer, withoutContent } from './hot-answers.ts'

/** A computed answer whose bytes are in memory. */
export interface SendableDocument {
  readonly body: Buffer<ArrayBuffer>
  /** In quotes; differs whenever the bytes do. */
  readonly etag: string
  readonly contentType: string
  readonly encoding: Encoding
  readonly lastModified?: Date
  /** Default `no-cache`: kept by caches, asked for again each time. */
  readonly cacheControl?: string
  /** Request headers beside `Accept-Encoding` that chose this form: `accept`. */
  readonly vary?: string
  /** Further headers, lower case. */
  readonly headers?: Readonly<Record<string, string>>
  /** Present: equal requests are answered from memory until something is committed; see `rememberAnswer`. */
  readonly remember?: Remembering
}

/** Answers 200 with the document, 304 when the client has it, the headers alone to HEAD. */
export function sendDocument(c: Context, document: SendableDocument): Response {
  const headers = documentHeaders(document, exchangeOf(c).https)
  if (document.remember) rememberAnswer(c, { ...document.remember, headers, body: document.body, etag: document.etag })
  const conditions = {
    ifNoneMatch: c.req.header('if-none-match'),
    ifModifiedSince: c.req.header('if-modified-since'),
  }
  if (isNotModified(conditions, document)) return answerBytes(c, 304, withoutContent(headers), undefined)
  return answerBytes(c, 200, { ...headers }, c.req.method === 'HEAD' ? undefined : document.body)
}

function documentHeaders(document: SendableDocument, https: boolean): Record<string, string> {
  const own: Record<string, string> = {
    'content-type': document.contentType,
    'content-length': String(document.body.length),
    etag: document.etag,
    'cache-control': document.cacheControl ?? 'no-cache',
    vary: document.vary === undefined ? 'accept-encoding' : `accept-encoding, ${document.vary}`,
  }
  if (document.encoding !== 'identity') own['content-encoding'] = document.encoding
  if (document.lastModified) own['last-modified'] = document.lastModified.toUTCString()
  return completeHeaders({ ...own, ...document.headers }, https)
}
