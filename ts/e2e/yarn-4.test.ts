import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { aPublishBody } from '../protocols/npm/publish-builder.ts'
import { type ClientRegistry, startClientRegistry } from '../testing/client-registry.ts'
import { pinnedClient } from '../testing/clients.ts'
import { adminName, adminPassword } from '../testing/server-process.ts'
import { suiteOf, yarn4Dialect } from './dialects.ts'
import { openHome, packageFolder, projectFolder, sharedCases, tell } from './shared-cases.ts'

const client = pinnedClient('yarn', 4)

describe(...suiteOf(client), () => {
  let registry: ClientRegistry
  before(async () => {
    registry = await startClientRegistry()
  })
  after(() => registry[Symbol.asyncDispose]())

  sharedCases(client, yarn4Dialect, () => registry)

  const asUser = (password: string) => ({
    // Yarn asks on a terminal alone; its own tests answer so.
    env: { YARN_IS_TEST_ENV: '1', YARN_INJECT_NPM_USER: adminName, YARN_INJECT_NPM_PASSWORD: password },
  })

  test('a password signs in, a wrong one does not, and logout forgets', async (t) => {
    tell(t, client)
    await using home = await openHome(client, yarn4Dialect, registry, { token: '' })
    const project = await projectFolder(home, yarn4Dialect, {})
    const login = ['npm', 'login', '--always-auth']
    assert.match(await home.fails(project, login, asUser('not my password')), /Invalid authentication/)
    await home.ok(project, login, asUser(adminPassword))
    assert.match(await home.ok(project, ['npm', 'whoami']), /admin/)
    await home.ok(project, ['npm', 'logout'])
    assert.match(await home.fails(project, ['npm', 'whoami']), /No authentication configured/)
  })

  test('tags change, an audit finds nothing, stages are listed and approved', async (t) => {
    tell(t, client)
    for (const version of ['1.0.0', '1.1.0']) await registry.publish('@acme/kept', version)
    await using home = await openHome(client, yarn4Dialect, registry)
    const project = await projectFolder(home, yarn4Dialect, { '@acme/kept': '1' })
    await home.ok(project, ['install'])
    await home.ok(project, ['npm', 'tag', 'add', '@acme/kept@1.0.0', 'old'])
    assert.match(await home.ok(project, ['npm', 'tag', 'list', '@acme/kept']), /old.*1\.0\.0/)
    await home.ok(project, ['npm', 'tag', 'remove', '@acme/kept', 'old'])
    assert.match(await home.ok(project, ['npm', 'audit', '--all']), /No audit suggestions/)
    const { stageId } = await staged()
    assert.match(await home.ok(project, ['npm', 'stage', 'list']), new RegExp(`waiting@latest[\\s\\S]*${stageId}`))
    await home.ok(project, ['npm', 'stage', 'approve', stageId])
    assert.match(await home.ok(project, ['npm', 'info', 'waiting', '--fields', 'version']), /1\.0\.0/)
  })

  /** Yarn stages nothing itself. */
  async function staged(): Promise<{ stageId: string }> {
    const body = JSON.stringify(aPublishBody('waiting', '1.0.0').body)
    const headers = { 'content-type': 'application/json' }
    const answer = await registry.fetch('-/stage/package/waiting', { method: 'POST', headers, body })
    return (await answer.json()) as { stageId: string }
  }

  test('access and tag are said with the publish; the first version is latest, too', async (t) => {
    tell(t, client)
    await using home = await openHome(client, yarn4Dialect, registry)
    const folder = await packageFolder(home, yarn4Dialect, { name: '@acme/named', version: '1.0.0' })
    await home.ok(folder, ['install'])
    await home.ok(folder, ['npm', 'publish', '--access', 'restricted', '--tag', 'next'])
    assert.match(await home.ok(folder, ['npm', 'tag', 'list', '@acme/named']), /latest.*1\.0\.0[\s\S]*next.*1\.0\.0/)
  })
})
