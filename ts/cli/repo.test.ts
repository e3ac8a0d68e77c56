import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openCommandLine, type TestCommandLine } from '../testing/command-line.ts'

let stowage: TestCommandLine

before(async () => {
  stowage = openCommandLine()
  await stowage.run(['user', 'create', 'jane', '--email', 'j@example.com', '--password-stdin'], 'an azure umbrella')
  await stowage.ok('org', 'create', 'acme')
  await stowage.ok('robot', 'create', 'acme/ci')
  await stowage.ok('team', 'create', 'acme/builders')
  await stowage.ok('repo', 'create', 'npm/acme/tools', '--description', 'Our tools', '--owners-only')
})
after(() => stowage[Symbol.dispose]())

test('a repository is listed with the settings that are on', async () => {
  const [heading, line] = (await stowage.ok('repo', 'list', 'acme')).split('\n')
  assert.match(heading ?? '', /^ADDRESS +VISIBILITY +POLICIES +DESCRIPTION$/)
  assert.match(line ?? '', /^npm\/acme\/tools +private +owners only +Our tools$/)
})

test('a repository is shown with every setting', async () => {
  await stowage.ok('repo', 'set', 'acme/npm/tools', '--no-owners-only', '--visibility', 'internal')
  const shown = await stowage.ok('repo', 'show', 'npm/acme/tools')
  assert.match(shown, /^address +npm\/acme\/tools$/m)
  assert.match(shown, /^visibility +internal$/m)
  assert.match(shown, /^owners only +no$/m)
})

test('a disabled repository gives nothing until it is enabled', async () => {
  await stowage.ok('repo', 'permission', 'set', 'npm/acme/tools', 'reader', '--user', 'jane')
  await stowage.ok('repo', 'disable', 'npm/acme/tools')
  const reading = ['access', 'explain', '--user', 'jane', '--action', 'read', '--repository', 'npm/acme/tools']
  assert.match(await stowage.ok(...reading), /^Refused.*\n- the repository is disabled$/)
  await stowage.ok('repo', 'enable', 'npm/acme/tools')
  assert.match(await stowage.ok(...reading), /^Allowed/)
})

test('permissions are set, changed, listed with the teams that work there, and removed', async () => {
  await stowage.ok('repo', 'create', 'npm/acme/shared')
  await stowage.ok('repo', 'permission', 'set', 'npm/acme/shared', 'reader', '--user', 'jane')
  await stowage.ok('repo', 'permission', 'set', 'npm/acme/shared', 'admin', '--user', 'jane')
  await stowage.ok('repo', 'permission', 'set', 'npm/acme/shared', 'developer', '--robot', 'acme/ci')
  await stowage.ok('team', 'repo', 'add', 'acme/builders', 'npm/acme/shared')
  assert.deepEqual(await stowage.json('repo', 'permission', 'list', 'npm/acme/shared'), [
    { kind: 'user', name: 'jane', role: 'admin' },
    { kind: 'robot', name: 'acme/ci', role: 'developer' },
    { kind: 'team', name: 'acme/builders', role: 'as in the team' },
  ])
  await stowage.ok('repo', 'permission', 'remove', 'npm/acme/shared', '--user', 'jane')
  assert.doesNotMatch(await stowage.ok('repo', 'permission', 'list', 'npm/acme/shared'), /jane/)
})

test('a refused repository leaves nothing behind', async () => {
  const argv = ['repo', 'create', 'npm/acme/long', '--description', 'x'.repeat(1001)]
  assert.equal((await stowage.run(argv)).code, 1)
  const moving = await stowage.run(['repo', 'create', 'npm/acme/long', '--immutable-tags', 'lts,l*'])
  assert.deepEqual([moving.code, moving.out], [1, ''])
  assert.match(moving.notes, /"l\*" matches the tag "latest", which every publish here moves/)
  assert.doesNotMatch(await stowage.ok('repo', 'list', 'acme'), /npm\/acme\/long/)
})

test('immutable tags are set by pattern, shown, and taken back', async () => {
  await stowage.ok('repo', 'create', 'npm/acme/fixed', '--immutable-tags', 'lts, release-*')
  assert.match(await stowage.ok('repo', 'list', 'acme'), /^npm\/acme\/fixed +private +immutable tags lts, release-\*$/m)
  await stowage.ok('repo', 'set', 'npm/acme/fixed', '--immutable-tags', 'lts')
  assert.match(await stowage.ok('repo', 'show', 'npm/acme/fixed'), /^immutable tags +lts$/m)
  await stowage.ok('repo', 'set', 'npm/acme/fixed', '--no-immutable-tags')
  assert.match(await stowage.ok('repo', 'list', 'acme'), /^npm\/acme\/fixed +private *$/m)
})

test('every tag of images may be immutable', async () => {
  await stowage.ok('repo', 'create', 'oci/acme/releases', '--immutable-tags', '*')
  assert.match(await stowage.ok('repo', 'show', 'oci/acme/releases'), /^immutable tags +\*$/m)
  await stowage.ok('repo', 'set', 'oci/acme/releases', '--immutable-tags', 'v*')
  assert.match(await stowage.ok('repo', 'show', 'oci/acme/releases'), /^immutable tags +v\*$/m)
})

test('no repository of images requires approval', async () => {
  const refusal =
    /^stowage: No publish waits for approval in repositories of the protocol oci, so none can require it\.$/
  await stowage.refuses(['repo', 'create', 'oci/acme/approved', '--requires-approval'], 1, refusal)
  await stowage.ok('repo', 'create', 'oci/acme/approved', '--no-requires-approval')
  await stowage.refuses(['repo', 'set', 'oci/acme/approved', '--requires-approval'], 1, refusal)
})

describe('what cannot be done exits with 1, in one sentence', () => {
  const cases: [name: string, argv: string[], note: RegExp][] = [
    ['an unknown repository', ['repo', 'show', 'npm/acme/x'], /^stowage: There is no repository "npm\/acme\/x"\.$/],
    ['an unknown robot', giving('developer', '--robot', 'acme/x'), /^stowage: There is no robot "acme\/x"\.$/],
    ['an unknown team', giving('developer', '--team', 'acme/x'), /^stowage: There is no team "acme\/x"\.$/],
  ]
  for (const [name, argv, note] of cases) test(name, () => stowage.refuses(argv, 1, note))
})

describe('what cannot work exits with 2', () => {
  const cases: [name: string, argv: string[], note: RegExp][] = [
    ['a role that there is not', giving('owner', '--user', 'jane'), /reader, developer, maintainer, admin/],
    ['nobody to give to', giving('reader'), /one of --user, --team and --robot must be given/],
    ['a protocol that there is not', ['repo', 'show', 'ftp/acme/x'], /no protocol of this server; it speaks npm/],
  ]
  for (const [name, argv, note] of cases) test(name, () => stowage.refuses(argv, 2, note))
})

function giving(role: string, ...options: string[]): string[] {
  return ['repo', 'permission', 'set', 'npm/acme/tools', role, ...options]
}
