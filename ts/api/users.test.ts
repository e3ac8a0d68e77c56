import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { testPassword } from '../testing/access.ts'
import { openTestApi } from './testing.ts'

const newJoe = { username: 'joe', email: 'joe@example.com', password: testPassword }

async function setUp() {
  const t = await openTestApi()
  const root = await t.someone('root', { isPlatformAdmin: true })
  const jane = await t.someone('jane')
  return { t, root, jane, [Symbol.asyncDispose]: () => t[Symbol.asyncDispose]() }
}

const fieldsOf = (told: { errors?: { field: string }[] }) => told.errors?.map(({ field }) => field)

describe('who may do what with users', () => {
  const rows: [
    line: string,
    body: object | undefined,
    anonymous: number,
    other: number,
    self: number,
    admin: number,
  ][] = [
    ['GET /users', undefined, 401, 200, 200, 200],
    ['POST /users', newJoe, 401, 403, 403, 201],
    ['GET /users/jane', undefined, 401, 200, 200, 200],
    ['GET /users/nobody', undefined, 401, 404, 404, 404],
    ['PUT /users/jane', { displayName: 'Jane' }, 401, 403, 200, 200],
    ['PUT /users/nobody', { displayName: 'x' }, 401, 404, 404, 404],
    ['PUT /users/jane', { isActive: false }, 401, 403, 403, 200],
    ['PUT /users/jane', { isPlatformAdmin: true }, 401, 403, 403, 200],
    ['PUT /users/jane/password', { password: 'another long password' }, 401, 403, 400, 200],
    [
      'PUT /users/jane/password',
      { password: 'another long password', currentPassword: testPassword },
      401,
      403,
      200,
      200,
    ],
    ['DELETE /users/jane', undefined, 401, 403, 204, 204],
  ]
  test('row by row', async (context) => {
    await using s = await setUp()
    const other = await s.t.someone('other')
    let count = 0
    for (const [line, body, ...expected] of rows) {
      await context.test(`${line} ${body ? JSON.stringify(body) : ''}`, async () => {
        const told: number[] = []
        for (const who of ['anonymous', 'other', 'self', 'admin'] as const) {
          // Each time somebody new, since the one before may be gone.
          const name = `subject-${count++}`
          const self = await s.t.someone(name)
          const as = { anonymous: undefined, other: other.token, self: self.token, admin: s.root.token }[who]
          told.push((await s.t.ask(line.replace('jane', name), { as, body })).status)
        }
        assert.deepEqual(told, expected)
      })
    }
  })
})

test('what a stranger is not shown of a user does not move the entity tag that it is told', async () => {
  await using s = await setUp()
  const tagFor = async (as: string) => (await s.t.ask('GET /users/root', { as })).headers.get('etag')
  const tags = async () => [await tagFor(s.jane.token), await tagFor(s.root.token)]
  const [brief, whole] = await tags()
  await s.t.access.users.update(s.root.id, { email: 'other@example.com' })
  const [briefAfter, wholeAfter] = await tags()
  assert.equal(briefAfter, brief)
  assert.notEqual(wholeAfter, whole)
  await s.t.access.users.update(s.root.id, { displayName: 'Other' })
  assert.notEqual(await tagFor(s.jane.token), brief)
})

test('a user who is not you is shown without address and flags', async () => {
  await using s = await setUp()
  const brief = (await s.t.ask('GET /users/root', { as: s.jane.token })).body
  assert.deepEqual(Object.keys(brief).sort(), ['createdAt', 'displayName', 'id', 'username'])
  const listed = (await s.t.ask('GET /users?username=ROOT', { as: s.jane.token })).body.items
  assert.deepEqual(listed, [brief])
  const own = (await s.t.ask('GET /users', { as: s.jane.token })).body.items
  assert.deepEqual(
    own.map(({ email }: { email: string }) => email),
    ['jane@example.com'],
  )
})

test('users are listed in pages', async () => {
  await using s = await setUp()
  for (const name of ['a', 'b', 'c']) await s.t.aUser(name)
  const names: string[] = []
  for (let cursor = ''; ; ) {
    const { body } = await s.t.ask(`GET /users?limit=2${cursor}`, { as: s.root.token })
    assert.ok(body.items.length <= 2)
    names.push(...body.items.map(({ username }: { username: string }) => username))
    if (body.next === undefined) break
    cursor = `&cursor=${encodeURIComponent(body.next)}`
  }
  assert.deepEqual(names, ['a', 'b', 'c', 'jane', 'root'])
})

