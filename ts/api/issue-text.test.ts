import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestOrganization } from './organization-builder.ts'

test('what is wrong with a request is told in words, by the name of the field', async () => {
  await using s = await openTestOrganization()
  const as = s.root.token
  const words: [line: string, body: unknown, detail: string][] = [
    ['POST /users', {}, 'The body is not valid: username: This is missing.'],
    ['POST /users', { username: 1 }, 'The body is not valid: username: This must be a string.'],
    ['GET /users?limit=', undefined, 'The query is not valid: limit: This is a whole number from 1 to 100.'],
    ['GET /users?limit=x', undefined, 'The query is not valid: limit: This is a whole number from 1 to 100.'],
    [
      'GET /audit?from=zzz',
      undefined,
      'The query is not valid: from: This is a time such as 2026-01-31T12:00:00Z, or a date.',
    ],
    ['GET /packages?sort=x', undefined, 'The query is not valid: sort: This must be "relevance" or'],
    ['POST /tokens', { name: '' }, 'The body is not valid: name: This must have at least 1 characters.'],
    ['POST /tokens', { name: ' ' }, 'name: This needs 1 to 100 characters on one line.'],
    ['PUT /users/member', { displayName: 'a\u202eb' }, 'displayName: This has characters that nobody sees'],
  ]
  for (const [line, body, detail] of words) {
    const told = await s.t.ask(line, { as, body })
    assert.equal(told.status, 400, line)
    assert.ok(told.body.detail.startsWith(detail), `${line}: ${told.body.detail}`)
  }
})

test('a body above the bound of the API is refused without naming a setting that does not raise it', async () => {
  await using s = await openTestOrganization()
  const body = { name: 'x', actions: ['read'], packages: ['x'.repeat(1 << 20)] }
  const told = await s.t.ask('POST /tokens', { as: s.root.token, body })
  assert.deepEqual([told.status, told.body.detail], [413, 'A request of the API has at most 1048576 bytes. Send less.'])
})

test('a token whose actions are not told may read', async () => {
  await using s = await openTestOrganization()
  const made = await s.t.ask('POST /tokens', { as: s.root.token, body: { name: 'plain' } })
  assert.deepEqual([made.status, made.body.token.actions], [201, ['read']])
})
