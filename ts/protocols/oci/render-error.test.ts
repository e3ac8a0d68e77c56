import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import { type ErrorCode, RegistryError, statusOf, toRegistryError } from '../../errors.ts'
import type { Env } from '../protocol.ts'
import { renderError } from './render-error.ts'

/** What a client is told when this is thrown. */
async function rendered(err: unknown, path = '/v2/acme/app/manifests/v1', method = 'GET') {
  const app = new Hono<Env>()
  app.onError((thrown, c) => renderError(toRegistryError(thrown), c))
  app.all('/v2/*', (c) => {
    c.set('external', { origin: 'https://registry.example.com', prefix: '/sub', clientAddress: '192.0.2.1' })
    c.set('address', { base: 'https://registry.example.com/v2', origin: 'https://registry.example.com' })
    throw err
  })
  const answer = await app.request(`http://registry.example.com${path}`, { method })
  const text = await answer.text()
  const { errors } = text === '' ? { errors: [] } : JSON.parse(text)
  return { status: answer.status, headers: answer.headers, error: errors[0], text }
}

describe('errors as clients of images read them', () => {
  const cases: [code: ErrorCode, status: number, ociCode: string][] = [
    ['digest_mismatch', 400, 'DIGEST_INVALID'],
    ['manifest_invalid', 400, 'MANIFEST_INVALID'],
    ['auth_required', 401, 'UNAUTHORIZED'],
    ['access_denied', 403, 'DENIED'],
    ['repository_unknown', 404, 'NAME_UNKNOWN'],
    ['package_unknown', 404, 'NAME_UNKNOWN'],
    ['version_unknown', 404, 'MANIFEST_UNKNOWN'],
    ['blob_unknown', 404, 'BLOB_UNKNOWN'],
    ['upload_unknown', 404, 'BLOB_UPLOAD_UNKNOWN'],
    ['route_unknown', 404, 'UNSUPPORTED'],
    ['method_not_allowed', 405, 'UNSUPPORTED'],
    ['in_use', 409, 'DENIED'],
    ['payload_too_large', 413, 'SIZE_INVALID'],
    ['unavailable', 503, 'UNAVAILABLE'],
    ['storage_full', 507, 'UNAVAILABLE'],
  ]
  for (const [code, status, ociCode] of cases) {
    test(`${code} is ${status} ${ociCode}`, async () => {
      const { error, ...answer } = await rendered(new RegistryError(code, 'What was wrong.'))
      assert.deepEqual([answer.status, error], [status, { code: ociCode, message: 'What was wrong.' }])
      assert.equal(answer.headers.get('docker-distribution-api-version'), 'registry/2.0')
      assert.equal(answer.headers.get('content-length'), String(answer.text.length))
    })
  }

  test('every error that may be thrown has a code of capitals', async () => {
    for (const code of Object.keys(statusOf) as ErrorCode[]) {
      const { error, status } = await rendered(new RegistryError(code, 'x'))
      assert.match(error.code, /^[A-Z_]+$/)
      assert.equal(status, statusOf[code])
    }
  })

  test('nothing is told of a fault of the server', async () => {
    const { status, text } = await rendered(new Error('the password is hunter2'))
    assert.deepEqual([status, text], [500, '{"errors":[{"code":"UNKNOWN","message":"Internal error"}]}'])
  })

  test('what is missing is listed in the detail', async () => {
    const errors = [
      { field: 'sha256:a', message: 'not here' },
      { field: 'sha256:b', message: 'not here' },
    ]
    const { error } = await rendered(new RegistryError('reference_unknown', 'Two are missing.', { errors }))
    assert.equal(error.code, 'MANIFEST_BLOB_UNKNOWN')
    assert.deepEqual(error.detail, [
      { digest: 'sha256:a', message: 'not here' },
      { digest: 'sha256:b', message: 'not here' },
    ])
  })

  test('a field that is wrong is told', async () => {
    const { error } = await rendered(new RegistryError('manifest_invalid', 'x', { field: 'config.size' }))
    assert.deepEqual(error.detail, { field: 'config.size' })
  })

  test('who sends too much at a time is told when to come again', async () => {
    const { status, headers, error } = await rendered(
      new RegistryError('too_many_requests', 'x', { retryAfterSeconds: 5 }),
    )
    assert.deepEqual([status, headers.get('retry-after'), error.code], [429, '5', 'TOOMANYREQUESTS'])
  })

  test('a range outside of a blob is told with its size, a chunk at the wrong place with where to go on', async () => {
    const err = new RegistryError('range_invalid', 'x', { sizeBytes: 7 })
    const blob = await rendered(err, '/v2/acme/app/blobs/sha256:a')
    assert.deepEqual([blob.headers.get('content-range'), blob.error.code], ['bytes */7', 'SIZE_INVALID'])
    const chunk = await rendered(err, '/v2/acme/app/blobs/uploads/1', 'PATCH')
    assert.deepEqual([chunk.headers.get('content-range'), chunk.error.code], [null, 'BLOB_UPLOAD_INVALID'])
    assert.deepEqual(
      [chunk.headers.get('range'), chunk.headers.get('location')],
      ['0-6', '/sub/v2/acme/app/blobs/uploads/1'],
    )
  })

  test('a challenge comes with what needs credentials', async () => {
    const { headers } = await rendered(new RegistryError('auth_required', 'x'))
    assert.equal(
      headers.get('www-authenticate'),
      'Bearer realm="https://registry.example.com/v2/token",service="stowage",scope="repository:acme/app:pull"',
    )
  })

  test('HEAD has no body', async () => {
    const { status, text } = await rendered(new RegistryError('version_unknown', 'x'), undefined, 'HEAD')
    assert.deepEqual([status, text], [404, ''])
  })
})
