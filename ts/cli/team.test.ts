import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openCommandLine, type TestCommandLine } from '../testing/command-line.ts'

let stowage: TestCommandLine

before(async () => {
  stowage = openCommandLine()
  await stowage.run(['user', 'create', 'jane', '--email', 'j@example.com', '--password-stdin'], 'an azure umbrella')
  await stowage.run(['user', 'create', 'kim', '--email', 'k@example.com', '--password-stdin'], 'an azure umbrella')
  await stowage.ok('org', 'create', 'acme')
  await stowage.ok('org', 'create', 'other')
  await stowage.ok('org', 'member', 'add', 'acme', 'jane')
  await stowage.ok('repo', 'create', 'npm/acme/tools')
  await stowage.ok('repo', 'create', 'npm/other/tools')
  await stowage.ok('robot', 'create', 'acme/ci')
  await stowage.ok('team', 'create', 'acme/builders', '--description', 'Build machines\nand more')
})
after(() => stowage[Symbol.dispose]())

test('teams of an organization are listed, a description on one line', async () => {
  assert.match(await stowage.ok('team', 'list', 'acme'), /^acme\/builders +20\S+ +Build machines and more$/m)
})

test('a description is changed, and taken away', async () => {
  await stowage.ok('team', 'create', 'acme/writers', '--description', 'Docs')
  const changed = await stowage.json('team', 'describe', 'acme/writers', 'Documentation')
  assert.ok(changed && typeof changed === 'object' && 'description' in changed)
  assert.equal(changed.description, 'Documentation')
  assert.match(await stowage.ok('team', 'show', 'acme/writers'), /^description +Documentation$/m)
  assert.match(await stowage.ok('team', 'describe', 'acme/writers', ''), /^The team acme\/writers has a new desc/)
  assert.doesNotMatch(await stowage.ok('team', 'show', 'acme/writers'), /Documentation/)
  await stowage.ok('team', 'delete', 'acme/writers')
})

test('members and robots of the organization are put into a team, listed and taken out', async () => {
  await stowage.ok('team', 'member', 'add', 'acme/builders', '--user', 'jane')
  await stowage.ok('team', 'member', 'add', 'acme/builders', '--user', 'jane', '--role', 'maintainer')
  await stowage.ok('team', 'member', 'add', 'acme/builders', '--robot', 'acme/ci')
  const members = [
    { kind: 'robot', name: 'acme/ci', role: 'member' },
    { kind: 'user', name: 'jane', role: 'maintainer' },
  ]
  assert.deepEqual(await stowage.json('team', 'member', 'list', 'acme/builders'), members)
  await stowage.ok('team', 'member', 'remove', 'acme/builders', '--robot', 'acme/ci')
  assert.deepEqual(await stowage.json('team', 'member', 'list', 'acme/builders'), members.slice(1))
})

test('a team works on the repositories that were added, and is shown with them', async () => {
  await stowage.ok('team', 'repo', 'add', 'acme/builders', 'npm/acme/tools')
  assert.match(await stowage.ok('team', 'repo', 'list', 'acme/builders'), /^npm\/acme\/tools +private$/m)
  assert.match(await stowage.ok('team', 'show', 'acme/builders'), /^repositories +npm\/acme\/tools$/m)
  await stowage.ok('team', 'repo', 'remove', 'acme/builders', 'acme/npm/tools')
  assert.deepEqual(await stowage.json('team', 'repo', 'list', 'acme/builders'), [])
})

test('a direct permission of a team is no repository that it works on', async () => {
  await stowage.ok('repo', 'permission', 'set', 'npm/acme/tools', 'reader', '--team', 'acme/builders')
  assert.deepEqual(await stowage.json('team', 'repo', 'list', 'acme/builders'), [])
})

test('a deleted team is gone, and so is what it gave', async () => {
  await stowage.ok('team', 'create', 'acme/passing')
  await stowage.ok('team', 'repo', 'add', 'acme/passing', 'npm/acme/tools')
  await stowage.ok('team', 'delete', 'acme/passing')
  assert.doesNotMatch(await stowage.ok('repo', 'permission', 'list', 'npm/acme/tools', '--json'), /team_|passing/)
  assert.match((await stowage.run(['team', 'show', 'acme/passing'])).notes, /no team "acme\/passing"/)
})

describe('what cannot be done exits with 1, in one sentence', () => {
  const cases: [name: string, argv: string[], note: RegExp][] = [
    ['a name that is taken', ['team', 'create', 'acme/builders'], /^stowage: There is a team "builders" already\.$/],
    ['an unknown team', ['team', 'show', 'acme/x'], /^stowage: There is no team "acme\/x"\.$/],
    ['a description of none', ['team', 'describe', 'acme/x', ''], /^stowage: There is no team "acme\/x"\.$/],
    ['too long a description', ['team', 'describe', 'acme/builders', 'x'.repeat(1001)], /at most 1000 characters/],
    [
      'a stranger',
      ['team', 'member', 'add', 'acme/builders', '--user', 'kim'],
      /^stowage: kim does not belong to acme: run "stowage org member add acme kim" first\.$/,
    ],
    ['a place elsewhere', ['team', 'repo', 'add', 'acme/builders', 'npm/other/tools'], /in this organization/],
  ]
  for (const [name, argv, note] of cases) test(name, () => stowage.refuses(argv, 1, note))
})

describe('what cannot work exits with 2', () => {
  const cases: [name: string, argv: string[], note: RegExp][] = [
    ['a team without its organization', ['team', 'create', 'builders'], /must be organization\/team, as in/],
    ['nobody to add', ['team', 'member', 'add', 'acme/builders'], /one of --user and --robot must be given/],
    ['two to add', addition('--user', 'jane', '--robot', 'acme/ci'), /only one of --user and --robot may be given/],
    ['a role that there is not', addition('--user', 'jane', '--role', 'owner'), /maintainer, member/],
    [
      'an address that is none',
      ['team', 'repo', 'add', 'acme/builders', 'tools'],
      /protocol\/organization\/repository/,
    ],
  ]
  for (const [name, argv, note] of cases) test(name, () => stowage.refuses(argv, 2, note))
})

function addition(...options: string[]): string[] {
  return ['team', 'member', 'add', 'acme/builders', ...options]
}
