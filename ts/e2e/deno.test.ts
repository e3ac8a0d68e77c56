import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type ClientRegistry, startClientRegistry } from '../testing/client-registry.ts'
import { pinnedClient } from '../testing/clients.ts'
import { denoDialect, suiteOf } from './dialects.ts'
import { openHome, projectFolder, sharedCases, tell } from './shared-cases.ts'

const client = pinnedClient('deno', 2)

describe(...suiteOf(client), () => {
  let registry: ClientRegistry
  before(async () => {
    registry = await startClientRegistry()
  })
  after(() => registry[Symbol.asyncDispose]())

  sharedCases(client, denoDialect, () => registry)

  test('npm: imports run, an audit finds nothing, what is outdated is told', async (t) => {
    tell(t, client)
    for (const version of ['1.0.0', '1.1.0']) await registry.publish('@acme/kept', version)
    await using home = await openHome(client, denoDialect, registry)
    const main = "import kept from 'npm:@acme/kept@1.0.0'\nconsole.log(kept)\n"
    const project = await projectFolder(home, denoDialect, { '@acme/kept': '1.0.0' }, { 'main.js': main })
    await home.ok(project, ['install'])
    assert.equal((await home.ok(project, ['run', 'main.js'])).trim(), '@acme/kept 1.0.0')
    assert.match(await home.ok(project, ['audit']), /No known vulnerabilities found/)
    assert.match(await home.ok(project, ['outdated']), /@acme\/kept.*1\.0\.0.*1\.1\.0/)
  })
})
