import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ClientRegistry } from '../testing/client-registry.ts'
import type { Client } from '../testing/clients.ts'
import { npmDialect } from './dialects.ts'
import { installed, openHome, packageFolder, projectFolder, tell } from './shared-cases.ts'

/** Registers what npm does with a package once it is there. */
export function npmPackageCases(client: Client, registryOf: () => ClientRegistry): void {
  test('dist-tags are added, listed, installed and removed, __proto__ like any other; latest stays', async (t) => {
    tell(t, client)
    const registry = registryOf()
    for (const version of ['1.0.0', '1.1.0']) await registry.publish('tagged', version)
    await using home = await openHome(client, npmDialect, registry)
    for (const tag of ['old', '__proto__']) await home.ok(home.path, ['dist-tag', 'add', 'tagged@1.0.0', tag])
    assert.deepEqual((await home.ok(home.path, ['dist-tag', 'ls', 'tagged'])).trim().split('\n').sort(), [
      '__proto__: 1.0.0',
      'latest: 1.1.0',
      'old: 1.0.0',
    ])
    const project = await projectFolder(home, npmDialect, { tagged: 'old' })
    await home.ok(project, ['install'])
    assert.equal(await installed(project, 'tagged'), 'tagged 1.0.0')
    await home.ok(home.path, ['dist-tag', 'rm', 'tagged', 'old'])
    assert.match(
      await home.fails(home.path, ['dist-tag', 'rm', 'tagged', 'latest']),
      /"latest" cannot be removed; point it at another version/,
    )
    assert.match(
      await home.fails(home.path, ['dist-tag', 'add', 'tagged@9.9.9', 'next']),
      /There is no version 9\.9\.9 of tagged/,
    )
  })

  test('a deprecation is printed by installs until it is taken back', async (t) => {
    tell(t, client)
    const registry = registryOf()
    await registry.publish('@acme/tired', '1.0.0')
    await using home = await openHome(client, npmDialect, registry)
    const install = async (name: string) => {
      const packageJson = { name, version: '1.0.0', private: true, dependencies: { '@acme/tired': '1' } }
      const { stderr } = await home.run(await home.folder(name, { 'package.json': packageJson }), ['install'])
      return stderr
    }
    await home.ok(home.path, ['deprecate', '@acme/tired@1', 'use @acme/rested'])
    assert.match(await install('before'), /deprecated @acme\/tired@1\.0\.0: use @acme\/rested/)
    await home.ok(home.path, ['deprecate', '@acme/tired@1', ''])
    assert.doesNotMatch(await install('after'), /deprecated/)
  })

  test('unpublish takes a version, then with --force the last one; a number never comes back', async (t) => {
    tell(t, client)
    const registry = registryOf()
    for (const version of ['1.0.0', '1.1.0']) await registry.publish('gone', version)
    await using home = await openHome(client, npmDialect, registry)
    await home.ok(home.path, ['unpublish', 'gone@1.1.0'])
    const project = await projectFolder(home, npmDialect, { gone: '*' })
    await home.ok(project, ['install'])
    assert.equal(await installed(project, 'gone'), 'gone 1.0.0')
    assert.match(await home.fails(project, ['install', 'gone@1.1.0']), /No matching version found for gone@1\.1\.0/)
    assert.match(await home.fails(home.path, ['unpublish', 'gone@1.0.0']), /Refusing to delete the last version/)
    await home.ok(home.path, ['unpublish', 'gone', '--force'])
    assert.match(await home.fails(home.path, ['view', 'gone']), /There is no package "gone" here/)
    const folder = await packageFolder(home, npmDialect, { name: 'gone', version: '1.1.0' })
    assert.match(await home.fails(folder, ['publish']), /gone 1\.1\.0 was deleted, and its number is not used again/)
  })

  test('owners are added, listed and removed; one who is no user is told by name', async (t) => {
    tell(t, client)
    const registry = registryOf()
    await registry.publish('owned', '1.0.0')
    const theirs = await registry.person('hasOwnProperty')
    await using home = await openHome(client, npmDialect, registry)
    await home.ok(home.path, ['owner', 'add', 'hasOwnProperty', 'owned'])
    assert.match(await home.ok(home.path, ['owner', 'ls', 'owned']), /hasOwnProperty <hasownproperty@example\.com>/)
    await using other = await openHome(client, npmDialect, registry, { token: theirs })
    assert.equal((await other.ok(other.path, ['whoami'])).trim(), 'hasOwnProperty')
    await other.ok(other.path, ['owner', 'rm', 'admin', 'owned'])
    assert.match(await home.fails(home.path, ['owner', 'add', 'nobody', 'owned']), /There is no user "nobody"/)
  })

  test('access is the repository’s: what it is succeeds, anything else names the setting', async (t) => {
    tell(t, client)
    const registry = registryOf()
    await registry.publish('@acme/seen', '1.0.0')
    await using home = await openHome(client, npmDialect, registry)
    assert.match(await home.ok(home.path, ['access', 'get', 'status', '@acme/seen']), /@acme\/seen: private/)
    await home.ok(home.path, ['access', 'set', 'status=private', '@acme/seen'])
    assert.match(
      await home.fails(home.path, ['access', 'set', 'status=public', '@acme/seen']),
      /Packages of repository "npm" are not public: that is the repository's setting "visibility"/,
    )
    const open = await openHome(client, npmDialect, registry, { at: 'npm/main/open/' })
    const folder = await packageFolder(open, npmDialect, { name: '@acme/secret', version: '1.0.0' })
    assert.match(
      await open.fails(folder, ['publish', '--access', 'restricted']),
      /asks for access "restricted", but repository "open" is public/,
    )
    await open[Symbol.asyncDispose]()
  })

  test('view, search and pack find a package, also one called constructor', async (t) => {
    tell(t, client)
    const registry = registryOf()
    await using home = await openHome(client, npmDialect, registry)
    const folder = await packageFolder(home, npmDialect, { name: 'constructor', version: '1.0.0' })
    await home.ok(folder, ['publish'])
    assert.equal((await home.ok(home.path, ['view', 'constructor', 'version'])).trim(), '1.0.0')
    const found: { name: string }[] = JSON.parse(await home.ok(home.path, ['search', 'constructor', '--json']))
    assert.deepEqual(
      found.map(({ name }) => name),
      ['constructor'],
    )
    assert.equal((await home.ok(home.path, ['pack', 'constructor'])).trim(), 'constructor-1.0.0.tgz')
    const packed = await readFile(join(home.path, 'constructor-1.0.0.tgz'))
    const served = await registry.fetch('constructor/-/constructor-1.0.0.tgz')
    assert.deepEqual(packed, Buffer.from(await served.arrayBuffer()))
  })

  test('what cannot be published is refused with what to do instead', async (t) => {
    tell(t, client)
    const registry = registryOf()
    await using home = await openHome(client, npmDialect, registry)
    const cases = [
      ['simple', /"simple" is a path of this server.*use the registry http:\S+\/npm\/main\/npm\/ for it/],
      ['@nowhere/lib', /nowhere/],
    ] as const
    for (const [name, says] of cases) {
      const folder = await packageFolder(home, npmDialect, { name, version: '1.0.0' })
      assert.match(await home.fails(folder, ['publish']), says)
    }
  })

  test('what is not supported is told, and at once', async (t) => {
    tell(t, client)
    await using home = await openHome(client, npmDialect, registryOf())
    await registryOf().publish('one-time', '1.0.0')
    const requests = await registryOf().requestsOf(async () => {
      const args = ['access', 'set', 'mfa=publish', 'one-time']
      assert.match(await home.fails(home.path, args), /not supported by this registry yet/)
    })
    assert.equal(requests.length, 1)
  })
}
