import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Context } from 'hono'
import { LRUCache } from 'lru-cache'
import type { Log } from '../log.ts'
import { forwardedHeaders } from './address.ts'
import { exchangeOf } from './answer.ts'
import { matchesEtag } from './conditional.ts'
import type { RouteMeter } from './metrics.ts'
import { newRequestId } from './request-id.ts'

/** What a handler promises and wants when its answer is given again without it. */
export interface Remembering {
  /** Milliseconds since the epoch from when on the handler must be asked again: when a token expires, for example. */
  readonly validUntil?: number
  /** Called at each answer from memory: whether the bytes were sent (not for HEAD and 304). It must be cheap. */
  readonly onServed?: (bytesSent: boolean) => void
  /** A HEAD is the handler's all the same: it does more than to answer. */
  readonly getOnly?: boolean
}

/** A 200 answer. The headers are complete, lower case, without a request id. */
export interface RememberedAnswer extends Remembering {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  readonly etag: string
}

export interface HotAnswersOptions {
  /** Equal while nothing was committed to the store; `undefined`: unknown, so nothing is answered from memory. */
  readonly commitMark: () => number | undefined
  readonly maxBytes: number
  readonly log: Log
  /** Milliseconds since the epoch; for tests. */
  readonly now?: () => number
}

/** Answers to GET and HEAD, given again while the store is unchanged; asked before the application. */
export interface HotAnswers {
  /** True when it answers; the answer is written at the end of this turn of the event loop. */
  answer(incoming: IncomingMessage, outgoing: ServerResponse): boolean
  /** Since the start, for metrics. */
  readonly counts: { hits: number; misses: number }
}

/** Larger answers gain nothing from skipping the application, but for their 304. */
const maxBodyBytes = 8 * 1024 * 1024

interface Entry {
  readonly mark: number
  readonly validUntil: number
  readonly etag: string
  readonly body: Buffer
  /** Name, value, name, value…; the last value is the request id, set at each answer. */
  readonly okHeaders: string[]
  readonly notModifiedHeaders: string[]
  readonly onServed: ((bytesSent: boolean) => void) | undefined
  readonly getOnly: boolean
  readonly meter: RouteMeter | undefined
}

/** An answer that was found and is not yet written. */
interface Due {
  readonly entry: Entry
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  /** By `performance.now`. */
  readonly startedAt: number
}

/** A request that the memory did not know, with the mark read before its handler began. */
interface Pending {
  readonly key: string
  readonly mark: number
  keep(key: string, entry: Entry): void
}

const pending = new WeakMap<ServerResponse, Pending>()

/**
 * Remembers the answer that the handler is about to give, if this request may be answered so (see `keyOf`). The
 * handler promises that its answer depends on nothing but the store, the path, the headers of the key, and time only
 * by `validUntil`: not on the client's address, so not for a token that is limited to addresses.
 */
export function rememberAnswer(c: Context, answer: RememberedAnswer): void {
  const { outgoing } = exchangeOf(c)
  const request = outgoing && pending.get(outgoing)
  if (!request || answer.body.length > maxBodyBytes) return
  request.keep(request.key, {
    mark: request.mark,
    validUntil: answer.validUntil ?? Number.POSITIVE_INFINITY,
    etag: answer.etag,
    body: answer.body,
    okHeaders: flat(answer.headers),
    notModifiedHeaders: flat(withoutContent(answer.headers)),
    onServed: answer.onServed,
    getOnly: answer.getOnly ?? false,
    meter: c.get('meter')?.(),
  })
}

function flat(headers: Readonly<Record<string, string>>): string[] {
  return [...Object.entries(headers).flat(), 'x-request-id', '']
}

const ofContent = new Set([
  'content-type',
  'content-length',
  'content-encoding',
  'content-disposition',
  'accept-ranges',
])

/** The headers that a 304 repeats: those that do not describe the bytes (RFC 9110, 15.4.5). */
export function withoutContent(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ofContent.has(name)))
}

