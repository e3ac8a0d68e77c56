import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type ClientRegistry, startClientRegistry } from '../testing/client-registry.ts'
import { pinnedClient } from '../testing/clients.ts'
import { suiteOf, yarn1Dialect } from './dialects.ts'
import { openHome, sharedCases, tell } from './shared-cases.ts'

const client = pinnedClient('yarn', 1)

describe(...suiteOf(client), () => {
  let registry: ClientRegistry
  before(async () => {
    registry = await startClientRegistry()
  })
  after(() => registry[Symbol.asyncDispose]())

  sharedCases(client, yarn1Dialect, () => registry)

  test('tags and owners change, and what is asked is answered', async (t) => {
    tell(t, client)
    for (const version of ['1.0.0', '1.1.0']) await registry.publish('kept', version)
    await registry.person('paul')
    await using home = await openHome(client, yarn1Dialect, registry)
    await home.ok(home.path, ['tag', 'add', 'kept@1.0.0', 'old'])
    assert.match(await home.ok(home.path, ['tag', 'list', 'kept']), /latest: 1\.1\.0[\s\S]*old: 1\.0\.0/)
    await home.ok(home.path, ['tag', 'remove', 'kept', 'old'])
    assert.match(await home.ok(home.path, ['info', 'kept', 'dist-tags']), /\{\s+latest: '1\.1\.0'\s+\}/)
    await home.ok(home.path, ['owner', 'add', 'paul', 'kept'])
    assert.match(await home.ok(home.path, ['owner', 'list', 'kept']), /admin <[\s\S]*paul <paul@example\.com>/)
    assert.match(await home.fails(home.path, ['owner', 'add', 'nobody', 'kept']), /nobody/)
  })
})
