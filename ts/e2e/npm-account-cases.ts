import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ClientRegistry } from '../testing/client-registry.ts'
import type { Client, ClientHome, Ran } from '../testing/clients.ts'
import { adminName, adminPassword } from '../testing/server-process.ts'
import { answerLogin, loginUrlIn } from './answer-login.ts'
import { npmDialect } from './dialects.ts'
import { openHome, packageFolder, tell } from './shared-cases.ts'
import { until } from './until.ts'

/** Runs a client's web login while somebody answers it in a browser. */
export async function webLogin(
  home: ClientHome,
  args: readonly string[],
  answer: 'approve' | 'deny',
  answers: readonly string[] = [],
): Promise<Ran> {
  let seen = ''
  let answered: Promise<void> | undefined
  const ran = await home.run(home.path, args, {
    // Its input stays open, as at a terminal.
    answers: answers.length > 0 ? answers : [''],
    onOutput(text) {
      seen += text
      const loginUrl = loginUrlIn(seen)
      if (loginUrl !== undefined) answered ??= answerLogin(loginUrl, answer)
    },
  })
  if (answered === undefined) assert.fail(`no login address was shown: ${ran.stdout}${ran.stderr}`)
  await answered
  return ran
}

/** Registers what npm does about its user. */
export function npmAccountCases(client: Client, registryOf: () => ClientRegistry): void {
  test('web login: what is approved in the browser signs in; logout ends it', async (t) => {
    tell(t, client)
    const registry = registryOf()
    await using home = await openHome(client, npmDialect, registry, { token: '' })
    const { code, stdout, stderr } = await webLogin(home, ['login'], 'approve')
    assert.equal(code, 0, stdout + stderr)
    assert.equal((await home.ok(home.path, ['whoami'])).trim(), adminName)
    const token = await savedToken(home)
    await home.ok(home.path, ['logout'])
    assert.match(await home.fails(home.path, ['whoami']), /ENEEDAUTH/)
    assert.equal((await registry.fetch('-/whoami', {}, token)).status, 401)
  })

  test('logout works with a token that has expired, and with one that was revoked', async (t) => {
    tell(t, client)
    const registry = registryOf()
    const create = ['token', 'create', '--user', adminName, '--name', 'passing', '--actions', 'read']
    const expired = (await registry.server.command([...create, '--expires', '1s'])).trim()
    const revoked = (await registry.server.command(create)).trim()
    await registry.fetch(`-/npm/v1/tokens/token/${revoked}`, { method: 'DELETE' })
    for (const token of [expired, revoked]) {
      await until('the token has ended', async () => (await registry.fetch('-/whoami', {}, token)).status === 401)
      await using home = await openHome(client, npmDialect, registry, { token })
      await home.ok(home.path, ['logout'])
      assert.equal(await savedToken(home), '')
    }
  })

  test('web login: what is denied signs nobody in, and npm goes on to ask for a password', async (t) => {
    tell(t, client)
    await using home = await openHome(client, npmDialect, registryOf(), { token: '' })
    const { code, stdout } = await webLogin(home, ['login'], 'deny', [adminName, 'not my password'])
    assert.equal(code, 1)
    assert.match(stdout, /Username:/)
    assert.match(await home.fails(home.path, ['whoami']), /ENEEDAUTH/)
  })

  test('legacy login: a password signs in, a wrong one is told as such', async (t) => {
    tell(t, client)
    const registry = registryOf()
    await using home = await openHome(client, npmDialect, registry, { token: '' })
    const login = (password: string) => ({ answers: [adminName, password, 'admin@example.com'] })
    const legacy = ['login', '--auth-type=legacy']
    assert.match(await home.fails(home.path, legacy, login('not my password')), /Wrong username or password/)
    await home.ok(home.path, legacy, login(adminPassword))
    const folder = await packageFolder(home, npmDialect, { name: 'signed-in', version: '1.0.0' })
    await home.ok(folder, ['publish'])
  })

  test('a login replaces a token that is no longer valid, and one that is, both ways', async (t) => {
    tell(t, client)
    const registry = registryOf()
    for (const token of ['srg_expired', registry.token]) {
      await using home = await openHome(client, npmDialect, registry, { token })
      await home.ok(home.path, ['login', '--auth-type=legacy'], {
        answers: [adminName, adminPassword, 'admin@example.com'],
      })
      assert.equal((await home.ok(home.path, ['whoami'])).trim(), adminName)
      await using other = await openHome(client, npmDialect, registry, { token })
      const { code, stdout, stderr } = await webLogin(other, ['login'], 'approve')
      assert.equal(code, 0, stdout + stderr)
      assert.notEqual(await savedToken(other), token)
      assert.equal((await other.ok(other.path, ['whoami'])).trim(), adminName)
    }
  })

  test('a token that only reads installs, and a publish with it says what it lacks', async (t) => {
    tell(t, client)
    const registry = registryOf()
    await registry.publish('readable', '1.0.0')
    await using home = await openHome(client, npmDialect, registry)
    const made = await home.ok(home.path, ['token', 'create', '--read-only'], { answers: [adminPassword] })
    const token = /srg_\w+/.exec(made)?.[0] ?? ''
    await using reader = await openHome(client, npmDialect, registry, { token })
    assert.equal((await reader.ok(reader.path, ['view', 'readable', 'version'])).trim(), '1.0.0')
    const folder = await packageFolder(reader, npmDialect, { name: 'readable', version: '2.0.0' })
    assert.match(
      await reader.fails(folder, ['publish']),
      /You may not write here: the token "[^"]+" is limited to: read/,
    )
  })

  test('tokens need the password, are listed without their secret, and end when revoked', async (t) => {
    tell(t, client)
    const registry = registryOf()
    await using home = await openHome(client, npmDialect, registry)
    const wrong = { answers: ['not my password'] }
    assert.match(await home.fails(home.path, ['token', 'create'], wrong), /The password is wrong/)
    const made = await home.ok(home.path, ['token', 'create'], { answers: [adminPassword] })
    const token = /srg_\w+/.exec(made)?.[0] ?? ''
    const listed = await home.ok(home.path, ['token', 'list', '--json'])
    assert.ok(!listed.includes(token))
    const tokens: { key: string; token: string }[] = JSON.parse(listed)
    const own = tokens.find((one) => token.startsWith(one.token))
    assert.equal((await registry.fetch('-/whoami', {}, token)).status, 200)
    await home.ok(home.path, ['token', 'revoke', own?.key ?? 'none'])
    assert.equal((await registry.fetch('-/whoami', {}, token)).status, 401)
  })

  test('ping answers, and the profile is the user’s', async (t) => {
    tell(t, client)
    await using home = await openHome(client, npmDialect, registryOf())
    await home.ok(home.path, ['ping'])
    const profile: Record<string, unknown> = JSON.parse(await home.ok(home.path, ['profile', 'get', '--json']))
    assert.deepEqual([profile['name'], profile['email']], [adminName, 'admin@example.com'])
  })
}

async function savedToken(home: ClientHome): Promise<string> {
  return /:_authToken=(\S+)/.exec(await readFile(join(home.path, '.npmrc'), 'utf8'))?.[1] ?? ''
}
