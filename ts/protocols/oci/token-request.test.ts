import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hasCode } from '../../errors.ts'
import { type AskedScope, parseTokenRequest } from './token-request.ts'

const app = (...actions: ('pull' | 'push' | 'delete')[]): AskedScope => ({ kind: 'image', name: 'acme/app', actions })

describe('a request for a token', () => {
  const rows: [parameters: string, scopes: readonly AskedScope[]][] = [
    ['', []],
    ['scope=', []],
    ['scope=repository:acme/app:pull', [app('pull')]],
    ['scope=repository:acme/app:push,pull', [app('pull', 'push')]],
    ['scope=repository:acme/app:pull,pull', [app('pull')]],
    ['scope=repository:acme/app:*', [app('pull', 'push', 'delete')]],
    ['scope=repository:acme/app:fly,pull', [app('pull')]],
    ['scope=repository:acme/app:', [app()]],
    ['scope=repository(plugin):acme/app:pull', [app('pull')]],
    ['scope=repository:acme/app:pull&scope=repository:acme/app:push', [app('pull', 'push')]],
    ['scope=repository:acme/app:pull%20repository:acme/app:delete', [app('pull', 'delete')]],
    ['scope=repository:acme/app:pull+registry:catalog:*', [app('pull'), { kind: 'catalog' }]],
    ['scope=registry:keys:*', []],
    ['scope=repository:acme/app', []],
    ['scope=plugin:acme/app:pull', []],
    ['scope=repository:host:5000/app:pull', [{ kind: 'image', name: 'host:5000/app', actions: ['pull'] }]],
  ]
  for (const [parameters, scopes] of rows) {
    test(`"${parameters}" asks for ${scopes.length}`, () => {
      assert.deepEqual(parseTokenRequest(new URLSearchParams(parameters)).scopes, scopes)
    })
  }

  test('for more than 50 names asks for the first 50', () => {
    const names = Array.from({ length: 60 }, (_, i) => `acme/app-${i}`)
    const scope = names.map((name) => `repository:${name}:pull`).join(' ')
    const { scopes } = parseTokenRequest(new URLSearchParams({ scope }))
    assert.deepEqual(
      scopes,
      names.slice(0, 50).map((name) => ({ kind: 'image', name, actions: ['pull'] })),
    )
  })

  test('is refused for another service', () => {
    const isInvalid = (why: RegExp) => (err: unknown) => hasCode(err, 'payload_invalid') && why.test(err.message)
    const other = new URLSearchParams('service=elsewhere')
    assert.throws(() => parseTokenRequest(other), isInvalid(/for the service "stowage", none for "elsewhere"/))
    assert.deepEqual(parseTokenRequest(new URLSearchParams('service=stowage')).scopes, [])
  })

  test('says what the client calls itself, without what is no word, and whether it comes again', () => {
    const parsed = (text: string) => parseTokenRequest(new URLSearchParams(text))
    assert.equal(parsed('client_id=docker').client, 'docker')
    assert.equal(parsed('client_id=%1b[31m%0aevil%00').client, '31m evil')
    assert.equal(parsed(`client_id=${'x'.repeat(1000)}`).client.length, 40)
    assert.equal(parsed('client_id=%20').client, 'image client')
    assert.equal(parsed('offline_token=true').wantsRefreshToken, true)
    assert.equal(parsed('access_type=offline').wantsRefreshToken, true)
    assert.equal(parsed('offline_token=false').wantsRefreshToken, false)
  })
})
