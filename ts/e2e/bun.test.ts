import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type ClientRegistry, startClientRegistry } from '../testing/client-registry.ts'
import { pinnedClient } from '../testing/clients.ts'
import { bunDialect, npmDialect, suiteOf } from './dialects.ts'
import { openHome, packageFolder, projectFolder, sharedCases, tell } from './shared-cases.ts'

const client = pinnedClient('bun', 1)

describe(...suiteOf(client), () => {
  let registry: ClientRegistry
  before(async () => {
    registry = await startClientRegistry()
  })
  after(() => registry[Symbol.asyncDispose]())

  sharedCases(client, bunDialect, () => registry)

  test('whoami, info and audit answer; a publish takes a tag; a stale lockfile is refused', async (t) => {
    tell(t, client)
    await registry.publish('@acme/kept', '1.0.0')
    await using home = await openHome(client, bunDialect, registry)
    const project = await projectFolder(home, bunDialect, { '@acme/kept': '1' })
    await home.ok(project, ['install'])
    assert.equal((await home.ok(project, ['pm', 'whoami'])).trim(), 'admin')
    assert.match(await home.ok(project, ['audit']), /No vulnerabilities found/)
    const folder = await packageFolder(home, bunDialect, { name: '@acme/kept', version: '2.0.0-rc.1' })
    await home.ok(folder, ['publish', '--tag', 'next'])
    const tags: unknown = JSON.parse(await home.ok(project, ['info', '@acme/kept', 'dist-tags', '--json']))
    assert.deepEqual(tags, { latest: '1.0.0', next: '2.0.0-rc.1' })
    await projectFolder(home, bunDialect, { '@acme/kept': 'next' })
    assert.match(await home.fails(project, ['install', '--frozen-lockfile']), /lockfile had changes/)
  })

  test('.npmrc serves as well as bunfig.toml', async (t) => {
    tell(t, client)
    await registry.publish('by-npmrc', '1.0.0')
    await using home = await openHome(client, npmDialect, registry)
    const project = await projectFolder(home, bunDialect, { 'by-npmrc': '1' })
    await home.ok(project, ['install'])
  })
})
