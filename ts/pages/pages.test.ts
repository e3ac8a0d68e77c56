import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import { roomyLimits, silentLog } from '../http/testing.ts'
import type { Env } from '../protocols/protocol.ts'
import { openTestAccess, type TestAccess, testPassword } from '../testing/access.ts'
import { pages } from './pages.ts'

const clientSetups = [{ label: 'Client', linesOf: (of: { base: string; token: string }) => `${of.base} <${of.token}>` }]

/** A browser on the pages of this access: keeps cookies, and sends forms with what their page carried. */
function browserOn(t: TestAccess, { origin = 'http://registry.example.com', prefix = '' } = {}) {
  const app = new Hono<Env>()
  app.use(async (c, next) => {
    c.set('external', { origin, prefix, clientAddress: '192.0.2.7' })
    c.set('log', silentLog)
    await next()
  })
  pages(app, { access: t.access, limits: roomyLimits, clientSetups })
  const cookies = new Map<string, string>()

  async function request(path: string, init: RequestInit = {}) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await app.request(path, { ...init, headers: { cookie, ...init.headers } })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    return response
  }

  async function csrfOf(path: string): Promise<string> {
    const html = await (await request(path)).text()
    return /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? ''
  }

  async function submit(path: string, fields: Record<string, string>, headers: Record<string, string> = {}) {
    const csrf = fields['csrf'] ?? (await csrfOf(path))
    return request(path, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams({ ...fields, csrf }).toString(),
    })
  }

  const signIn = (login: string) => submit('/ui/sign-in', { login, password: testPassword })
  return { cookies, request, submit, csrfOf, signIn }
}

