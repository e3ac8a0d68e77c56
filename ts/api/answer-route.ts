import { actorOf, type Principal } from '../access/principal.ts'
import type { RepeatableAnswer } from '../access/repeats.ts'
import { RegistryError } from '../errors.ts'
import { matchesEtag } from '../http/conditional.ts'
import { identify } from './identify.ts'
import { sealedNext, unsealedCursor } from './list-cursor.ts'
import { parseBody, parseQuery, readBytes } from './parse.ts'
import { type Answer, type ApiContext, type ApiDeps, nobody, type Route, type Streamed } from './route.ts'
import { streamedBody } from './streamed-body.ts'

/** Answers a request to the route: who asks, may it, what is asked, once, and the answer. Throws `RegistryError`. */
export async function answerRoute(route: Route, c: ApiContext, deps: ApiDeps): Promise<Response> {
  const { may, shape } = route
  const principal = may.isOpen ? nobody : await identify(c, deps.access)
  c.set('principal', principal)
  const on = await may.enter({ principal, c })
  const query = shape.query ? unsealedCursor(route, c, deps.access, parseQuery(c, shape.query)) : undefined
  refuseStrayQuery(route, c)
  const bytes = route.method === 'GET' ? new Uint8Array() : await readBytes(c, deps.limits)

  async function work(): Promise<Answer<unknown> | Streamed | undefined> {
    const body = shape.body ? parseBody(c, bytes, shape.body, shape.bodyIsOptional ?? false) : refuseBody(bytes)
    return sealedNext(route, c, deps.access, query, await route.handle({ on, query, body, principal, c }))
  }

  const key = c.req.header('idempotency-key')
  if (route.method !== 'POST' || key === undefined || principal.kind === 'anonymous') {
    return send(route, c, await work())
  }
  return once(route, c, deps, { key: checkedKey(key), principal, bytes }, work)
}

async function once(
  route: Route,
  c: ApiContext,
  { access }: ApiDeps,
  { key, principal, bytes }: { key: string; principal: Principal; bytes: Uint8Array },
  work: () => Promise<Answer<unknown> | Streamed | undefined>,
): Promise<Response> {
  let fresh: Response | undefined
  const request = { principalId: actorOf(principal).id, key, route: `POST ${c.req.path}`, body: bytes }
  const { answer, isReplay } = await access.repeats.once(request, async () => {
    const done = await work()
    fresh = send(route, c, done)
    return kept(route, fresh.status, done && 'body' in done ? done : undefined)
  })
  if (!isReplay && fresh) return fresh
  return replay(c, answer)
}

function kept({ shape }: Route, status: number, answer: Answer<unknown> | undefined): RepeatableAnswer {
  return {
    status,
    ...(answer && !shape.hasSecret && { body: JSON.stringify(answer.body) }),
    ...(answer?.made && { id: answer.made.id }),
    ...(answer?.made?.path !== undefined && { location: answer.made.path }),
  }
}

function replay(c: ApiContext, { status, body, id, location }: RepeatableAnswer): Response {
  if (body === undefined && status !== 204) {
    const message = 'This was done before, and its answer held a secret that is not told twice.'
    throw new RegistryError('document_exists', message, id === undefined ? {} : { id })
  }
  const headers = { ...baseHeaders, ...locationHeader(c, location), 'idempotent-replayed': 'true' }
  return new Response(body ?? null, { status, headers: body === undefined ? headers : { ...headers, ...json } })
}

function send({ shape, method }: Route, c: ApiContext, answer: Answer<unknown> | Streamed | undefined): Response {
  for (const [name, value] of Object.entries(baseHeaders)) c.header(name, value)
  if (!answer) return c.body(null, 204)
  if ('stream' in answer) {
    c.header('content-disposition', `attachment; filename="${answer.filename}"`)
    return c.body(streamedBody(answer.stream), 200, { 'content-type': answer.type })
  }
  const { etag, made, body } = answer
  if (etag !== undefined) c.header('etag', etag)
  if (method === 'GET' && etag !== undefined && matchesEtag(c.req.header('if-none-match') ?? '', etag)) {
    return c.body(null, 304)
  }
  const location = locationHeader(c, made?.path).location
  if (location !== undefined) c.header('location', location)
  return c.json(body as object, shape.status ?? (method === 'POST' ? 201 : 200))
}

const json = { 'content-type': 'application/json' }
const baseHeaders = { 'cache-control': 'no-store' }

function locationHeader(c: ApiContext, path: string | undefined): { location?: string } {
  const { origin, prefix } = c.var.external
  return path === undefined ? {} : { location: `${origin}${prefix}/api/v1${path}` }
}

function checkedKey(key: string): string {
  if (/^[\x20-\x7e]{1,255}$/.test(key)) return key
  const message = 'An Idempotency-Key has 1 to 255 printable ASCII characters.'
  throw new RegistryError('payload_invalid', message, { field: 'Idempotency-Key' })
}

function refuseStrayQuery({ shape }: Route, c: ApiContext): void {
  const [stray] = shape.query ? [] : Object.keys(c.req.queries())
  if (stray === undefined) return
  const errors = [{ field: stray.slice(0, 100), message: 'There is no such parameter.' }]
  throw new RegistryError('payload_invalid', 'This takes no query.', { errors })
}

function refuseBody(bytes: Uint8Array): undefined {
  if (bytes.length > 0) throw new RegistryError('payload_invalid', 'This takes no body.')
  return undefined
}