describe('what is refused', () => {
  const rows: [name: string, line: string, body: unknown, status: number, fields: string[] | undefined][] = [
    ['an unknown field', 'POST /users', { ...newJoe, isOwner: true, x: 1 }, 400, ['isOwner', 'x']],
    ['a prototype as a field', 'POST /users', JSON.parse(`{"__proto__":{"isPlatformAdmin":true}}`), 400, undefined],
    ['several wrong fields', 'POST /users', { username: 1, email: '', password: 'x' }, 400, ['username', 'email']],
    ['a list for a body', 'POST /users', [], 400, ['']],
    ['a wrong username', 'POST /users', { ...newJoe, username: '.joe' }, 400, ['username']],
    ['a password that is tried first', 'POST /users', { ...newJoe, password: 'Password1234' }, 400, ['password']],
    ['a taken name', 'POST /users', { ...newJoe, username: 'JANE' }, 409, ['username']],
    ['a taken address', 'PUT /users/jane', { email: 'root@example.com' }, 409, ['email']],
    ['the last platform admin', 'PUT /users/root', { isPlatformAdmin: false }, 422, ['isPlatformAdmin']],
    ['the last platform admin gone', 'DELETE /users/root', undefined, 422, ['isPlatformAdmin']],
    ['a wrong limit', 'GET /users?limit=101', undefined, 400, ['limit']],
    ['an unknown parameter', 'GET /users?sort=x', undefined, 400, ['sort']],
    ['a parameter given twice', 'GET /users?limit=1&limit=2', undefined, 400, ['limit']],
    ['a query where none is', 'GET /users/jane?x=1', undefined, 400, ['x']],
    ['a cursor of no list', 'GET /users?cursor=x', undefined, 400, undefined],
    ['a body where none is', 'DELETE /users/jane', {}, 400, undefined],
    ['another method', 'PATCH /users/jane', {}, 405, undefined],
  ]
  test('row by row', async (context) => {
    await using s = await setUp()
    for (const [name, line, body, status, fields] of rows) {
      await context.test(name, async () => {
        const { body: told, status: given } = await s.t.ask(line, { as: s.root.token, body })
        assert.equal(given, status)
        if (fields) assert.deepEqual(fieldsOf(told), fields)
        assert.equal((await s.t.access.users.list({})).items.length, 2)
      })
    }
  })

  test('a body that is no JSON, or not said to be', async () => {
    await using s = await setUp()
    const send = (type: string, text: string) =>
      s.t.ask('POST /users', { as: s.root.token, body: Buffer.from(text), headers: { 'content-type': type } })
    assert.equal((await send('application/json', '{')).status, 400)
    assert.equal((await send('text/plain', '{}')).status, 415)
    assert.equal((await send('application/json', ' '.repeat(1024 * 1024 + 1))).status, 413)
  })
})

describe('changes', () => {
  test('are bound to what was read, when If-Match says so', async () => {
    await using s = await setUp()
    const put = (etag: string, displayName: string) =>
      s.t.ask('PUT /users/jane', { as: s.jane.token, body: { displayName }, headers: { 'if-match': etag } })
    const read = await s.t.ask('GET /users/jane', { as: s.jane.token })
    const etag = read.headers.get('etag') ?? ''
    const changed = await put(etag, 'One')
    assert.equal(changed.status, 200)
    assert.equal((await put(etag, 'Two')).status, 412)
    assert.equal((await put('"x"', 'Two')).body.code, 'precondition_failed')
    assert.equal((await put(changed.headers.get('etag') ?? '', 'Three')).body.displayName, 'Three')
    assert.equal((await put('*', 'Four')).body.displayName, 'Four')
  })

  test('at once with the same If-Match happen once', async () => {
    await using s = await setUp()
    const etag = (await s.t.ask('GET /users/jane', { as: s.jane.token })).headers.get('etag') ?? ''
    const all = await Promise.all(
      Array.from({ length: 5 }, (_, i) =>
        s.t.ask('PUT /users/jane', { as: s.jane.token, body: { displayName: `${i}` }, headers: { 'if-match': etag } }),
      ),
    )
    assert.deepEqual(all.map(({ status }) => status).sort(), [200, 412, 412, 412, 412])
  })

  test('are seen by who asks whether there are any', async () => {
    await using s = await setUp()
    const read = () => s.t.ask('GET /users/jane', { as: s.jane.token, headers: { 'if-none-match': etag } })
    const etag = (await s.t.ask('GET /users/jane', { as: s.jane.token })).headers.get('etag') ?? ''
    assert.equal((await read()).status, 304)
    await s.t.access.users.setProfile(s.jane.id, { displayName: 'x' })
    assert.equal((await read()).status, 200)
  })
})

test('a token reaches accounts only with the action, and without other limits', async () => {
  await using s = await setUp()
  const rows: [object, number, number][] = [
    [{ actions: ['read'] }, 200, 403],
    [{ actions: ['admin'] }, 403, 200],
    [{ protocols: ['npm'] }, 403, 403],
    [{ organizations: ['org_1'] }, 403, 403],
    [{ repositories: ['repo_1'] }, 403, 403],
    [{ packages: ['*'] }, 403, 403],
  ]
  for (const [limits, read, change] of rows) {
    const as = (await s.t.aToken(s.jane, limits)).text
    assert.equal((await s.t.ask('GET /users/jane', { as })).status, read, JSON.stringify(limits))
    assert.equal((await s.t.ask('PUT /users/jane', { as, body: { displayName: 'x' } })).status, change)
  }
})
