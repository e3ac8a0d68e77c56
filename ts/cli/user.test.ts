import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openCommandLine, type TestCommandLine } from '../testing/command-line.ts'
import { withAccess } from './with-access.ts'

const password = 'an azure umbrella'
let stowage: TestCommandLine

before(async () => {
  stowage = openCommandLine()
  await createUser('root', '--admin')
  await createUser('jane', '--display-name', 'Jane Doe')
})
after(() => stowage[Symbol.dispose]())

function createUser(name: string, ...more: string[]) {
  const argv = ['user', 'create', name, '--email', `${name}@example.com`, '--password-stdin', ...more]
  return stowage.run(argv, `${password}\n`)
}

function signsIn(login: string, secret: string): Promise<boolean> {
  return withAccess(stowage.env, async ({ users }) => (await users.checkPassword(login, secret)) !== undefined)
}

test('a user made with a password from standard input signs in with it', async () => {
  const { code, out } = await createUser('kim', '--json')
  assert.equal(code, 0)
  assert.doesNotMatch(out, /hash|\$2/i)
  const { username, email, isPlatformAdmin, createdAt } = JSON.parse(out)
  assert.deepEqual([username, email, isPlatformAdmin], ['kim', 'kim@example.com', false])
  assert.match(createdAt, /^\d{4}-\d\d-\d\dT.*Z$/)
  assert.ok(await signsIn('kim', password))
})

test('the first platform admin completes the setup and owns the default organization', async () => {
  assert.match(await stowage.ok('user', 'show', 'root'), /^organizations +main owner$/m)
  assert.equal(await withAccess(stowage.env, ({ setup }) => setup.prepare()), undefined)
})

test('users are listed with what they are', async () => {
  const [heading, ...lines] = (await stowage.ok('user', 'list')).split('\n')
  assert.match(heading ?? '', /^USERNAME +DISPLAY NAME +EMAIL +ACTIVE +PLATFORM ADMIN +CREATED$/)
  assert.match(lines.find((line) => line.startsWith('jane')) ?? '', /^jane +Jane Doe +jane@example.com +yes +no +20/)
})

test('a user is shown with the organizations it belongs to, and without its password', async () => {
  const user = await stowage.json('user', 'show', 'ROOT')
  assert.ok(user && typeof user === 'object' && 'organizations' in user)
  assert.deepEqual(user.organizations, [{ name: 'main', role: 'owner' }])
  assert.ok(!('passwordHash' in user))
})

test('a disabled user does not sign in until it is enabled', async () => {
  await createUser('lee')
  assert.equal(await stowage.ok('user', 'disable', 'lee'), 'The user lee is disabled.')
  assert.equal(await signsIn('lee', password), false)
  await stowage.ok('user', 'enable', 'lee')
  assert.ok(await signsIn('lee', password))
})

test('a reset password replaces the old one and ends every session', async () => {
  const refreshToken = await withAccess(stowage.env, async ({ users, sessions }) => {
    const jane = await users.findByUsername('jane')
    return jane && (await sessions.open(jane)).refreshToken
  })
  assert.ok(refreshToken)
  const { code, out } = await stowage.run(['user', 'reset-password', 'jane', '--password-stdin'], 'a violet ladder\r\n')
  assert.deepEqual([code, out], [0, 'The user jane has a new password, and every session has ended.'])
  assert.deepEqual([await signsIn('jane', password), await signsIn('jane', 'a violet ladder')], [false, true])
  await withAccess(stowage.env, ({ sessions }) => assert.rejects(sessions.refresh(refreshToken), /session has ended/))
})

test('a new e-mail address is there at once', async () => {
  assert.match(await stowage.ok('user', 'set-email', 'jane', 'Doe@example.com'), /of jane is doe@example\.com\.$/)
  assert.match(await stowage.ok('user', 'show', 'jane'), /^email +doe@example.com$/m)
})

test('a promoted user is a platform admin until it is demoted', async () => {
  await createUser('max')
  await stowage.ok('user', 'promote', 'max')
  assert.match(await stowage.ok('user', 'show', 'max'), /^platform admin +yes$/m)
  await stowage.ok('user', 'demote', 'max')
  assert.match(await stowage.ok('user', 'show', 'max'), /^platform admin +no$/m)
})

test('a deleted user is gone', async () => {
  await createUser('ned')
  assert.match((await stowage.run(['user', 'delete', 'ned'])).notes, /--yes must be given/)
  assert.match(await stowage.ok('user', 'show', 'ned'), /^username +ned$/m)
  await stowage.ok('user', 'delete', 'ned', '--yes')
  assert.match((await stowage.run(['user', 'show', 'ned'])).notes, /no user "ned"/)
})

describe('what cannot be done exits with 1, in one sentence', () => {
  const cases: [name: string, argv: string[], note: RegExp, stdin?: string][] = [
    ['an unknown user', ['user', 'disable', 'nobody'], /^stowage: There is no user "nobody"\.$/],
    ['the last platform admin disabled', ['user', 'disable', 'root'], /^stowage: .*last platform admin/],
    ['the last platform admin demoted', ['user', 'demote', 'root'], /^stowage: .*last platform admin/],
    ['the last platform admin deleted', ['user', 'delete', 'root', '--yes'], /^stowage: .*last (owner|platform admin)/],
    ['an address that is none', ['user', 'set-email', 'jane', 'jane'], /looks like jane@example\.com/],
    ['an address that is taken', ['user', 'set-email', 'jane', 'root@example.com'], /has this e-mail address already/],
    ['a short password', ['user', 'reset-password', 'jane', '--password-stdin'], /at least 12 characters/, 'short'],
    ['no password', ['user', 'reset-password', 'jane', '--password-stdin'], /at least 12 characters/, ''],
  ]
  for (const [name, argv, note, stdin] of cases) {
    test(name, async () => {
      const { code, out, notes } = await stowage.run(argv, stdin)
      assert.deepEqual({ code, out }, { code: 1, out: '' })
      assert.match(notes, note)
      assert.doesNotMatch(notes, /\n/)
    })
  }
})

describe('what cannot work exits with 2', () => {
  const cases: [name: string, argv: string[], note: RegExp][] = [
    ['no e-mail address', ['user', 'create', 'x'], /--email <address>/],
    ['nobody to ask', ['user', 'create', 'x', '--email', 'x@example.com'], /no terminal to ask on; --password-stdin/],
    ['nobody to ask for a new password', ['user', 'reset-password', 'jane'], /no terminal to ask on; --password-stdin/],
    ['no name', ['user', 'disable'], /missing required argument 'username'/],
  ]
  for (const [name, argv, note] of cases) test(name, () => stowage.refuses(argv, 2, note))
})
