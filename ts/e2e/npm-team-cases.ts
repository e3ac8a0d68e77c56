import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClientRegistry } from '../testing/client-registry.ts'
import type { Client } from '../testing/clients.ts'
import { npmDialect } from './dialects.ts'
import { openHome, tell } from './shared-cases.ts'

/** Registers what npm does about organizations, teams and who may have what. */
export function npmTeamCases(client: Client, registryOf: () => ClientRegistry): void {
  test('npm org and npm team: members and teams come and go', async (t) => {
    tell(t, client)
    const registry = registryOf()
    await registry.person('teamster')
    await using home = await openHome(client, npmDialect, registry)
    const npm = (...args: string[]) => home.ok(home.path, args)
    assert.match(await npm('org', 'set', 'acme', 'teamster', 'developer'), /Added teamster as developer to acme/)
    assert.match(await npm('org', 'ls', 'acme'), /teamster.*developer/)
    await npm('team', 'create', '@acme:web')
    assert.match(await npm('team', 'ls', '@acme'), /@?acme:web/)
    await npm('team', 'add', '@acme:web', 'teamster')
    assert.match(await npm('team', 'ls', '@acme:web'), /teamster/)
    await npm('team', 'rm', '@acme:web', 'teamster')
    assert.doesNotMatch(await npm('team', 'ls', '@acme:web'), /teamster/)
    await npm('team', 'destroy', '@acme:web')
    await npm('org', 'rm', 'acme', 'teamster')
    assert.doesNotMatch(await npm('org', 'ls', 'acme'), /teamster/)
  })

  test('npm access: a team is granted and refused a package; packages are listed', async (t) => {
    tell(t, client)
    const registry = registryOf()
    await registry.publish('@acme/granted', '1.0.0')
    await using home = await openHome(client, npmDialect, registry)
    const npm = (...args: string[]) => home.ok(home.path, args)
    await npm('team', 'create', '@acme:builders')
    await npm('access', 'grant', 'read-write', '@acme:builders', '@acme/granted')
    assert.match(await npm('access', 'list', 'packages', '@acme:builders'), /@acme\/granted: read-write/)
    assert.match(await npm('access', 'list', 'packages', '@acme'), /@acme\/granted: read-write/)
    await npm('access', 'revoke', '@acme:builders', '@acme/granted')
    assert.doesNotMatch(await npm('access', 'list', 'packages', '@acme:builders'), /granted/)
    assert.match(
      await home.fails(home.path, ['access', 'grant', 'read-write', '@acme:nobody', '@acme/granted']),
      /There is no such team/,
    )
  })
}
