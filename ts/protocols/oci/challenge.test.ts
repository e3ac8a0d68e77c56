import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { neededScope } from './challenge.ts'

describe('the scope that a request needs', () => {
  const rows: [method: string, path: string, scope: string | undefined, from?: string][] = [
    ['GET', '/v2/', undefined],
    ['GET', '/v2', undefined],
    ['GET', '/v2/_catalog', 'registry:catalog:*'],
    ['GET', '/v2/acme/app/manifests/latest', 'repository:acme/app:pull'],
    ['HEAD', '/v2/acme/app/blobs/sha256:aa', 'repository:acme/app:pull'],
    ['GET', '/v2/acme/app/tags/list', 'repository:acme/app:pull'],
    ['GET', '/v2/acme/app/referrers/sha256:aa', 'repository:acme/app:pull'],
    ['PUT', '/v2/acme/app/manifests/latest', 'repository:acme/app:pull,push'],
    ['DELETE', '/v2/acme/app/manifests/latest', 'repository:acme/app:pull,delete'],
    ['POST', '/v2/acme/app/blobs/uploads/', 'repository:acme/app:pull,push'],
    ['POST', '/v2/acme/app/blobs/uploads', 'repository:acme/app:pull,push'],
    ['GET', '/v2/acme/app/blobs/uploads/1', 'repository:acme/app:pull,push'],
    ['DELETE', '/v2/acme/app/blobs/uploads/1', 'repository:acme/app:pull,push'],
    ['POST', '/v2/a/blobs/uploads/', 'repository:a:pull,push repository:acme/b:pull', 'acme/b'],
    ['POST', '/v2/a/blobs/uploads/', 'repository:a:pull,push', 'No"name'],
    ['GET', '/v2/acme/blobs/manifests/tags/uploads/manifests/1', 'repository:acme/blobs/manifests/tags/uploads:pull'],
    ['PUT', '/v2/acme/blobs/uploads/manifests/1', 'repository:acme/blobs/uploads:pull,push'],
    ['GET', '/v2/acme/No/manifests/1', undefined],
    ['GET', '/v2/acme/a"b/manifests/1', undefined],
    ['GET', '/v2/acme/something', undefined],
  ]
  for (const [method, path, scope, from] of rows) {
    test(`${method} ${path}${from === undefined ? '' : ` from ${from}`}: ${scope ?? 'none'}`, () => {
      assert.equal(neededScope(method, path, from), scope)
    })
  }
})
