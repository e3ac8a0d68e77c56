import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { ClientHome } from '../testing/clients.ts'
import { imageClient } from '../testing/image-clients.ts'
import { anImage, type Built } from '../testing/oci-images.ts'
import { suiteOf } from './dialects.ts'
import { pushImage } from './image-requests.ts'
import { type ImageServer, imageHome, startImageServer } from './image-world.ts'
import { tell } from './shared-cases.ts'

const client = imageClient('cosign')
const plain = '--allow-http-registry'
const signing = ['--yes', '--key', 'cosign.key', '--tlog-upload=false', plain]
const verifying = ['--key', 'cosign.pub', '--insecure-ignore-tlog', '--private-infrastructure', plain]

describe(...suiteOf(client), () => {
  let world: ImageServer
  before(async () => {
    world = await startImageServer()
  })
  after(() => world[Symbol.asyncDispose]())

  const pushed = async (name: string): Promise<{ name: string; image: Built }> => {
    const image = anImage({ layers: [{ name }] })
    await pushImage(world, world.maintainerToken, `acme/${name}`, image, ['1'])
    return { name: `${world.host}/acme/${name}@${image.descriptor.digest}`, image }
  }
  const withKeys = async (login = world.maintainerToken): Promise<ClientHome> => {
    const home = await imageHome(client, world, login)
    await home.ok(home.path, ['generate-key-pair'])
    return home
  }

  test('login takes a token as password', async (t) => {
    tell(t, client)
    await using home = await imageHome(client, world)
    const { username, password } = world.maintainerToken
    await home.ok(home.path, ['login', '-u', username, '-p', password, world.host])
    const { name } = await pushed('containers/logged-in')
    await home.ok(home.path, ['tree', plain, name])
  })

  for (const mode of ['legacy', 'oci-1-1']) {
    test(`what is signed is verified by its key, by no other (${mode})`, async (t) => {
      tell(t, client)
      await using home = await withKeys()
      await using stranger = await withKeys()
      const { name, image } = await pushed(`containers/signed/${mode}`)
      const env = { COSIGN_EXPERIMENTAL: '1' }
      assert.match(
        await home.fails(home.path, ['verify', ...verifying, name], { env }),
        /no signatures found|not found/i,
      )
      await home.ok(home.path, ['sign', ...signing, '--registry-referrers-mode', mode, '-a', 'by=tests', name], { env })
      const experimental = mode === 'legacy' ? [] : ['--experimental-oci11']
      const verified = await home.ok(home.path, ['verify', ...verifying, ...experimental, '-a', 'by=tests', name], {
        env,
      })
      assert.ok(verified.includes(image.descriptor.digest))
      const refused = await stranger.fails(stranger.path, ['verify', ...verifying, ...experimental, name], { env })
      assert.match(refused, /no (matching )?signatures|invalid signature/i)
    })
  }

  test('what is attested is verified, its predicate told; tree lists both', async (t) => {
    tell(t, client)
    await using home = await withKeys()
    const { name } = await pushed('containers/attested')
    await home.write('predicate.json', { built: 'by the tests' })
    await home.ok(home.path, ['sign', ...signing, name])
    for (let count = 0; count < 2; count++) {
      await home.ok(home.path, ['attest', ...signing, '--type', 'custom', '--predicate', 'predicate.json', name])
    }
    const verified = await home.ok(home.path, ['verify-attestation', ...verifying, '--type', 'custom', name])
    const { payload }: { payload: string } = JSON.parse(verified.trim().split('\n')[0] ?? '')
    assert.match(atob(payload), /by the tests/)
    const tree = await home.ok(home.path, ['tree', plain, name])
    assert.match(tree, /Attestations[\s\S]*Signatures|Signatures[\s\S]*Attestations/)
  })

  test('a signature goes with its image to another repository', async (t) => {
    tell(t, client)
    await using home = await withKeys()
    const { name, image } = await pushed('containers/moved')
    await home.ok(home.path, ['sign', ...signing, name])
    const there = `${world.host}/acme/open/moved`
    await home.ok(home.path, ['copy', plain, name, `${there}:1`])
    await using nobody = await imageHome(client, world)
    const key = ['--key', join(home.path, 'cosign.pub'), ...verifying.slice(2)]
    await nobody.ok(nobody.path, ['verify', ...key, `${there}@${image.descriptor.digest}`])
  })

  test('clean takes the signature away, and the image stays', async (t) => {
    tell(t, client)
    await using home = await withKeys()
    const { name } = await pushed('containers/cleaned')
    await home.ok(home.path, ['sign', ...signing, name])
    await home.ok(home.path, ['clean', '--force', plain, name])
    assert.match(await home.fails(home.path, ['verify', ...verifying, name]), /no signatures found/)
    await home.ok(home.path, ['sign', ...signing, name])
    await home.ok(home.path, ['verify', ...verifying, name])
  })

  test('a signature outlives its age by retention as long as its image does', async (t) => {
    tell(t, client)
    const repository = 'oci/acme/aging'
    await world.server.command(['repo', 'create', repository])
    await using home = await withKeys(world.admin)
    const images = [anImage({ layers: [{ name: 'first' }] }), anImage({ layers: [{ name: 'second' }] })]
    const names = images.map(({ descriptor }) => `${world.host}/acme/aging/app@${descriptor.digest}`)
    for (const [i, name] of names.entries()) {
      await pushImage(world, world.admin, 'acme/aging/app', images[i] ?? assert.fail(), [`v${i}`])
      await home.ok(home.path, ['sign', ...signing, name])
    }
    await world.server.command(['repo', 'retention', 'set', repository, '--older-than', '0', '--keep-last', '1'])
    const output = await world.server.command(['repo', 'retention', 'run', repository])
    assert.match(output, /^tag app:v0: .*\nRemoved 1 tag and 0 manifests\.$/m)
    for (const name of names) await home.ok(home.path, ['verify', ...verifying, name])
  })

  test('who may not push cannot sign, and is told so', async (t) => {
    tell(t, client)
    await using home = await withKeys(world.reader)
    const { name } = await pushed('containers/guarded')
    assert.match(await home.fails(home.path, ['sign', ...signing, name]), /UNAUTHORIZED|DENIED/)
  })
})
