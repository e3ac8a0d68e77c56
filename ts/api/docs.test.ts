import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiRoutes } from './api.ts'
import { openTestApi } from './testing.ts'

test('the published document has every route, with what it takes and answers', async () => {
  await using t = await openTestApi()
  const answer = await t.request('GET', '/api/v1/openapi.json')
  const document = JSON.parse(await answer.text())
  assert.equal(document.openapi, '3.1.0')
  assert.deepEqual(document.servers, [{ url: 'http://registry.example.com/api/v1' }])
  const described = Object.entries<object>(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const routes = apiRoutes({ ...t, usage: {} as never, limits: {} as never, protocols: [], version: '' })
  const mounted = routes.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
  assert.deepEqual(described.sort(), mounted.sort())
  const ids = Object.values<Record<string, { operationId: string }>>(document.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  )
  assert.equal(new Set(ids).size, ids.length)
  const { post } = document.paths['/users']
  assert.deepEqual(post.requestBody.content['application/json'].schema, { $ref: '#/components/schemas/NewUser' })
  assert.equal(document.components.schemas.NewUser.additionalProperties, false)
  // Whoever signs up has no credentials yet.
  assert.deepEqual(post.security, [{}, { bearer: [] }, { basic: [] }])
  const statuses = [201, 400, 401, 403, 408, 409, 413, 415, 422, 429, 500, 503]
  assert.deepEqual(Object.keys(post.responses).map(Number), statuses)
})

test('the page shows the document with what this server alone answers', async () => {
  await using t = await openTestApi()
  const page = await t.request('GET', '/api/v1/docs')
  const html = await page.text()
  const policy = page.headers.get('content-security-policy') ?? ''
  assert.match(policy, /script-src 'self'; .*connect-src 'self';/)
  const addresses = [...html.matchAll(/(?:src|href|spec-url)="([^"]*)"/g)].map(([, address]) => address ?? '')
  assert.deepEqual(addresses.slice(0, 2), ['/api/v1/docs/viewer.js', '/api/v1/openapi.json'])
  assert.ok(addresses.every((address) => !address.includes('//')))
  const viewer = await t.request('GET', '/api/v1/docs/viewer.js')
  assert.equal(viewer.headers.get('content-type'), 'text/javascript; charset=utf-8')
  assert.match(await viewer.text(), /openapi-explorer/)
})

test('paths that are none of the API stay free for protocols', async () => {
  await using t = await openTestApi()
  for (const path of ['/api/v1/crates', '/api/v1/gems/x', '/api/v1/usersx', '/api/v1/users/a/b/c']) {
    const answer = await t.request('GET', path)
    assert.equal(answer.status, 404)
    assert.equal(JSON.parse(await answer.text()).code, 'route_unknown')
  }
})
