import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { imageClient } from '../testing/image-clients.ts'
import { aChart } from '../testing/oci-images.ts'
import { suiteOf } from './dialects.ts'
import { type ImageServer, imageHome, type Login, startImageServer } from './image-world.ts'
import { tell } from './shared-cases.ts'

const client = imageClient('helm')
const plain = '--plain-http'

describe(...suiteOf(client), () => {
  let world: ImageServer
  before(async () => {
    world = await startImageServer()
  })
  after(() => world[Symbol.asyncDispose]())

  const charts = (path: string) => `oci://${world.host}/acme/${path}`

  async function openHome(login?: Login) {
    const home = await imageHome(client, world)
    const signIn = ({ username, password }: Login) =>
      home.run(home.path, ['registry', 'login', plain, '-u', username, '--password-stdin', world.host], {
        input: password,
      })
    if (login !== undefined) assert.match((await signIn(login)).stderr, /Login Succeeded/)
    return Object.assign(home, { signIn })
  }

  test('registry login takes a token as password, or a password, and says what is wrong with another', async (t) => {
    tell(t, client)
    await using home = await openHome()
    for (const login of [world.maintainer, world.maintainerToken]) {
      assert.match((await home.signIn(login)).stderr, /Login Succeeded/)
      await home.ok(home.path, ['registry', 'logout', world.host])
    }
    for (const login of [
      { ...world.maintainer, password: 'wrong' },
      { username: 'token', password: 'srg_wrong' },
    ]) {
      const refused = await home.signIn(login)
      assert.notEqual(refused.code, 0)
      assert.match(refused.stderr, /401|unauthorized/i)
    }
  })

  test('a chart is pushed, shown, pulled as it was, and rendered from the registry', async (t) => {
    tell(t, client)
    await using home = await openHome(world.maintainerToken)
    for (const version of ['1.0.0', '1.1.0', '2.0.0-rc.1+build.5']) {
      await writeFile(join(home.path, 'web.tgz'), aChart('web', version))
      await home.ok(home.path, ['push', plain, 'web.tgz', charts('containers/charts')])
    }
    const web = charts('containers/charts/web')
    assert.match(await home.ok(home.path, ['show', 'chart', plain, web]), /version: 1\.1\.0/)
    assert.match(
      await home.ok(home.path, ['show', 'chart', plain, web, '--version', '2.0.0-rc.1+build.5']),
      /2\.0\.0-rc/,
    )
    await home.ok(home.path, ['pull', plain, web, '--version', '1.0.0'])
    assert.ok((await readFile(join(home.path, 'web-1.0.0.tgz'))).equals(aChart('web', '1.0.0')))
    const rendered = await home.ok(home.path, [
      'template',
      'site',
      web,
      plain,
      '--version',
      '^1.0.0',
      '--set',
      'greeting=hi',
    ])
    assert.match(rendered, /name: site\ndata:\n {2}greeting: hi/)
  })

  test('a chart depends on another in the registry', async (t) => {
    tell(t, client)
    await using home = await openHome(world.maintainerToken)
    await writeFile(join(home.path, 'base.tgz'), aChart('base', '1.2.3'))
    await home.ok(home.path, ['push', plain, 'base.tgz', charts('containers/parts')])
    const dependency = `  - name: base\n    version: ~1.2.0\n    repository: ${charts('containers/parts')}\n`
    const chart = `apiVersion: v2\nname: whole\nversion: 0.1.0\ndependencies:\n${dependency}`
    const folder = await home.folder('whole', { 'Chart.yaml': chart })
    await home.ok(folder, ['dependency', 'update', plain])
    assert.ok((await readFile(join(folder, 'charts/base-1.2.3.tgz'))).equals(aChart('base', '1.2.3')))
  })

  test('anybody pulls from a public repository; who may not push is told so', async (t) => {
    tell(t, client)
    await using home = await openHome(world.maintainer)
    await using nobody = await openHome()
    await using reader = await openHome(world.reader)
    for (const at of [home, nobody, reader]) await writeFile(join(at.path, 'open.tgz'), aChart('open', '1.0.0'))
    for (const repository of ['open', 'containers']) {
      await home.ok(home.path, ['push', plain, 'open.tgz', charts(`${repository}/charts`)])
    }
    await nobody.ok(nobody.path, ['pull', plain, charts('open/charts/open'), '--version', '1.0.0'])
    const hidden = ['pull', plain, charts('containers/charts/open'), '--version', '1.0.0']
    assert.match(await nobody.fails(nobody.path, hidden), /401|unauthorized/i)
    await reader.ok(reader.path, hidden)
    for (const [at, repository] of [
      [nobody, 'open'],
      [reader, 'containers'],
    ] as const) {
      const push = ['push', plain, 'open.tgz', charts(`${repository}/charts`)]
      assert.match(await at.fails(at.path, push), /401|403|unauthorized|denied/i)
    }
  })

  test('a chart without repository is in the default one of its organization', async (t) => {
    tell(t, client)
    await using home = await openHome(world.admin)
    await writeFile(join(home.path, 'lone.tgz'), aChart('lone', '1.0.0'))
    await home.ok(home.path, ['push', plain, 'lone.tgz', `oci://${world.host}/acme`])
    await home.ok(home.path, ['pull', plain, charts('lone'), '--version', '1.0.0'])
  })
})