/** Bounded by the bytes of the answers; see `rememberAnswer` for what is right to remember. */
export function hotAnswers({ commitMark, maxBytes, log, now = Date.now }: HotAnswersOptions): HotAnswers {
  const entries = new LRUCache<string, Entry>({
    maxSize: maxBytes,
    sizeCalculation: (entry, key) => entry.body.length + key.length + 2048,
  })
  const counts = { hits: 0, misses: 0 }
  const keep = (key: string, entry: Entry) => void entries.set(key, entry)
  const due: Due[] = []
  const giveDue = () => {
    for (const answer of due.splice(0)) giveOrCut(answer, log)
  }

  function answer(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
    const key = keyOf(incoming)
    const mark = key === undefined ? undefined : commitMark()
    if (key === undefined || mark === undefined) return false
    const entry = entries.get(key)
    if (!entry || entry.mark !== mark || entry.validUntil <= now()) {
      if (entry) entries.delete(key)
      counts.misses++
      pending.set(outgoing, { key, mark, keep })
      return false
    }
    if (entry.getOnly && incoming.method === 'HEAD') return false
    counts.hits++
    // Each write wakes its reader, at up to 20 µs when that one's processor sleeps; close together, most find it awake.
    if (due.push({ entry, incoming, outgoing, startedAt: performance.now() }) === 1) setImmediate(giveDue)
    return true
  }

  return { answer, counts }
}

/** Nothing else would catch what this throws: the other answers of the turn, and the process, must not suffer. */
function giveOrCut({ entry, incoming, outgoing, startedAt }: Due, log: Log): void {
  if (outgoing.destroyed) return
  try {
    const requestId = newRequestId()
    const { method, url } = incoming
    const status = give(entry, incoming, outgoing, requestId)
    entry.meter?.count(method ?? 'GET', status, (performance.now() - startedAt) / 1000)
    if (log.isLevelEnabled('debug')) log.debug({ requestId, method, url, status }, 'answered from memory')
  } catch (err) {
    log.error({ err }, 'A remembered answer could not be given')
    outgoing.destroy()
  }
}

function give(entry: Entry, incoming: IncomingMessage, outgoing: ServerResponse, requestId: string): 200 | 304 {
  const ifNoneMatch = incoming.headers['if-none-match']
  const notModified = ifNoneMatch !== undefined && matchesEtag(ifNoneMatch, entry.etag)
  const status = notModified ? 304 : 200
  const headers = notModified ? entry.notModifiedHeaders : entry.okHeaders
  headers[headers.length - 1] = requestId
  outgoing.writeHead(status, headers)
  const sendsBytes = !notModified && incoming.method === 'GET'
  outgoing.end(sendsBytes ? entry.body : undefined)
  entry.onServed?.(sendsBytes)
  return status
}

/** No header can say this, so a header that says nothing is not taken for one that is not there. */
const absent = '\0'

/**
 * Everything but the store that a remembered answer may depend on, in one string; `undefined` for requests that are
 * never answered from memory: other methods, ranges, cookies, dates as conditions, bodies.
 */
function keyOf({ method, url, headers, socket }: IncomingMessage): string | undefined {
  if ((method !== 'GET' && method !== 'HEAD') || neverRemembered(headers)) return undefined
  const { host, authorization, accept, 'accept-encoding': encoding } = headers
  const key = `${url}\n${host ?? absent}\n${authorization ?? absent}\n${accept ?? absent}\n${encoding ?? absent}`
  return isForwarded(headers) ? `${key}\n${socket.remoteAddress}\n${forwardedPart(headers)}` : key
}

function neverRemembered(headers: IncomingHttpHeaders): boolean {
  return (
    headers.cookie !== undefined ||
    headers.range !== undefined ||
    headers['if-modified-since'] !== undefined ||
    headers['content-length'] !== undefined ||
    headers['transfer-encoding'] !== undefined
  )
}

function isForwarded(headers: IncomingHttpHeaders): boolean {
  return forwardedHeaders.some((name) => headers[name] !== undefined)
}

/** `X-Forwarded-For` names the client, on which no remembered answer depends. */
function forwardedPart(headers: IncomingHttpHeaders): string {
  return forwardedHeaders.map((name) => (name === 'x-forwarded-for' ? '' : String(headers[name] ?? absent))).join('\n')
}
