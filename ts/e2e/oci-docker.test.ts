import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { dockerWithoutEngine } from '../testing/image-clients.ts'
import { anImage } from '../testing/oci-images.ts'
import { suiteOf } from './dialects.ts'
import { pushImage } from './image-requests.ts'
import { type ImageServer, imageHome, startImageServer } from './image-world.ts'
import { tell } from './shared-cases.ts'

const client = dockerWithoutEngine()

// What it does itself. What its engine asks for is replayed in the table of requirements.
describe(...suiteOf(client), () => {
  let world: ImageServer
  before(async () => {
    world = await startImageServer()
  })
  after(() => world[Symbol.asyncDispose]())

  const images = (path: string) => `${world.host}/acme/${path}`
  const inspect = ['manifest', 'inspect', '--insecure', '--verbose']

  test('login takes a token as password, or a password, and says what is wrong with another; logout forgets', async (t) => {
    tell(t, client)
    await using home = await imageHome(client, world)
    const signIn = ({ username, password }: { username: string; password: string }) =>
      home.run(home.path, ['login', '-u', username, '--password-stdin', world.host], { input: password })
    for (const login of [world.maintainer, world.maintainerToken]) {
      assert.match((await signIn(login)).stdout, /Login Succeeded/)
      assert.match(await home.ok(home.path, ['logout', world.host]), /Removing login credentials/)
    }
    for (const login of [
      { ...world.maintainer, password: 'wrong' },
      { username: 'token', password: 'srg_wrong' },
    ]) {
      const refused = await signIn(login)
      assert.notEqual(refused.code, 0)
      assert.match(refused.stderr, /unauthorized|incorrect username or password|401/i)
    }
  })

  test('a manifest list of what is there is made, pushed and inspected', async (t) => {
    tell(t, client)
    await using home = await imageHome(client, world, world.maintainerToken)
    const list = images('containers/list:1')
    const children: string[] = []
    for (const architecture of ['amd64', 'arm64']) {
      const image = anImage({ platform: { os: 'linux', architecture }, family: 'docker', layers: [{ architecture }] })
      await pushImage(world, world.maintainerToken, 'acme/containers/list', image, [architecture])
      children.push(images(`containers/list:${architecture}`))
    }
    await home.ok(home.path, ['manifest', 'create', '--insecure', list, ...children])
    const digest = (await home.ok(home.path, ['manifest', 'push', '--insecure', '--purge', list])).trim()
    assert.match(digest, /^sha256:[0-9a-f]{64}$/)
    const inspected: { Descriptor: { platform: { architecture: string } } }[] = JSON.parse(
      await home.ok(home.path, [...inspect, list]),
    )
    assert.deepEqual(inspected.map((each) => each.Descriptor.platform.architecture).sort(), ['amd64', 'arm64'])
  })

  test('anybody inspects a public image; what one may not read is not there', async (t) => {
    tell(t, client)
    await using nobody = await imageHome(client, world)
    for (const repository of ['open', 'containers']) {
      await pushImage(world, world.maintainer, `acme/${repository}/shown`, anImage(), ['1'])
    }
    await nobody.ok(nobody.path, [...inspect, images('open/shown:1')])
    for (const name of ['containers/shown:1', 'containers/missing:1']) {
      assert.match(await nobody.fails(nobody.path, [...inspect, images(name)]), /unauthorized|no such manifest|denied/i)
    }
  })
})
