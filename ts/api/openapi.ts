import { OpenAPIHono } from '@hono/zod-openapi'
import { z } from 'zod'
import { problem } from '../../ts_interfaces/problem.ts'
import type { Route } from './route.ts'

const text = z.string()
const idempotencyKey = text.max(255).optional().meta({ description: 'The request with this key is done once' })
const ifMatch = text.optional().meta({ description: 'The ETag that was read: 412 when it has changed since' })

/**
 * The OpenAPI 3.1 document of these routes, made from what validates them. `base`: the address of the API as the
 * client knows it.
 */
export function openApiDocument(routes: readonly Route[], { version, base }: { version: string; base: string }) {
  const described = new OpenAPIHono()
  const { openAPIRegistry: registry } = described
  registry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description: 'A token (`srg_…`), or the access token of a session',
  })
  registry.registerComponent('securitySchemes', 'basic', { type: 'http', scheme: 'basic' })
  for (const route of routes) registry.registerPath(pathOf(route))
  return described.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Stowage',
      version,
      description:
        'Lists answer `items` and, unless it was the last page, `next`, to be sent as `cursor`. What you may not read is answered as if it did not exist.',
    },
    servers: [{ url: base }],
  })
}

function pathOf({ method, path, may, shape }: Route) {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name)
  const headers = headersOf({ method, may, shape })
  return {
    method: method.toLowerCase() as 'get' | 'post' | 'put' | 'delete',
    path: path.replaceAll(/:(\w+)/g, '{$1}'),
    tags: [path.split('/')[1] ?? ''],
    summary: shape.summary,
    description: `For: ${may.who}.`,
    operationId: operationId(method, path),
    security: may.isOpen ? [] : [...(may.isForNobodyToo ? [{}] : []), { bearer: [] }, { basic: [] }],
    request: {
      ...(names.length > 0 && { params: z.object(Object.fromEntries(names.map((name) => [name, text]))) }),
      ...(shape.query && { query: shape.query as z.ZodObject }),
      ...(headers && { headers }),
      ...(shape.body && {
        body: { required: !shape.bodyIsOptional, content: { 'application/json': { schema: shape.body } } },
      }),
    },
    responses: responsesOf({ method, path, may, shape }),
  }
}

/** `getUsersById`. */
function operationId(method: string, path: string): string {
  const words = path.split('/').filter((part) => part !== '')
  const named = words.map((part) => (part.startsWith(':') ? `By${capital(part.slice(1))}` : capital(part)))
  return method.toLowerCase() + named.join('')
}

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)

function headersOf({ method, may, shape }: Pick<Route, 'method' | 'may' | 'shape'>): z.ZodObject | undefined {
  if (method === 'POST' && !may.isOpen) return z.object({ 'Idempotency-Key': idempotencyKey })
  if (method === 'PUT' && shape.hasEtag) return z.object({ 'If-Match': ifMatch })
  return undefined
}

const refusals: Record<number, string> = {
  400: 'The request is not valid; `errors` says where',
  401: 'Nobody is signed in, or the credentials are not valid',
  403: 'Not allowed',
  404: 'No such thing, or you may not know of it',
  408: 'The body came too slowly',
  409: 'It conflicts with what is there',
  412: 'Changed since it was read',
  413: 'The body is too large',
  415: 'The body must be JSON',
  422: 'Understood, but it cannot be done',
  429: 'Too many requests; `Retry-After` says when to try again',
  500: 'A fault of the server',
  503: 'Not now',
}

function responsesOf({ method, path, may, shape }: Pick<Route, 'method' | 'path' | 'may' | 'shape'>) {
  const success = shape.answer ? (shape.status ?? (method === 'POST' ? 201 : 200)) : 204
  const takesBody = method !== 'GET'
  const repeatable = method === 'POST' && !may.isOpen
  const codes = [
    400,
    401,
    403,
    // What is asked about stands in the path, or a query names it.
    ...(path.includes(':') || shape.query ? [404] : []),
    ...(takesBody ? [408, 413, 415] : []),
    ...(repeatable ? [409, 422] : []),
    ...(shape.refusals ?? []),
    429,
    500,
    503,
  ]
  const problems = [...new Set(codes)].sort().map((code) => [code, problemOf(refusals[code] ?? '')] as const)
  const etag = { ETag: { description: 'Of this form of it', schema: { type: 'string' as const } } }
  return {
    [success]: {
      description: shape.answer ? 'Done' : 'Done; there is nothing to tell',
      ...(shape.hasEtag && { headers: etag }),
      ...(shape.answer && { content: contentOf(shape.answer, shape.streamedTypes) }),
    },
    ...(method === 'GET' && shape.hasEtag && { 304: { description: 'What `If-None-Match` names is still so' } }),
    // No `default`: with it no status would be undocumented.
    ...Object.fromEntries(problems),
  }
}

function contentOf(answer: z.ZodType, streamedTypes: readonly string[] = []) {
  const streamed = streamedTypes.map((type) => [type, { schema: text }] as const)
  return { 'application/json': { schema: answer }, ...Object.fromEntries(streamed) }
}

function problemOf(description: string) {
  return { description, content: { 'application/problem+json': { schema: problem } } }
}
