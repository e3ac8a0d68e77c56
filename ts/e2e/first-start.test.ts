import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { adminName, adminPassword, startServerProcess } from '../testing/server-process.ts'
import { openTestFolder } from '../testing/stores.ts'
import { openBrowser } from './browser.ts'
import { npmRequests } from './npm-requests.ts'

const nobodyYet = { ADMIN_EMAIL: '', ADMIN_PASSWORD: '' }
const password = 'a horse that staples batteries'

/** What a person fills in behind the setup link. */
const filledIn = { username: 'jane', email: 'jane@example.com', password, again: password }

test('a new user opens the link, makes an account, takes a token, publishes; the link is used up', async () => {
  await using server = await startServerProcess({ env: nobodyYet })
  const link = server.setupLink ?? ''
  assert.ok(link.startsWith(`${server.url}/`), link)
  const browser = openBrowser()
  const made = await browser.submit(link, filledIn)
  assert.deepEqual([made.status, made.headers.get('location')], [303, '/ui/'])
  assert.match(await (await browser.open(`${server.url}/ui/`)).text(), /jane/)

  const page = await browser.submit(`${server.url}/ui/tokens/new`, { name: 'laptop', actions: 'publish', expiry: '30' })
  const token = /srg_\w+/.exec(await page.text())?.[0] ?? ''
  const npm = npmRequests(server.url, token)
  assert.equal(await npm.publish('first', '1.0.0'), 201)
  await npm.assertInstallable('first', '1.0.0')

  for (const visitor of [browser, openBrowser()]) {
    assert.equal((await visitor.open(link)).status, 410)
    assert.notEqual((await visitor.submit(link, { ...filledIn, username: 'eve' })).status, 303)
  }
})

test('stowage admin create beside the running server works at once, and uses the link up', async () => {
  await using server = await startServerProcess({ env: nobodyYet })
  const who = ['--username', adminName, '--email', 'admin@example.com', '--password-stdin']
  await server.command(['admin', 'create', ...who], `${adminPassword}\n`)
  assert.equal(await npmRequests(server.url, await server.adminToken()).publish('first', '1.0.0'), 201)
  assert.equal((await fetch(server.setupLink ?? '')).status, 410)
})

test('ADMIN_* make the administrator once: a later start with others changes nothing', async () => {
  await using folder = await openTestFolder()
  const dataDir = join(folder.path, 'data')
  await using first = await startServerProcess({ dataDir })
  assert.equal(first.setupLink, undefined)
  await first.stop()
  const others = { ADMIN_USERNAME: 'eve', ADMIN_EMAIL: 'eve@example.com', ADMIN_PASSWORD: password }
  await using second = await startServerProcess({ dataDir, env: others })
  assert.equal(second.setupLink, undefined)
  await second.adminToken()
  const asEve = { headers: { authorization: `Basic ${btoa(`eve:${password}`)}` } }
  assert.equal((await fetch(`${second.url}/-/whoami`, asEve)).status, 401)
})

test('what is secret is readable to the owner alone, and stays the same over starts', async () => {
  await using folder = await openTestFolder()
  const dataDir = join(folder.path, 'data')
  const keys = []
  for (let start = 0; start < 2; start++) {
    await using server = await startServerProcess({ dataDir })
    keys.push(await (await fetch(`${server.url}/-/npm/v1/keys`)).text())
    for (const name of ['jwt.secret', 'encryption.key']) {
      assert.equal((await stat(join(dataDir, name))).mode & 0o777, 0o600, name)
    }
    assert.equal((await stat(join(dataDir, 'stowage.db'))).mode & 0o007, 0, 'the database is not for everybody')
    await server.stop()
  }
  assert.equal(keys[0], keys[1])
})

test('no password, token, cookie or one-time secret is in the log', async () => {
  await using server = await startServerProcess({ env: { ...nobodyYet, LOG_LEVEL: 'trace' } })
  const { url, setupLink = '' } = server
  const browser = openBrowser()
  await browser.submit(setupLink, filledIn)
  const basic = btoa(`jane:${password}`)
  const signIn = (credentials: string) =>
    fetch(`${url}/-/user/org.couchdb.user:jane/-rev/1`, {
      method: 'PUT',
      headers: { authorization: `Basic ${credentials}` },
      body: JSON.stringify({ name: 'jane', password }),
    })
  const { token }: { token: string } = JSON.parse(await (await signIn(basic)).text())
  const wrong = btoa('jane:no password of mine')
  assert.equal((await signIn(wrong)).status, 401)

  const login = await fetch(`${url}/-/v1/login`, { method: 'POST', body: '{}' })
  const { loginUrl, doneUrl }: { loginUrl: string; doneUrl: string } = JSON.parse(await login.text())
  assert.equal((await fetch(doneUrl)).status, 202)
  await browser.submit(loginUrl, { answer: 'approve' })
  const { token: second }: { token: string } = JSON.parse(await (await fetch(doneUrl)).text())
  await npmRequests(url, token).publish('first', '1.0.0')
  assert.equal((await npmRequests(url, second).request(`/-/user/token/${second}`, { method: 'DELETE' })).status, 200)
  assert.equal((await npmRequests(url, `${token}x`).request('/first')).status, 401)
  await fetch(`${url}/first?token=${token}&password=${encodeURIComponent(password)}`)

  const last = (await server.requests()).at(-1)
  assert.match(last?.url ?? '', /^\/first\?/)
  const log = server.output().replace(JSON.stringify(setupLink), '')
  const secrets = {
    password,
    token,
    second,
    basic,
    wrong,
    poll: doneUrl.split('/').at(-1),
    setup: new URL(setupLink).searchParams.get('token') ?? setupLink,
    session: browser.cookies.get('stowage_session'),
  }
  for (const [name, secret] of Object.entries(secrets)) {
    assert.ok(secret && secret.length > 10, `${name} is known`)
    const at = log.indexOf(secret)
    assert.equal(at, -1, `${name} is in the log: ${log.slice(at - 100, at + 20)}`)
  }
  assert.equal(await server.stop(), 0)
})

test('a start without an administrator makes a new link each time, and the last one alone is valid', async () => {
  await using folder = await openTestFolder()
  const options = { dataDir: join(folder.path, 'data'), env: nobodyYet }
  await using first = await startServerProcess(options)
  await first.stop()
  await using second = await startServerProcess(options)
  const { search } = new URL(first.setupLink ?? '')
  assert.equal((await fetch(`${second.url}/ui/setup${search}`)).status, 403)
  assert.equal((await fetch(second.setupLink ?? '')).status, 200)
})
