import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClientRegistry } from '../testing/client-registry.ts'
import type { Client } from '../testing/clients.ts'
import { adminName } from '../testing/server-process.ts'
import { pnpmDialect } from './dialects.ts'
import { webLogin } from './npm-account-cases.ts'
import { installed, openHome, packageFolder, projectFolder, tell } from './shared-cases.ts'

/** Registers what pnpm does with a package once it is there; from version 11 on it does so without npm. */
export function pnpmCases(client: Client, registryOf: () => ClientRegistry): void {
  test('dist-tags, deprecation and unpublish change what installs', async (t) => {
    tell(t, client)
    const registry = registryOf()
    const name = '@acme/changing'
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) await registry.publish(name, version)
    await using home = await openHome(client, pnpmDialect, registry)
    await home.ok(home.path, ['dist-tag', 'add', `${name}@1.0.0`, 'old'])
    assert.match(await home.ok(home.path, ['dist-tag', 'ls', name]), /latest: 1\.2\.0\nold: 1\.0\.0/)
    await home.ok(home.path, ['deprecate', `${name}@1.0.0`, 'too old'])
    const project = await projectFolder(home, pnpmDialect, { [name]: 'old' })
    const { stdout, stderr } = await home.run(project, ['install'])
    assert.match(stdout + stderr, /deprecated @acme\/changing@1\.0\.0/)
    assert.equal(await installed(project, name), `${name} 1.0.0`)
    await home.ok(home.path, ['dist-tag', 'rm', name, 'old'])
    await home.ok(home.path, ['unpublish', `${name}@1.2.0`])
    const versions: unknown = JSON.parse(await home.ok(home.path, ['view', name, 'versions', '--json']))
    assert.deepEqual(versions, ['1.0.0', '1.1.0'])
    assert.match(await home.ok(home.path, ['dist-tag', 'ls', name]), /^latest: 1\.1\.0\s*$/)
    await home.ok(home.path, ['unpublish', name, '--force'])
    const folder = await packageFolder(home, pnpmDialect, { name, version: '1.1.0' })
    assert.match(
      await home.fails(folder, ['publish', '--no-git-checks']),
      /1\.1\.0 was deleted,[\s│]+and[\s│]+its[\s│]+number[\s│]+is[\s│]+not[\s│]+used[\s│]+again/,
    )
  })

  test('a login that is approved in the browser signs in; logout ends it', async (t) => {
    tell(t, client)
    await using home = await openHome(client, pnpmDialect, registryOf(), { token: '' })
    const { code, stdout, stderr } = await webLogin(home, ['login'], 'approve')
    assert.equal(code, 0, stdout + stderr)
    assert.equal((await home.ok(home.path, ['whoami'])).trim(), adminName)
    await home.ok(home.path, ['logout'])
    await home.fails(home.path, ['whoami'])
  })

  test('an audit finds nothing', async (t) => {
    tell(t, client)
    const registry = registryOf()
    await registry.publish('audited', '1.0.0')
    await using home = await openHome(client, pnpmDialect, registry)
    const project = await projectFolder(home, pnpmDialect, { audited: '1' })
    await home.ok(project, ['install'])
    assert.match(await home.ok(project, ['audit']), /No known vulnerabilities found/)
  })
}

/** Registers what only the newest pnpm does. */
export function newPnpmCases(client: Client, registryOf: () => ClientRegistry): void {
  test('signatures verify, owners change, a stage is approved', async (t) => {
    tell(t, client)
    const registry = registryOf()
    await registry.publish('kept', '1.0.0')
    await registry.person('paul')
    await using home = await openHome(client, pnpmDialect, registry)
    const project = await projectFolder(home, pnpmDialect, { kept: '1' })
    await home.ok(project, ['install'])
    assert.match(await home.ok(project, ['audit', 'signatures']), /1 package has a verified registry signature/)
    await home.ok(home.path, ['owner', 'add', 'kept', 'paul'])
    assert.match(await home.ok(home.path, ['owner', 'ls', 'kept']), /paul <paul@example\.com>/)
    await home.ok(home.path, ['owner', 'rm', 'kept', 'paul'])
    const folder = await packageFolder(home, pnpmDialect, { name: 'kept', version: '2.0.0' })
    const staged = await home.ok(folder, ['stage', 'publish', '--no-git-checks'])
    await home.ok(folder, ['stage', 'approve', /[\da-f-]{36}/.exec(staged)?.[0] ?? staged])
    assert.equal((await home.ok(folder, ['view', 'kept', 'version'])).trim(), '2.0.0')
  })
}
