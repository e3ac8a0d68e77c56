import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { ClientHome } from '../testing/clients.ts'
import { type DockerEngine, startDockerEngine } from '../testing/docker-engine.ts'
import { engineClient } from '../testing/image-clients.ts'
import { anImage, anIndex } from '../testing/oci-images.ts'
import { suiteOf } from './dialects.ts'
import { pushImage } from './image-requests.ts'
import { type ImageServer, imageHome, type Login, startImageServer } from './image-world.ts'
import { tell } from './shared-cases.ts'

const docker = engineClient('docker')
const ctr = engineClient('ctr')
const [name, options] = suiteOf(docker)

describe(`${name} with its engine`, options, () => {
  let world: ImageServer
  let engine: DockerEngine
  const opened = new AsyncDisposableStack()
  before(async () => {
    world = opened.use(await startImageServer())
    engine = opened.use(await startDockerEngine())
  })
  after(() => opened.disposeAsync())

  const images = (path: string) => `${world.host}/acme/${path}`
  const env = () => ({ env: { DOCKER_HOST: engine.host, DOCKER_BUILDKIT: '0' } })
  const run = (home: ClientHome, ...args: string[]) => home.ok(home.path, args, env())
  const refused = (home: ClientHome, ...args: string[]) => home.fails(home.path, args, env())

  async function openHome(login?: Login): Promise<ClientHome> {
    const home = await imageHome(docker, world)
    if (login === undefined) return home
    const said = await home.run(home.path, ['login', '-u', login.username, '--password-stdin', world.host], {
      ...env(),
      input: login.password,
    })
    assert.match(said.stdout, /Login Succeeded/, said.stderr)
    return home
  }
  const built = async (home: ClientHome, image: string) => {
    const files = { Dockerfile: 'FROM scratch\nCOPY a.txt /a.txt\nCMD ["/a"]\n', 'a.txt': `hello from ${image}` }
    const folder = await home.folder('context', files)
    await home.ok(folder, ['build', '--quiet', '-t', image, '.'], env())
  }

  test('an image is built, pushed, removed and pulled; another name of it gets its layers by mount', async (t) => {
    tell(t, docker)
    await using home = await openHome(world.maintainer)
    const [image, other] = [images('containers/team/app:1'), images('open/app/deep:1')]
    await built(home, image)
    assert.match(await run(home, 'push', image), /digest: sha256:/)
    await run(home, 'tag', image, other)
    assert.match(await run(home, 'push', other), /Mounted from acme\/containers\/team\/app/)
    await run(home, 'rmi', image, other)
    assert.match(await run(home, 'pull', image), /Downloaded newer image/)
    assert.match(await run(home, 'push', image), /Layer already exists/)
  })

  test('of an index with attestations it pulls the image of its platform', async (t) => {
    tell(t, docker)
    const of = ['amd64', 'arm64'].map((architecture) =>
      anImage({ platform: { os: 'linux', architecture }, labels: { architecture } }),
    )
    const index = anIndex(of, { attestations: true })
    await pushImage(world, world.maintainerToken, 'acme/open/multi', index, ['1'])
    await using nobody = await openHome()
    assert.ok((await run(nobody, 'pull', images('open/multi:1'))).includes(index.descriptor.digest))
    const label = ['--format', '{{.Config.Labels.architecture}}', images('open/multi:1')]
    assert.match(await run(nobody, 'image', 'inspect', ...label), /^(amd64|arm64)\n$/)
  })

  test('login refuses a wrong password; pull and push say what to do without the right', async (t) => {
    tell(t, docker)
    await using home = await openHome(world.maintainerToken)
    await using nobody = await openHome()
    await using reader = await openHome(world.reader)
    const login = ['login', '-u', world.maintainer.username, '-p', 'wrong', world.host]
    assert.match(await refused(nobody, ...login), /unauthorized: Wrong username or password/)
    const image = images('containers/hidden:1')
    await built(home, image)
    await run(home, 'push', image)
    assert.match(await refused(nobody, 'pull', image), /may require 'docker login'/)
    assert.match(await refused(nobody, 'push', image), /denied/)
    await run(nobody, 'tag', image, images('open/hidden:1'))
    assert.match(await refused(nobody, 'push', images('open/hidden:1')), /denied/)
    await run(reader, 'pull', image)
    assert.match(await refused(reader, 'push', image), /denied/)
    assert.match(
      await refused(reader, 'pull', images('containers/missing:1')),
      /There is no image "acme\/containers\/missing"/,
    )
  })

  test(`containerd ${ctr.version} pulls and pushes`, async (t) => {
    tell(t, ctr)
    const image = anImage({ layers: [{ 'c.txt': 'containerd' }] })
    await pushImage(world, world.maintainerToken, 'acme/containers/ctr', image, ['1'])
    await using home = await imageHome(ctr, world)
    const { username, password } = world.maintainerToken
    const there = ['--plain-http', '--user', `${username}:${password}`]
    const ask = (...args: string[]) => home.ok(home.path, ['--address', engine.containerd, 'images', ...args])
    await ask('pull', ...there, '--snapshotter', 'native', images('containers/ctr:1'))
    await ask('tag', images('containers/ctr:1'), images('containers/by/ctr:2'))
    await ask('push', ...there, images('containers/by/ctr:2'))
    const answer = await world.ask('HEAD /v2/acme/containers/by/ctr/manifests/2', world.maintainerToken)
    assert.equal(answer.headers.get('docker-content-digest'), image.descriptor.digest)
  })
})
