import type { Context } from 'hono'
import type { z } from 'zod'
import type { Access } from '../access/access.ts'
import type { AuditTrail } from '../access/audit/audit-trail.ts'
import { anonymous, type Principal } from '../access/principal.ts'
import type { Limits } from '../config.ts'
import type { Scheduler } from '../jobs/scheduler.ts'
import type { UsageReports } from '../jobs/usage.ts'
import type { Env, Protocol } from '../protocols/protocol.ts'
import type { Registry } from '../registry/registry.ts'

export interface ApiDeps {
  readonly access: Access
  readonly registry: Registry
  readonly trail: Pick<AuditTrail, 'query' | 'whoIs' | 'export'>
  readonly jobs: Scheduler
  readonly usage: UsageReports
  readonly limits: Limits
  /** Those that this server speaks. */
  readonly protocols: readonly Protocol[]
  /** Of this server, for the description of the API. */
  readonly version: string
}

export type ApiContext = Context<Env>

/** What a route asks before it looks at anything else of the request. */
export interface Permission<T> {
  /** Who may, for the description of the API. */
  readonly who: string
  /** True: credentials are not looked at. */
  readonly isOpen?: boolean
  /** Who is not signed in may, too, at least now and then: credentials are optional. For the description. */
  readonly isForNobodyToo?: boolean
  /** Throws what the principal may know; else resolves to what the handler works on. */
  enter(asked: { readonly principal: Principal; readonly c: ApiContext }): T | Promise<T>
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** What goes in and comes out. */
export interface Shape<Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType> {
  /** One line. */
  readonly summary: string
  readonly query?: Q
  readonly body?: B
  /** A body may be missing; it then counts as `{}`. */
  readonly bodyIsOptional?: boolean
  /** Absent: an answer without body, 204. */
  readonly answer?: A
  /** Media types that the answer may have instead of JSON; see `Streamed`. */
  readonly streamedTypes?: readonly string[]
  /** Default 200, of a POST 201. */
  readonly status?: 200 | 201 | 202
  /** The answer holds a secret: it is never kept for a repeated request. */
  readonly hasSecret?: boolean
  /** The answer has an `ETag`, and PUT takes `If-Match`. */
  readonly hasEtag?: boolean
  /** Other codes of refusal than every route has, for the description. */
  readonly refusals?: readonly (409 | 412 | 422)[]
}

export interface Asked<T, Q, B> {
  /** What the permission resolved to. */
  readonly on: T
  readonly query: Q
  readonly body: B
  readonly principal: Principal
  readonly c: ApiContext
}

export interface Answer<A> {
  readonly body: A
  /** With quotes. */
  readonly etag?: string
  /** What was made: its id, and its path below `/api/v1`. */
  readonly made?: { readonly id: string; readonly path?: string }
}

/** An answer to a GET that is sent while it is made, and too long for memory. */
export interface Streamed {
  readonly stream: AsyncIterable<string>
  /** One of the route's `streamedTypes`. */
  readonly type: string
  /** Offered as the name to save under. */
  readonly filename: string
}

/** A route with its types forgotten: what is mounted and described. */
export interface Route {
  readonly method: Method
  /** As in `/users/:id`. */
  readonly path: string
  readonly may: Permission<unknown>
  readonly shape: Shape<z.ZodType, z.ZodType, z.ZodType>
  /** The handler; query and body are parsed as `shape` says. */
  readonly handle: (asked: Asked<unknown, unknown, unknown>) => Promise<Answer<unknown> | Streamed | undefined>
}

/** One line of a route table: what is asked, who may, what goes in and out, who answers. */
export function route<T, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
  line: `${Method} /${string}`,
  may: Permission<T>,
  shape: Shape<Q, B, A>,
  handle: (asked: Asked<T, z.output<Q>, z.output<B>>) => Promise<Answer<z.input<A>> | Streamed | undefined>,
): Route {
  const [method, path] = line.split(' ') as [Method, string]
  // The table's reader gives a handler what its own shape and permission made, and nothing else.
  return { method, path, may, shape, handle: handle as Route['handle'] }
}

/** For everybody, whatever credentials come along. */
export const anybody: Permission<undefined> = { who: 'everybody', isOpen: true, enter: () => undefined }

/** Who asks when credentials are not looked at. */
export const nobody = anonymous
