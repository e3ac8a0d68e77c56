import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { type Nginx, skipWithoutNginx, startNginx } from '../testing/nginx.ts'
import { type ServerProcess, startServerProcess } from '../testing/server-process.ts'
import { askHttps, type HttpsRequest } from './https-requests.ts'
import { npmRequests, type Packument, publishBody } from './npm-requests.ts'

const skip = skipWithoutNginx() ?? false

interface Proxied extends AsyncDisposable {
  readonly server: ServerProcess
  readonly nginx: Nginx
  readonly token: string
  /** Through the proxy, with the administrator's token. */
  ask(path: string, request?: HttpsRequest): ReturnType<typeof askHttps>
}

async function startProxied(env: Record<string, string>): Promise<Proxied> {
  const opened = new AsyncDisposableStack()
  const server = opened.use(await startServerProcess({ env }))
  const nginx = opened.use(await startNginx(Number(new URL(server.url).port)))
  const token = await server.adminToken()
  const ask: Proxied['ask'] = (path, request) => askHttps(nginx.url + path, { token, ...request })
  return { server, nginx, token, ask, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** The address of the tarball that a packument names. */
function tarballOf(packument: Buffer | string): string {
  const { versions }: Packument = JSON.parse(String(packument))
  return versions['1.0.0']?.dist.tarball ?? ''
}

describe('behind docs/nginx.conf, trusted', { skip }, () => {
  let t: Proxied
  before(async () => {
    t = await startProxied({ TRUSTED_PROXIES: '127.0.0.1' })
  })
  after(() => t[Symbol.asyncDispose]())

  for (const path of ['/@main%2ftool-1', '/@main%2Ftool-2', '/npm/main/npm/@main%2ftool-3']) {
    test(`${path} is published and installed at the outer address`, async () => {
      const name = decodeURIComponent(path.replace('/npm/main/npm', '').slice(1))
      const published = await t.ask(path, { method: 'PUT', body: publishBody(name, '1.0.0', 'content') })
      assert.equal(published.status, 201, String(published.body))
      const tarball = tarballOf((await t.ask(path)).body)
      assert.ok(tarball.startsWith(`${t.nginx.url}/`), tarball)
      assert.equal((await askHttps(tarball, { token: t.token })).status, 200)
    })
  }

  test('60 MB go up and come down whole', async () => {
    const content = randomBytes(60_000_000)
    const published = await t.ask('/large', { method: 'PUT', body: publishBody('large', '1.0.0', content) })
    assert.equal(published.status, 201, String(published.body))
    const { body } = await t.ask('/large')
    const { versions }: Packument = JSON.parse(String(body))
    const tarball = await askHttps(tarballOf(body), { token: t.token })
    const sha512 = createHash('sha512').update(tarball.body).digest('base64')
    assert.equal(`sha512-${sha512}`, versions['1.0.0']?.dist.integrity)
  })

  test('a web login stays at the outer address', async () => {
    const { body } = await t.ask('/-/v1/login', { method: 'POST', body: '{}' })
    const { loginUrl, doneUrl }: { loginUrl: string; doneUrl: string } = JSON.parse(String(body))
    assert.ok(loginUrl.startsWith(`${t.nginx.url}/ui/login/`), loginUrl)
    assert.ok(doneUrl.startsWith(`${t.nginx.url}/-/v1/done/`), doneUrl)
    assert.equal((await askHttps(doneUrl, {})).status, 202)
    const page = await askHttps(loginUrl, {})
    assert.ok([302, 303].includes(page.status))
    assert.ok(new URL(page.headers.location ?? '', t.nginx.url).href.startsWith(`${t.nginx.url}/ui/sign-in`))
  })

  test('cookies are for HTTPS alone, and the metrics are not for those outside', async () => {
    const page = await askHttps(`${t.nginx.url}/ui/sign-in`, {})
    assert.match(page.headers['set-cookie']?.[0] ?? '', /; HttpOnly; Secure; SameSite=Lax/)
    assert.equal((await askHttps(`${t.nginx.url}/metrics`, {})).status, 404)
    assert.equal((await fetch(`${t.server.url}/metrics`)).status, 200)
  })

  test('a refusal in the middle of an upload comes through as what it is', async () => {
    const body = publishBody('refused', '1.0.0', randomBytes(8_000_000))
    const { status, body: answer } = await askHttps(`${t.nginx.url}/refused`, {
      method: 'PUT',
      body,
      token: 'srg_wrong',
    })
    assert.equal(status, 401)
    assert.match(String(answer), /"error"/)
  })
})

test('X-Forwarded-* of a proxy that is not trusted change nothing', { skip }, async () => {
  await using t = await startProxied({})
  await t.ask('/tool', { method: 'PUT', body: publishBody('tool', '1.0.0', 'content') })
  const { host } = new URL(t.nginx.url)
  assert.equal(tarballOf((await t.ask('/tool')).body), `http://${host}/tool/-/tool-1.0.0.tgz`)
  const headers = {
    'x-forwarded-host': 'evil.example.com',
    'x-forwarded-proto': 'https',
    'x-forwarded-prefix': '/evil',
  }
  const direct = await npmRequests(t.server.url, t.token).request('/tool', { headers })
  assert.equal(tarballOf(await direct.text()), `${t.server.url}/tool/-/tool-1.0.0.tgz`)
})

test('PUBLIC_URL wins over whatever a request says', { skip }, async () => {
  await using t = await startProxied({ PUBLIC_URL: 'https://registry.example.com', TRUSTED_PROXIES: '127.0.0.1' })
  await t.ask('/tool', { method: 'PUT', body: publishBody('tool', '1.0.0', 'content') })
  const expected = 'https://registry.example.com/tool/-/tool-1.0.0.tgz'
  assert.equal(tarballOf((await t.ask('/tool')).body), expected)
})
