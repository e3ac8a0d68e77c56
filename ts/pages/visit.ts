import type { Context, MiddlewareHandler } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { Access } from '../access/access.ts'
import { randomBase62 } from '../access/base62.ts'
import { csrfToken, isCsrfToken, sessionCookie } from '../access/sessions.ts'
import type { Limits } from '../config.ts'
import { hasCode, RegistryError } from '../errors.ts'
import { readWhole } from '../http/body.ts'
import type { UserDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import type { Banner } from '../metadata/sign-in-schema.ts'
import type { Env } from '../protocols/protocol.ts'

/** What a page knows of the browser that asks for it. */
export interface Visit {
  /** Absent: nobody is signed in. */
  readonly user?: Stored<UserDocument>
  /** What administrators tell everybody. */
  readonly banner?: Banner
  /** What every form carries. */
  readonly csrf: string
  /** The path as the browser must ask for it: with what a proxy put before. */
  path(path: string): string
  /** Scheme, host and what a proxy put before the paths. */
  readonly base: string
}

export interface PageEnv extends Env {
  Variables: Env['Variables'] & { visit: Visit; form: URLSearchParams }
}

export type PageContext = Context<PageEnv>

/** For forms of browsers that are not signed in. */
const formCookie = 'stowage_form'
const maxFormBytes = 64 * 1024

/** Finds out who visits; for a POST reads the form and refuses it (`access_denied`) unless this site made it. */
export function visits(access: Access, limits: Limits): MiddlewareHandler<PageEnv> {
  return async (c, next) => {
    const { origin, prefix, clientAddress } = c.var.external
    const session = getCookie(c, sessionCookie)
    const user = session === undefined ? undefined : await signedInUser(access, session, clientAddress)
    const { banner } = await access.platformSettings.inForce()
    const secret = session ?? getCookie(c, formCookie) ?? newFormSecret(c)
    c.set('visit', {
      ...(user && { user }),
      ...(banner && { banner }),
      csrf: csrfToken(secret),
      path: (path) => prefix + path,
      base: origin + prefix,
    })
    c.header('cache-control', 'no-store')
    // Under `no-referrer` browsers send "Origin: null" with a form.
    c.header('referrer-policy', 'same-origin')
    if (c.req.method === 'POST') {
      const form = await readForm(c, limits)
      if (!isFromHere(c, origin) || !isCsrfToken(secret, form.get('csrf') ?? '')) throw notFromHere()
      c.set('form', form)
    }
    await next()
  }
}

/** Makes the browser that of this user: a new session, in a cookie that scripts cannot read. */
export async function startSession(c: PageContext, access: Access, user: Stored<UserDocument>): Promise<void> {
  await endSession(c, access)
  const { secret, expiresAt } = await access.sessions.start(user, {
    address: c.var.external.clientAddress,
    agent: c.req.header('user-agent') ?? '',
  })
  setCookie(c, sessionCookie, secret, { ...cookieOptions(c), expires: new Date(expiresAt) })
}

/** Ends the browser's session, if it has one. */
export async function endSession(c: PageContext, access: Access): Promise<void> {
  const secret = getCookie(c, sessionCookie)
  if (secret === undefined) return
  await access.sessions.end(secret)
  deleteCookie(c, sessionCookie, cookieOptions(c))
}

/** Where to go on: a path of this site as the browser sees it, else the start page. */
export function safeNext(visit: Visit, next: string | null | undefined): string {
  const home = visit.path('/ui/')
  if (!next || !/^\/(?![/\\])[\x21-\x7e]*$/.test(next) || next.includes('\\')) return home
  return URL.canParse(next, 'http://here.invalid') && new URL(next, 'http://here.invalid').host === 'here.invalid'
    ? next
    : home
}

async function signedInUser(
  access: Access,
  secret: string,
  address: string,
): Promise<Stored<UserDocument> | undefined> {
  try {
    const principal = await access.authenticate({ kind: 'session', secret }, address)
    return principal.kind === 'user' ? principal.user : undefined
  } catch (err) {
    if (hasCode(err, 'credentials_invalid')) return undefined
    throw err
  }
}

function newFormSecret(c: PageContext): string {
  const secret = randomBase62(32)
  setCookie(c, formCookie, secret, cookieOptions(c))
  return secret
}

function cookieOptions(c: PageContext) {
  const { origin, prefix } = c.var.external
  return { path: `${prefix}/`, httpOnly: true, sameSite: 'Lax', secure: origin.startsWith('https:') } as const
}

async function readForm(c: PageContext, limits: Limits): Promise<URLSearchParams> {
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded') {
    throw new RegistryError('media_type_unsupported', 'Forms are sent as application/x-www-form-urlencoded.')
  }
  const bytes = await readWhole(c, limits, { maxBytes: maxFormBytes, what: 'A form' })
  return new URLSearchParams(new TextDecoder().decode(bytes))
}

/** Browsers say where a form comes from. The scheme is not compared: a proxy may have taken TLS off unannounced. */
function isFromHere(c: PageContext, origin: string): boolean {
  const site = c.req.header('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin'
  const from = c.req.header('origin')
  return from === undefined || (URL.canParse(from) && new URL(from).host === new URL(origin).host)
}

function notFromHere(): RegistryError {
  return new RegistryError(
    'access_denied',
    'This form is too old or was not made by this site. Go back, reload the page and send it again.',
  )
}
