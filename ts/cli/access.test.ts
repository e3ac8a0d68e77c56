import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openCommandLine, type TestCommandLine } from '../testing/command-line.ts'

let stowage: TestCommandLine

before(async () => {
  stowage = openCommandLine()
  await stowage.run(['user', 'create', 'jane', '--email', 'j@example.com', '--password-stdin'], 'an azure umbrella')
  await stowage.ok('org', 'create', 'acme')
  await stowage.ok('org', 'member', 'add', 'acme', 'jane')
  await stowage.ok('robot', 'create', 'acme/ci')
  await stowage.ok('team', 'create', 'acme/builders')
  await stowage.ok('team', 'member', 'add', 'acme/builders', '--user', 'jane')
  await stowage.ok('repo', 'create', 'npm/acme/tools')
  await stowage.ok('team', 'repo', 'add', 'acme/builders', 'npm/acme/tools')
  await stowage.ok('repo', 'permission', 'set', 'npm/acme/tools', 'maintainer', '--user', 'jane')
  await stowage.ok('repo', 'permission', 'set', 'npm/acme/tools', 'developer', '--robot', 'acme/ci')
})
after(() => stowage[Symbol.dispose]())

const explain = (action: string, ...more: string[]) => {
  return ['access', 'explain', '--action', action, '--repository', 'acme/npm/tools', ...more]
}

test('every rule that allows it is told', async () => {
  assert.deepEqual((await stowage.ok(...explain('write', '--user', 'jane'))).split('\n'), [
    'Allowed: write by jane in npm/acme/tools, because:',
    '- jane is member of the team builders',
    '- jane is maintainer of the repository',
  ])
})

test('the one rule that refuses it is told, and the command succeeds', async () => {
  assert.deepEqual((await stowage.ok(...explain('admin', '--user', 'jane'))).split('\n'), [
    'Refused: admin by jane in npm/acme/tools, because:',
    '- nothing gives jane the right to admin here',
  ])
})

test('a robot is answered for as with a token that narrows nothing', async () => {
  assert.match(await stowage.ok(...explain('write', '--robot', 'acme/ci')), /^Allowed.*\n- ci is developer of the rep/)
  assert.match(await stowage.ok(...explain('delete', '--robot', 'acme/ci')), /^Refused/)
})

test('who is not signed in is told of the visibility', async () => {
  assert.match(await stowage.ok(...explain('read', '--anonymous')), /^Refused: read by anonymous.*\n- .*not public/)
})

test('as JSON it is the question, the answer and the rules', async () => {
  assert.deepEqual(await stowage.json(...explain('delete', '--user', 'jane', '--package', '@acme/cli')), {
    principal: 'jane',
    action: 'delete',
    repository: 'npm/acme/tools',
    package: '@acme/cli',
    allowed: true,
    rules: ['jane is maintainer of the repository'],
  })
})

describe('what cannot be answered', () => {
  const cases: [name: string, argv: string[], code: number, note: RegExp][] = [
    ['for nobody', explain('read'), 2, /one of --user, --robot and --anonymous must be given/],
    ['for two', explain('read', '--anonymous', '--user', 'jane'), 2, /one of --user, --robot and --anonymous/],
    ['for an action that there is not', explain('fly', '--anonymous'), 2, /read, write, delete, admin/],
    ['for no place', ['access', 'explain', '--anonymous', '--action', 'read'], 2, /--repository <address>/],
    ['for an unknown user', explain('read', '--user', 'nobody'), 1, /^stowage: There is no user "nobody"\.$/],
  ]
  for (const [name, argv, code, note] of cases) {
    test(name, async () => {
      const answer = await stowage.run(argv)
      assert.deepEqual({ code: answer.code, out: answer.out }, { code, out: '' })
      assert.match(answer.notes, note)
    })
  }
})
