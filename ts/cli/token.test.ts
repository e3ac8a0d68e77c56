import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openCommandLine, type TestCommandLine } from '../testing/command-line.ts'
import { withAccess } from './with-access.ts'

let stowage: TestCommandLine

before(async () => {
  stowage = openCommandLine()
  await stowage.run(['user', 'create', 'jane', '--email', 'j@example.com', '--password-stdin'], 'an azure umbrella')
  await stowage.ok('org', 'create', 'acme')
  await stowage.ok('robot', 'create', 'acme/ci')
  await stowage.ok('repo', 'create', 'npm/acme/tools')
})
after(() => stowage[Symbol.dispose]())

/** Does the token let anybody in? */
function works(token: string): Promise<boolean> {
  return withAccess(stowage.env, (access) =>
    access.authenticate({ kind: 'token', token }, '192.0.2.1').then(
      () => true,
      () => false,
    ),
  )
}

async function makeToken(...more: string[]): Promise<{ id: string; token: string }> {
  const made = await stowage.json('token', 'create', '--name', 'ci', ...more)
  assert.ok(made && typeof made === 'object' && 'id' in made && 'token' in made)
  return { id: String(made.id), token: String(made.token) }
}

test('a token of a robot carries every limit that was given, by name', async () => {
  const limits = ['--protocols', 'npm', '--organizations', 'acme', '--repositories', 'npm/acme/tools']
  const more = ['--packages', '@acme/*', '--cidrs', '192.0.2.0/24,2001:db8::/32', '--actions', 'read,write']
  await makeToken('--robot', 'acme/ci', ...limits, ...more, '--expires', '90d')
  const tokens = await stowage.json('token', 'list', '--robot', 'acme/ci')
  assert.ok(Array.isArray(tokens))
  const { id: _id, hint: _hint, createdAt, expiresAt, ...told } = tokens[0]
  assert.equal(Math.round((Date.parse(expiresAt) - Date.parse(createdAt)) / 86_400_000), 90)
  assert.deepEqual(told, {
    name: 'ci',
    actions: ['read', 'write'],
    protocols: ['npm'],
    organizations: ['acme'],
    repositories: ['npm/acme/tools'],
    packages: ['@acme/*'],
    cidrs: ['192.0.2.0/24', '2001:db8::/32'],
  })
})

test('a list shows how to recognise a token, and neither its secret nor its hash', async () => {
  const { id, token } = await makeToken('--user', 'jane')
  const listed = await stowage.ok('token', 'list', '--user', 'jane')
  assert.match(listed, /^ID +NAME +HINT +ACTIONS +EXPIRES +LAST USED +LAST USED FROM$/m)
  assert.match(listed, new RegExp(`^${id} +ci +${token.slice(0, 8)} +read$`, 'm'))
  const all = listed + (await stowage.ok('token', 'list', '--user', 'jane', '--json'))
  assert.ok(!all.includes(token))
  assert.doesNotMatch(all, /[Hh]ash/)
})

test('a revoked token does not work', async () => {
  const { id, token } = await makeToken('--user', 'jane')
  assert.ok(await works(token))
  await stowage.ok('token', 'revoke', id, '--user', 'jane')
  assert.equal(await works(token), false)
})

test('a token that a server knows stops working there when a command revokes it', async () => {
  const { id, token } = await makeToken('--user', 'jane')
  await withAccess(stowage.env, async (running) => {
    const ask = () => running.authenticate({ kind: 'token', token }, '192.0.2.1')
    assert.equal((await ask()).kind, 'user')
    await stowage.ok('token', 'revoke', id, '--user', 'jane')
    await assert.rejects(ask())
  })
})

test('a rotated token has a new secret, and the old one works for the time of grace alone', async () => {
  const { id, token } = await makeToken('--robot', 'acme/ci')
  const second = await stowage.ok('token', 'rotate', id, '--robot', 'acme/ci', '--grace', '1h')
  assert.deepEqual([await works(token), await works(second)], [true, true])
  const third = await stowage.ok('token', 'rotate', id, '--robot', 'acme/ci')
  assert.deepEqual([await works(token), await works(second), await works(third)], [false, false, true])
})

describe('what cannot be done exits with 1, in one sentence', () => {
  const cases: [name: string, argv: string[], note: RegExp][] = [
    ['an unknown robot', creation('--robot', 'acme/x'), /^stowage: There is no robot "acme\/x"\.$/],
    [
      'an unknown repository',
      creation('--user', 'jane', '--repositories', 'npm/acme/x'),
      /no repository "npm\/acme\/x"/,
    ],
    ['an address that is none', creation('--user', 'jane', '--cidrs', 'here'), /"here" is no address range/],
    ['an unknown token', ['token', 'revoke', 'tok_x', '--user', 'jane'], /^stowage: There is no such token\.$/],
    ['too long a grace', ['token', 'rotate', 'tok_x', '--user', 'jane', '--grace', '31d'], /at most 30 days/],
  ]
  for (const [name, argv, note] of cases) test(name, () => stowage.refuses(argv, 1, note))
  test("another's token", async () => {
    const { id, token } = await makeToken('--user', 'jane')
    assert.equal((await stowage.run(['token', 'revoke', id, '--robot', 'acme/ci'])).code, 1)
    assert.ok(await works(token))
  })
})

describe('what cannot work exits with 2', () => {
  const cases: [name: string, argv: string[], note: RegExp][] = [
    ['nobody whose it is', creation(), /one of --user and --robot must be given/],
    [
      'two whose it is',
      creation('--user', 'jane', '--robot', 'acme/ci'),
      /only one of --user and --robot may be given/,
    ],
    ['a robot without its organization', creation('--robot', 'ci'), /must be organization\/robot, as in acme\/ci/],
    [
      'a protocol that there is not',
      creation('--user', 'jane', '--protocols', 'ftp'),
      /no protocol ftp; there are npm/,
    ],
    [
      'a grace without a unit',
      ['token', 'rotate', 'x', '--user', 'jane', '--grace', '5'],
      /must be a duration such as/,
    ],
  ]
  for (const [name, argv, note] of cases) test(name, () => stowage.refuses(argv, 2, note))
})

function creation(...options: string[]): string[] {
  return ['token', 'create', '--name', 'ci', ...options]
}

test('who makes a token for one repository is told the lines for its address', async () => {
  const make = (...repositories: string[]) =>
    stowage.run(['token', 'create', '--robot', 'acme/ci', '--name', 'ci', '--repositories', ...repositories])
  const { out, notes } = await make('acme/npm/tools')
  assert.match(out, /^srg_\w+$/)
  assert.match(notes, /^registry=http:\/\/localhost:3000\/npm\/acme\/tools\/$/m)
  assert.match(notes, /^\/\/localhost:3000\/npm\/acme\/tools\/:_authToken=\$\{STOWAGE_TOKEN\}$/m)
  assert.ok(!notes.includes(out))
  await stowage.ok('repo', 'create', 'npm/acme/more')
  assert.doesNotMatch((await make('npm/acme/tools,npm/acme/more')).notes, /registry=/)
})
