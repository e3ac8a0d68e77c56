import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { execute } from './cli.ts'

interface Outcome {
  readonly code: number
  readonly out: string
  readonly notes: string
}

let dataDir: string

async function stowage(
  argv: string[],
  { stdin = '', env = {} }: { stdin?: string; env?: object } = {},
): Promise<Outcome> {
  const out: string[] = []
  const notes: string[] = []
  const code = await execute(argv, {
    env: { DATA_DIR: dataDir, ...env },
    stdin: Readable.from([Buffer.from(stdin)]),
    isInteractive: false,
    print: (line) => void out.push(line),
    note: (line) => void notes.push(line),
  })
  return { code, out: out.join('\n'), notes: notes.join('\n') }
}

before(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'stowage-cli-'))
  await stowage(['admin', 'create', '--email', 'admin@example.com', '--password-stdin'], { stdin: 'a long password\n' })
})
after(() => rmSync(dataDir, { recursive: true, force: true }))

describe('called in a way that cannot work, a command exits with 2 and says what is wrong', () => {
  const cases: [name: string, argv: string[], note: RegExp][] = [
    ['an unknown command', ['frobnicate'], /unknown command 'frobnicate'/],
    ['an unknown option', ['org', 'create', 'acme', '--colour', 'red'], /unknown option '--colour'/],
    ['a missing argument', ['org', 'create'], /missing required argument 'name'/],
    ['a missing option', ['token', 'create', '--user', 'admin'], /--name/],
    ['an action that there is not', tokenFor('admin', '--actions', 'fly'), /no action fly; there are read, write/],
    ['an expiry without a unit', tokenFor('admin', '--expires', '90'), /must be a duration such as/],
    ['an expiry at once', tokenFor('admin', '--expires', '0s'), /must be more than zero, not "0s"/],
    ['an address in two parts', ['repo', 'create', 'npm/acme'], /protocol\/organization\/repository/],
    ['a visibility that there is not', ['repo', 'create', 'npm/a/b', '--visibility', 'x'], /public, internal, private/],
    ['nothing to change', ['repo', 'set', 'npm/main/npm'], /no setting to change/],
    [
      'nobody to ask',
      ['admin', 'create'],
      /^stowage: there is no terminal to ask on; --email or ADMIN_EMAIL and --password-stdin or ADMIN_PASSWORD/,
    ],
  ]
  for (const [name, argv, note] of cases) {
    test(name, async () => {
      const { code, out, notes } = await stowage(argv)
      assert.deepEqual({ code, out }, { code: 2, out: '' })
      assert.match(notes, note)
    })
  }
})

describe('a command that fails exits with 1 and one sentence', () => {
  const cases: [name: string, argv: string[], note: RegExp, env?: object][] = [
    ['an unknown owner', ['org', 'create', 'x', '--owner', 'nobody'], /^stowage: There is no user "nobody"\.$/],
    ['a name that is taken', ['org', 'create', 'main'], /^stowage: There is an organization "main" already\.$/],
    ['a reserved name', ['org', 'create', 'npm'], /^stowage: The name "npm" is reserved/],
    ['an unknown organization', ['repo', 'list', 'nowhere'], /^stowage: There is no organization "nowhere"\.$/],
    ['an unknown repository', ['repo', 'set', 'npm/main/x', '--visibility', 'public'], /no repository "npm\/main\/x"/],
    ['a token for nobody', tokenFor('nobody'), /^stowage: There is no user "nobody"\.$/],
    ['a broken configuration', ['repo', 'list'], /^The configuration is not valid:\n- PORT must/, { PORT: 'x' }],
    [
      'a short password',
      ['admin', 'create'],
      /at least 12 characters/,
      { ADMIN_EMAIL: 'x@y.example', ADMIN_PASSWORD: 'x' },
    ],
  ]
  for (const [name, argv, note, env = {}] of cases) {
    test(name, async () => {
      const { code, out, notes } = await stowage(argv, { env })
      assert.deepEqual({ code, out }, { code: 1, out: '' })
      assert.match(notes, note)
      assert.doesNotMatch(notes, /\n\s+at /)
    })
  }
})

function tokenFor(user: string, ...more: string[]): string[] {
  return ['token', 'create', '--user', user, '--name', 'ci', ...more]
}

test('an administrator is made from the environment, with the name admin2', async () => {
  const env = { ADMIN_USERNAME: 'admin2', ADMIN_EMAIL: 'admin2@example.com', ADMIN_PASSWORD: 'another long one' }
  const { code, out } = await stowage(['admin', 'create', '--json'], { env })
  assert.equal(code, 0)
  assert.equal(JSON.parse(out).username, 'admin2')
})

test('a token alone is printed, and once', async () => {
  const { code, out, notes } = await stowage(tokenFor('admin', '--actions', 'read,write', '--expires', '90d'))
  assert.equal(code, 0)
  assert.match(out, /^srg_\w+$/)
  assert.match(notes, /not shown again/)
})

test('a token as JSON names its limits and not its hash', async () => {
  const { out } = await stowage(tokenFor('admin', '--organizations', 'main', '--packages', '@acme/*', '--json'))
  const { actions, organizations, packages, hash } = JSON.parse(out)
  assert.deepEqual([actions, organizations.length, packages, hash], [['read'], 1, ['@acme/*'], undefined])
})

test('what is made in an organization is listed with its settings', async () => {
  assert.equal((await stowage(['org', 'create', 'acme', '--owner', 'admin'])).code, 0)
  await stowage(['repo', 'create', 'npm/acme/tools', '--visibility', 'internal', '--requires-approval'])
  await stowage(['repo', 'set', '/npm/acme/tools/', '--no-requires-approval', '--refuses-similar-names'])
  const [repository, ...rest] = JSON.parse((await stowage(['repo', 'list', 'acme', '--json'])).out)
  assert.deepEqual(rest, [])
  const { address, visibility, requiresApproval, refusesSimilarNames } = repository
  assert.deepEqual(
    { address, visibility, requiresApproval, refusesSimilarNames },
    { address: 'npm/acme/tools', visibility: 'internal', requiresApproval: false, refusesSimilarNames: true },
  )
})

test('--version names version, commit and Node', async () => {
  const { code, out } = await stowage(['--version'])
  assert.equal(code, 0)
  assert.match(out, /^stowage \d+\.\d+\.\d+ \(commit \S+, Node v26\.\d+\.\d+\)$/)
})

for (const command of [
  '',
  'serve',
  'admin create',
  'user create',
  'user list',
  'user show',
  'user disable',
  'user enable',
  'user promote',
  'user demote',
  'user delete',
  'user reset-password',
  'user set-email',
  'org create',
  'org set',
  'org list',
  'org show',
  'org member add',
  'org member set-role',
  'org member remove',
  'org member list',
  'team create',
  'team list',
  'team show',
  'team delete',
  'team member add',
  'team member remove',
  'team member list',
  'team repo add',
  'team repo remove',
  'team repo list',
  'robot create',
  'robot list',
  'robot disable',
  'robot enable',
  'robot delete',
  'repo create',
  'repo set',
  'repo list',
  'repo show',
  'repo disable',
  'repo enable',
  'repo permission set',
  'repo permission remove',
  'repo permission list',
  'token create',
  'token list',
  'token revoke',
  'token rotate',
  'access explain',
  'config check',
]) {
  test(`"stowage ${command} --help" shows an example`, async () => {
    const { code, out } = await stowage([...command.split(' ').filter(Boolean), '--help'])
    assert.equal(code, 0)
    assert.match(out, /Examples?:\n {2}\$ .*stowage/)
  })
}