/** Status, and the text with the tags taken out. */
async function seen(response: Response): Promise<{ status: number; text: string; html: string }> {
  const html = await response.text()
  return { status: response.status, html, text: html.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ') }
}

describe('setup', () => {
  const filled = { username: 'admin', email: 'jane@example.com', password: testPassword, again: testPassword }
  const linkOf = async (t: TestAccess) => `/ui/setup?token=${(await t.access.setup.prepare())?.linkSecret}`

  test('makes the first administrator and signs that one in, once', async () => {
    await using t = await openTestAccess()
    const browser = browserOn(t)
    const link = await linkOf(t)
    const response = await browser.submit(link, filled)
    assert.deepEqual([response.status, response.headers.get('location')], [303, '/ui/'])
    assert.match((await seen(await browser.request('/ui/'))).text, /Signed in as admin/)
    const again = await seen(await browser.request(link))
    assert.equal(again.status, 410)
    assert.match(again.text, /set up already/)
    assert.equal((await browserOn(t).submit(link, { ...filled, csrf: 'x' })).status, 403)
  })

  test('with an unknown link says what to do', async () => {
    await using t = await openTestAccess()
    for (const path of ['/ui/setup', '/ui/setup?token=x']) {
      const { status, text } = await seen(await browserOn(t).request(path))
      assert.equal(status, 403)
      assert.match(text, /restart the server.*stowage admin create/)
    }
  })

  const bad: [field: string, value: string, message: RegExp][] = [
    ['username', 'a b', /A username has 1 to 64/],
    ['email', 'jane', /looks like jane@example.com/],
    ['password', 'short', /The two passwords differ/],
    ['again', 'another long password', /The two passwords differ/],
  ]
  for (const [field, value, message] of bad) {
    test(`shows what is wrong with ${field}, keeps the rest, never the password`, async () => {
      await using t = await openTestAccess()
      const browser = browserOn(t)
      const link = await linkOf(t)
      const { status, html, text } = await seen(await browser.submit(link, { ...filled, [field]: value }))
      assert.equal(status, 400)
      assert.match(text, message)
      assert.match(html, /aria-invalid="true"/)
      assert.match(html, /<title>Error: /)
      assert.match(html, field === 'email' ? /value="jane"/ : /value="jane@example.com"/)
      assert.ok(!html.includes(testPassword))
      assert.equal((await t.access.users.list({})).items.length, 0)
      assert.equal((await browser.submit(link, filled)).status, 303)
    })
  }

  test('shows every mistake at once, the cursor in the first', async () => {
    await using t = await openTestAccess()
    const wrong = { username: 'a b', email: 'jane', password: 'short', again: 'other' }
    const { status, html } = await seen(await browserOn(t).submit(await linkOf(t), wrong))
    assert.equal(status, 400)
    assert.match(html, /id="username-error">A username has/)
    assert.match(html, /id="email-error">An e-mail address looks like/)
    assert.match(html, /id="password-error">A password has at least/)
    assert.match(html, /id="again-error">The two passwords differ/)
    assert.match(html, /id="username"[^>]* autofocus/)
    assert.equal(html.match(/ autofocus/g)?.length, 1)
  })

  test('a form that is too large names its own limit', async () => {
    await using t = await openTestAccess()
    const { status, text } = await seen(
      await browserOn(t).submit(await linkOf(t), { ...filled, username: 'x'.repeat(65_536) }),
    )
    assert.equal(status, 413)
    assert.match(text, /A form has at most 65536 bytes\. Send less\./)
  })

  test('refuses a short password at its field', async () => {
    await using t = await openTestAccess()
    const short = { ...filled, password: 'short', again: 'short' }
    const { html } = await seen(await browserOn(t).submit(await linkOf(t), short))
    assert.match(html, /id="password-error">A password has at least 12 characters/)
    assert.match(html, /aria-describedby="password-error password-hint" aria-invalid="true"/)
  })
})

describe('signing in', () => {
  test('sets a cookie that scripts and other sites do not get, secure over https', async () => {
    await using t = await openTestAccess()
    await t.aUser('jane')
    for (const [origin, secure] of [
      ['http://registry.example.com', ''],
      ['https://registry.example.com', '; Secure'],
    ] as const) {
      const response = await browserOn(t, { origin }).signIn('jane')
      const cookie = response.headers.getSetCookie().find((line) => line.startsWith('stowage_session=')) ?? ''
      assert.match(
        cookie,
        new RegExp(`^stowage_session=\\w{43}; Path=/; Expires=[^;]+; HttpOnly${secure}; SameSite=Lax$`),
      )
    }
  })

  test('answers a wrong password and an unknown user alike, keeping the name', async () => {
    await using t = await openTestAccess()
    await t.aUser('jane')
    for (const login of ['jane', 'nobody', 'constructor']) {
      const answer = await seen(await browserOn(t).submit('/ui/sign-in', { login, password: 'wrong password' }))
      assert.equal(answer.status, 401)
      assert.match(answer.text, /Wrong username or password\./)
      assert.ok(answer.html.includes(`value="${login}"`) && !answer.html.includes('wrong password'))
    }
  })

  test('starts a new session and ends the one before', async () => {
    await using t = await openTestAccess()
    await t.aUser('jane')
    const browser = browserOn(t)
    await browser.signIn('jane')
    const before = browser.cookies.get('stowage_session') ?? ''
    const csrf = await browser.csrfOf('/ui/')
    await browser.submit('/ui/sign-in', { login: 'jane', password: testPassword, csrf })
    assert.notEqual(browser.cookies.get('stowage_session'), before)
    assert.equal(await t.access.sessions.find(before), undefined)
  })

  const nexts: [next: string, to: string][] = [
    ['/ui/tokens/new', '/ui/tokens/new'],
    ['/ui/login/abc?x=1', '/ui/login/abc?x=1'],
    ['//evil.example.com', '/ui/'],
    ['/\\evil.example.com', '/ui/'],
    ['/ui\\..\\..', '/ui/'],
    ['https://evil.example.com/', '/ui/'],
    ['javascript:alert(1)', '/ui/'],
    ['/\t/evil.example.com', '/ui/'],
    ['/ui/\r\nSet-Cookie: a=b', '/ui/'],
    ['', '/ui/'],
  ]
  for (const [next, to] of nexts) {
    test(`goes on to ${to} for ${JSON.stringify(next)}`, async () => {
      await using t = await openTestAccess()
      await t.aUser('jane')
      const browser = browserOn(t)
      const path = `/ui/sign-in?next=${encodeURIComponent(next)}`
      const sent = await browser.submit(path, { login: 'jane', password: testPassword })
      assert.deepEqual([sent.status, sent.headers.get('location')], [303, to])
      assert.equal((await browser.request(path)).headers.get('location'), to)
    })
  }

  test('out ends the session everywhere', async () => {
    await using t = await openTestAccess()
    await t.aUser('jane')
    const browser = browserOn(t)
    await browser.signIn('jane')
    const secret = browser.cookies.get('stowage_session') ?? ''
    await browser.submit('/ui/sign-out', { csrf: await browser.csrfOf('/ui/') })
    assert.equal(browser.cookies.has('stowage_session'), false)
    assert.equal(await t.access.sessions.find(secret), undefined)
  })

  test('is asked of who visits a page for users, and leads back', async () => {
    await using t = await openTestAccess()
    for (const path of ['/ui/tokens/new', '/ui/login/abc']) {
      const response = await browserOn(t, { prefix: '/registry' }).request(path)
      const next = encodeURIComponent(`/registry${path}`)
      assert.equal(response.headers.get('location'), `/registry/ui/sign-in?next=${next}`)
    }
  })
})

describe('a form', () => {
  test('that this site did not make for this browser changes nothing', async () => {
    await using t = await openTestAccess()
    await t.aUser('jane')
    const browser = browserOn(t)
    await browser.signIn('jane')
    const other = browserOn(t)
    await other.signIn('jane')
    const fields = { name: 'ci', actions: 'read', expiry: '7', cidrs: '' }
    const csrf = await browser.csrfOf('/ui/tokens/new')
    const cases: [fields: Record<string, string>, headers: Record<string, string>][] = [
      [{ ...fields, csrf: '' }, {}],
      [{ ...fields, csrf: await other.csrfOf('/ui/tokens/new') }, {}],
      [{ ...fields, csrf }, { origin: 'https://evil.example.com' }],
      [{ ...fields, csrf }, { origin: 'null' }],
      [{ ...fields, csrf }, { 'sec-fetch-site': 'cross-site' }],
      [{ ...fields, csrf }, { 'sec-fetch-site': 'same-site' }],
    ]
    for (const [sent, headers] of cases) {
      assert.equal((await browser.submit('/ui/tokens/new', sent, headers)).status, 403)
    }
    const user = await t.access.users.findByUsername('jane')
    assert.deepEqual((await t.access.tokens.list(user?.id ?? '', {})).items, [])
    assert.equal((await browser.submit('/ui/tokens/new', { ...fields, csrf })).status, 200)
  })

  test('of another media type or too large is refused', async () => {
    await using t = await openTestAccess()
    const browser = browserOn(t)
    const typed = await browser.submit('/ui/sign-in', { login: 'a' }, { 'content-type': 'text/plain' })
    assert.equal(typed.status, 415)
    assert.equal((await browser.submit('/ui/sign-in', { login: 'x'.repeat(100_000) })).status, 413)
  })
})

describe('approving a login', () => {
  async function setUp(t: TestAccess) {
    await t.aUser('jane')
    const browser = browserOn(t)
    await browser.signIn('jane')
    const { code, pollSecret } = await t.access.loginRequests.start({
      client: 'npm/11 <script>alert(1)</script>',
      address: '192.0.2.7',
    })
    return { browser, path: `/ui/login/${code}`, pollSecret }
  }

  test('shows who asks, escaped, and for which account', async () => {
    await using t = await openTestAccess()
    const { browser, path } = await setUp(t)
    const { html, text } = await seen(await browser.request(path))
    assert.match(html, /npm\/11 &lt;script&gt;/)
    assert.match(text, /192\.0\.2\.7 Account jane/)
  })

  for (const [answer, state, words] of [
    ['approve', 'ready', /Login approved/],
    ['deny', 'gone', /Login denied/],
  ] as const) {
    test(`${answer}: the client finds it ${state}`, async () => {
      await using t = await openTestAccess()
      const { browser, path, pollSecret } = await setUp(t)
      const response = await browser.submit(path, { answer })
      assert.equal(response.headers.get('location'), path)
      assert.match((await seen(await browser.request(path))).text, words)
      assert.equal((await t.access.loginRequests.collect(pollSecret)).state, state)
      const csrf = await browser.csrfOf('/ui/')
      assert.equal((await browser.submit(path, { answer, csrf })).status, 412)
    })
  }

  test('an unknown or expired code is 404 and says to start again', async () => {
    await using t = await openTestAccess()
    const { browser } = await setUp(t)
    const { status, text } = await seen(await browser.request('/ui/login/nothing'))
    assert.equal(status, 404)
    assert.match(text, /Start it again on the command line/)
  })
})

describe('making a token', () => {
  const fields = { name: 'ci <b>', actions: 'publish', expiry: '30', cidrs: '10.0.0.0/8\n2001:db8::1, 192.0.2.1' }

  test('shows it once with the lines to copy, and never again', async () => {
    await using t = await openTestAccess()
    const jane = await t.aUser('jane')
    const browser = browserOn(t, { prefix: '/registry' })
    await browser.signIn('jane')
    const response = await browser.submit('/ui/tokens/new', fields)
    assert.equal(response.headers.get('cache-control'), 'no-store')
    const { html } = await seen(response)
    const text = /<code>(srg_\w+)<\/code>/.exec(html)?.[1] ?? ''
    assert.ok(html.includes(`http://registry.example.com/registry &lt;${text}&gt;`))
    const token = await t.access.tokens.find(text)
    assert.deepEqual(
      [token?.value.userId, token?.value.name, token?.value.actions, token?.value.cidrs],
      [jane.id, 'ci <b>', ['read', 'write'], ['10.0.0.0/8', '2001:db8::1/128', '192.0.2.1/32']],
    )
    assert.ok(Math.abs((token?.value.expiresAt ?? 0) - Date.now() - 30 * 86_400_000) < 60_000)
    assert.ok(!(await (await browser.request('/ui/')).text()).includes(text))
  })

  test('that never expires has no expiry', async () => {
    await using t = await openTestAccess()
    const jane = await t.aUser('jane')
    const browser = browserOn(t)
    await browser.signIn('jane')
    await browser.submit('/ui/tokens/new', { ...fields, expiry: 'never', actions: 'all' })
    const [token] = (await t.access.tokens.list(jane.id, {})).items
    assert.deepEqual(token?.value.actions, ['read', 'write', 'delete', 'admin'])
    assert.equal(token?.value.expiresAt, undefined)
  })

  for (const [field, value] of [
    ['name', ' '],
    ['actions', 'constructor'],
    ['expiry', '1e9'],
    ['cidrs', '10.0.0.0/99'],
  ] as const) {
    test(`with a wrong ${field} makes none, says so at the field, and keeps the rest`, async () => {
      await using t = await openTestAccess()
      const jane = await t.aUser('jane')
      const browser = browserOn(t)
      await browser.signIn('jane')
      const { status, html } = await seen(await browser.submit('/ui/tokens/new', { ...fields, [field]: value }))
      assert.equal(status, 400)
      assert.ok(html.includes(`id="${field}-error"`))
      if (field !== 'name') assert.ok(html.includes('value="ci &lt;b&gt;"'))
      if (field !== 'expiry') assert.match(html, /value="30" selected/)
      assert.deepEqual((await t.access.tokens.list(jane.id, {})).items, [])
    })
  }
})

describe('every page', () => {
  test('runs no scripts, is framed by nobody and is kept by no cache', async () => {
    await using t = await openTestAccess()
    for (const path of ['/ui/', '/ui/sign-in', '/ui/setup', '/ui/nothing']) {
      const response = await browserOn(t).request(path)
      assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'.*frame-ancestors 'none'/)
      assert.equal(response.headers.get('cache-control'), 'no-store')
      assert.equal(response.headers.get('referrer-policy'), 'same-origin')
      assert.ok(!(await response.text()).includes('<script'))
    }
  })

  test('links below the prefix of the proxy', async () => {
    await using t = await openTestAccess()
    const html = await (await browserOn(t, { prefix: '/registry' }).request('/ui/sign-in')).text()
    const links = [...html.matchAll(/(?:href|action)="([^"#]+)"/g)].map(([, link]) => link ?? '')
    assert.ok(links.length >= 4)
    for (const link of links) assert.match(link, /^\/registry\/ui\//)
  })

  test('survives a session cookie that is none, and a failing store shows no cause', async () => {
    await using t = await openTestAccess()
    const browser = browserOn(t)
    for (const cookie of ['stowage_session=x', 'stowage_session=%F0%9F', `stowage_session=${'x'.repeat(5000)}`]) {
      assert.equal((await browser.request('/ui/sign-in', { headers: { cookie } })).status, 200)
    }
    const broken = {
      ...t,
      access: { ...t.access, setup: { ...t.access.setup, checkLink: () => Promise.reject(new Error('secret path')) } },
    }
    const { status, text } = await seen(await browserOn(broken).request('/ui/setup?token=x'))
    assert.equal(status, 500)
    assert.ok(!text.includes('secret path'))
  })

  test('has a style sheet and a mark that are fetched once', async () => {
    await using t = await openTestAccess()
    const browser = browserOn(t)
    for (const path of ['/ui/style.css', '/ui/logo.svg']) {
      const first = await browser.request(path)
      const etag = first.headers.get('etag') ?? ''
      assert.equal(first.status, 200)
      assert.equal((await browser.request(path, { headers: { 'if-none-match': `W/${etag}` } })).status, 304)
    }
    assert.equal((await browser.request('/ui')).headers.get('location'), '/ui/')
  })
})
