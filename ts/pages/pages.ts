import { createHash } from 'node:crypto'
import { type Context, Hono } from 'hono'
import type { Access } from '../access/access.ts'
import type { Limits } from '../config.ts'
import type { Env } from '../protocols/protocol.ts'
import { showError, showMessage } from './answers.ts'
import { showHome } from './home-page.ts'
import { loginPage } from './login-page.ts'
import { setupPage } from './setup-page.ts'
import { signInPage } from './sign-in-page.ts'
import { logo, styleSheet } from './style.ts'
import { type ClientSetup, tokenPage } from './token-page.ts'
import { type PageEnv, visits } from './visit.ts'

export interface PagesDeps {
  readonly access: Access
  readonly limits: Limits
  /** Shown with a new token, in this order. */
  readonly clientSetups: readonly ClientSetup[]
}

/** Adds the pages below `/ui`, which need no scripts. `external` and `log` of the request must be set before. */
export function pages(app: Hono<Env>, { access, limits, clientSetups }: PagesDeps): void {
  const r = new Hono<PageEnv>()
  const setup = setupPage(access)
  const signIn = signInPage(access)
  const login = loginPage(access)
  const tokens = tokenPage(access, clientSetups)
  r.onError(showError)

  r.get('/ui/style.css', asset('text/css; charset=utf-8', styleSheet))
  r.get('/ui/logo.svg', asset('image/svg+xml', logo))
  r.get('/ui', (c) => c.redirect(`${c.var.external.prefix}/ui/`, 308))
  r.use('/ui/*', visits(access, limits))
  r.get('/ui/', showHome)
  r.get('/ui/setup', setup.show)
  r.post('/ui/setup', setup.submit)
  r.get('/ui/sign-in', signIn.show)
  r.post('/ui/sign-in', signIn.submit)
  r.post('/ui/sign-out', signIn.signOut)
  r.get('/ui/login/:code', login.show)
  r.post('/ui/login/:code', login.submit)
  r.get('/ui/tokens/new', tokens.show)
  r.post('/ui/tokens/new', tokens.submit)
  r.all('/ui/*', (c) => showMessage(c, 404, { title: 'No such page', message: 'There is nothing at this address.' }))

  app.route('/', r)
}

/** A file that is part of the server. Browsers ask each time whether it changed. */
function asset(type: string, text: string) {
  const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`
  const headers = { 'content-type': type, 'cache-control': 'no-cache', etag }
  return (c: Context) => {
    const known = c.req.header('if-none-match')?.split(/\s*,\s*/) ?? []
    const isKnown = known.some((tag) => tag === etag || tag === `W/${etag}` || tag === '*')
    return isKnown ? c.body(null, 304, headers) : c.body(text, 200, headers)
  }
}
