import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openCommandLine, type TestCommandLine } from '../testing/command-line.ts'

let stowage: TestCommandLine

before(async () => {
  stowage = openCommandLine()
  for (const name of ['jane', 'kim']) {
    const argv = ['user', 'create', name, '--email', `${name}@example.com`, '--password-stdin']
    await stowage.run(argv, 'an azure umbrella')
  }
  await stowage.ok('org', 'create', 'acme', '--owner', 'jane')
})
after(() => stowage[Symbol.dispose]())

test('organizations are listed', async () => {
  const [heading, ...lines] = (await stowage.ok('org', 'list')).split('\n')
  assert.match(heading ?? '', /^NAME +DISPLAY NAME +VISIBILITY +CREATED$/)
  assert.match(lines.find((line) => line.startsWith('acme')) ?? '', /^acme +acme +public +20/)
})

test('settings change, and are shown with the owners', async () => {
  await stowage.ok('org', 'set', 'acme', '--visibility', 'internal', '--members-create-repositories')
  await stowage.ok('org', 'set', 'acme', '--display-name', 'Acme Inc.')
  const shown = await stowage.json('org', 'show', 'acme')
  assert.ok(shown && typeof shown === 'object')
  const { id: _id, createdAt: _createdAt, ...settings } = { id: '', createdAt: '', ...shown }
  assert.deepEqual(settings, {
    name: 'acme',
    displayName: 'Acme Inc.',
    visibility: 'internal',
    membersCreateRepositories: true,
    owners: ['jane'],
  })
})

test('a member is added, given another role, listed and removed', async () => {
  assert.equal(await stowage.ok('org', 'member', 'add', 'acme', 'kim'), 'kim is member of acme now.')
  await stowage.ok('org', 'member', 'set-role', 'acme', 'kim', 'admin')
  assert.match(await stowage.ok('org', 'member', 'list', 'acme'), /^kim +admin +20/m)
  await stowage.ok('org', 'member', 'remove', 'acme', 'kim')
  assert.deepEqual(await usernames(), ['jane'])
  assert.equal((await stowage.run(['org', 'member', 'remove', 'acme', 'kim'])).code, 0)
})

async function usernames(): Promise<unknown> {
  const members = await stowage.json('org', 'member', 'list', 'acme')
  assert.ok(Array.isArray(members))
  return members.map(({ username }) => username)
}

test('adding a member again changes no role', async () => {
  await stowage.ok('org', 'member', 'add', 'acme', 'jane', '--role', 'owner')
  const { code, notes } = await stowage.run(['org', 'member', 'add', 'acme', 'jane'])
  assert.deepEqual([code, notes], [1, 'stowage: jane is owner of acme already; "org member set-role" changes that.'])
})

describe('what cannot be done exits with 1, in one sentence', () => {
  const cases: [name: string, argv: string[], note: RegExp][] = [
    ['an unknown organization', ['org', 'show', 'nowhere'], /^stowage: There is no organization "nowhere"\.$/],
    ['an unknown user', ['org', 'member', 'add', 'acme', 'nobody'], /^stowage: There is no user "nobody"\.$/],
    ['the role of a stranger', ['org', 'member', 'set-role', 'acme', 'kim', 'admin'], /kim does not belong to acme/],
    ['the last owner leaves', ['org', 'member', 'remove', 'acme', 'jane'], /last owner|needs an owner/],
    ['the last owner steps down', ['org', 'member', 'set-role', 'acme', 'jane', 'member'], /last owner|needs an owner/],
  ]
  for (const [name, argv, note] of cases) test(name, () => stowage.refuses(argv, 1, note))
})

describe('what cannot work exits with 2', () => {
  const cases: [name: string, argv: string[], note: RegExp][] = [
    ['nothing to change', ['org', 'set', 'acme'], /no setting to change/],
    ['a role that there is not', ['org', 'member', 'set-role', 'acme', 'jane', 'king'], /owner, admin, member/],
    ['a role to add that there is not', ['org', 'member', 'add', 'acme', 'kim', '--role', 'king'], /owner, admin/],
  ]
  for (const [name, argv, note] of cases) test(name, () => stowage.refuses(argv, 2, note))
})
