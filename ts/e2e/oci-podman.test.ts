import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { ClientHome } from '../testing/clients.ts'
import { imageClient } from '../testing/image-clients.ts'
import { suiteOf } from './dialects.ts'
import { type ImageServer, imageHome, startImageServer } from './image-world.ts'
import { tell } from './shared-cases.ts'

const containerfile = 'FROM scratch\nCOPY greeting.txt /greeting.txt\nLABEL made=here\nCMD ["/greeting.txt"]\n'

for (const name of ['podman', 'buildah'] as const) {
  const client = imageClient(name)
  describe(...suiteOf(client), () => {
    let world: ImageServer
    before(async () => {
      world = await startImageServer()
    })
    after(() => world[Symbol.asyncDispose]())

    const images = (path: string) => `${world.host}/acme/${path}`
    const built = async (home: ClientHome, image: string, ...more: string[]) => {
      const context = await home.folder('context', {
        Containerfile: containerfile,
        'greeting.txt': `hello from ${image}`,
      })
      await home.ok(context, ['build', '--quiet', ...more, '-t', image, '.'])
    }
    const pull = (home: ClientHome, image: string) =>
      home.ok(home.path, ['pull', '--quiet', '--tls-verify=false', image])
    const push = (home: ClientHome, ...args: string[]) => home.ok(home.path, ['push', '--tls-verify=false', ...args])

    test('login takes a token as password, or a password, and refuses another; logout forgets', async (t) => {
      tell(t, client)
      await using home = await imageHome(client, world)
      const signIn = ({ username, password }: { username: string; password: string }) => {
        const who = ['--username', username, '--password-stdin', '--tls-verify=false', world.host]
        return home.run(home.path, ['login', ...who], { input: password })
      }
      for (const login of [world.maintainer, world.maintainerToken]) {
        assert.match((await signIn(login)).stdout, /Login Succeeded/)
        assert.match(await home.ok(home.path, ['logout', world.host]), /Removed login credentials/)
      }
      const refused = await signIn({ ...world.maintainer, password: 'wrong' })
      assert.notEqual(refused.code, 0)
      assert.match(refused.stderr, /invalid username\/password/)
    })

    for (const format of ['oci', 'docker']) {
      test(`an image that was built from scratch is pushed, removed and pulled (${format})`, async (t) => {
        tell(t, client)
        await using home = await imageHome(client, world, world.maintainerToken)
        const image = images(`containers/${name}/${format}:1`)
        await built(home, image, '--format', format)
        await push(home, '--digestfile', 'digest', image)
        await home.ok(home.path, ['rmi', '--all', '--force'])
        await pull(home, image)
        const inspect = name === 'podman' ? ['image', 'inspect'] : ['inspect', '--type', 'image']
        assert.match(await home.ok(home.path, [...inspect, image]), /"made": "here"/)

        await using another = await imageHome(client, world, world.reader)
        await pull(another, image)
      })
    }

    test('a manifest list of two platforms is pushed with all its images', async (t) => {
      tell(t, client)
      await using home = await imageHome(client, world, world.maintainerToken)
      const image = images(`containers/${name}/multi:1`)
      for (const platform of ['linux/amd64', 'linux/arm64']) {
        await built(
          home,
          `${images('containers/one')}:${platform.replace('/', '-')}`,
          '--platform',
          platform,
          '--manifest',
          'list',
        )
      }
      await home.ok(home.path, ['manifest', 'push', '--all', '--tls-verify=false', 'list', `docker://${image}`])
      const answer = await world.ask(`GET /v2/acme/containers/${name}/multi/manifests/1`, world.maintainerToken)
      assert.equal(answer.status, 200)
      const { manifests } = (await answer.json()) as { manifests: { platform: { architecture: string } }[] }
      assert.deepEqual(manifests.map(({ platform }) => platform.architecture).sort(), ['amd64', 'arm64'])
    })

    test('anybody pulls a public image; nobody else pulls a private one, or pushes', async (t) => {
      tell(t, client)
      await using home = await imageHome(client, world, world.maintainerToken)
      await using nobody = await imageHome(client, world)
      await using reader = await imageHome(client, world, world.reader)
      for (const image of ['open/shown:1', 'containers/hidden:1']) {
        await built(home, images(image))
        await push(home, images(image))
      }
      await pull(nobody, images('open/shown:1'))
      const refusedPull = ['pull', '--tls-verify=false', images('containers/hidden:1')]
      assert.match(await nobody.fails(nobody.path, refusedPull), /unauthorized|authentication required/i)
      await built(reader, images('containers/mine:1'))
      const refusedPush = ['push', '--tls-verify=false', images('containers/mine:1')]
      assert.match(await reader.fails(reader.path, refusedPush), /unauthorized|denied/i)
    })

    test('an image without repository is in the default one of its organization', async (t) => {
      tell(t, client)
      await using home = await imageHome(client, world, world.admin)
      await built(home, images('tool:1'))
      await push(home, images('tool:1'))
      await home.ok(home.path, ['rmi', '--all', '--force'])
      await pull(home, images('tool:1'))
    })
  })
}
