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
    '- nothing gives jane the right to administrate here',
  ])
})

test('a robot is answered for as with a token that narrows nothing', async () => {
  assert.match(await stowage.ok(...explain('write', '--robot', 'acme/ci')), /^Allowed.*\n- ci is developer of the rep/)
  assert.match(await stowage.ok(...explain('delete', '--robot', 'acme/ci')), /^Refused/)
})

describe('a token', () => {
  const made = async (...limits: string[]) => {
    const told = await stowage.json('token', 'create', '--name', 'laptop', ...limits)
    assert.ok(told && typeof told === 'object' && 'id' in told)
    return String(told.id)
  }

  test('is answered for with what it leaves of the rights of its user', async () => {
    const id = await made('--user', 'jane', '--actions', 'read,write', '--packages', '@acme/*')
    assert.deepEqual((await stowage.ok(...explain('write', '--token', id, '--package', '@acme/cli'))).split('\n'), [
      `Allowed: write by jane with the token ${id} in npm/acme/tools, package @acme/cli, because:`,
      '- jane is member of the team builders',
      '- jane is maintainer of the repository',
    ])
    assert.match(
      await stowage.ok(...explain('delete', '--token', id, '--package', '@acme/cli')),
      /^Refused.*\n- the token "laptop" is limited to: read, write$/,
    )
    assert.match(await stowage.ok(...explain('write', '--token', id)), /^Refused.*\n- .*limited to other packages$/)
  })

  test('of a robot is answered for, and the addresses that it works from are told beside it', async () => {
    const id = await made('--robot', 'acme/ci', '--actions', 'write', '--cidrs', '192.0.2.0/24')
    const { code, out, notes } = await stowage.run(explain('write', '--token', id, '--json'))
    assert.deepEqual(
      [code, JSON.parse(out)],
      [
        0,
        {
          principal: id,
          of: 'ci',
          action: 'write',
          repository: 'npm/acme/tools',
          allowed: true,
          rules: ['ci is developer of the repository'],
        },
      ],
    )
    assert.match(notes, /192\.0\.2\.0\/24/)
  })

  test('that has expired is refused as such', async (context) => {
    const id = await made('--user', 'jane', '--actions', 'read', '--expires', '1h')
    context.mock.timers.enable({ apis: ['Date'], now: Date.now() + 3_600_001 })
    assert.match(await stowage.ok(...explain('read', '--token', id)), /^Refused.*\n- the token "laptop" has expired$/)
  })
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
    ['for nobody', explain('read'), 2, /one of --user, --robot, --token and --anonymous must be given/],
    ['for two', explain('read', '--anonymous', '--user', 'jane'), 2, /one of --user, --robot, --token and --anonymous/],
    ['for an action that there is not', explain('fly', '--anonymous'), 2, /read, write, delete, admin/],
    ['for no place', ['access', 'explain', '--anonymous', '--action', 'read'], 2, /--repository <address>/],
    [
      'for a token and its user',
      explain('read', '--token', 'tok_x', '--user', 'jane'),
      2,
      /one of --user, --robot, --token/,
    ],
    ['for an unknown token', explain('read', '--token', 'tok_x'), 1, /^stowage: There is no token "tok_x"\.$/],
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
