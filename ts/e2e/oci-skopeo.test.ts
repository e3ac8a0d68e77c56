import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { makeCertificate } from '../testing/certificate.ts'
import { imageClient } from '../testing/image-clients.ts'
import {
  anImage,
  anIndex,
  type Built,
  digestOf,
  dockerArchive,
  writeDirectory,
  writeLayout,
} from '../testing/oci-images.ts'
import { adminName, startServerProcess } from '../testing/server-process.ts'
import { suiteOf } from './dialects.ts'
import { type ImageServer, imageHome, startImageServer } from './image-world.ts'
import { tell } from './shared-cases.ts'

const client = imageClient('skopeo')
const plain = ['--src-tls-verify=false', '--dest-tls-verify=false']

describe(...suiteOf(client), () => {
  let world: ImageServer
  before(async () => {
    world = await startImageServer()
  })
  after(() => world[Symbol.asyncDispose]())

  const images = (path: string) => `docker://${world.host}/acme/${path}`
  const openHome = (login = world.maintainerToken) => imageHome(client, world, login)

  test('login takes a token as password, or a password, and says what is wrong with another; logout forgets', async (t) => {
    tell(t, client)
    await using home = await imageHome(client, world)
    const signIn = ({ username, password }: { username: string; password: string }) => {
      const who = ['-u', username, '--password-stdin', '--tls-verify=false', world.host]
      return home.run(home.path, ['login', ...who], { input: password })
    }
    for (const login of [world.maintainer, world.maintainerToken]) {
      assert.match((await signIn(login)).stdout, /Login Succeeded/)
      assert.match(await home.ok(home.path, ['logout', world.host]), /Removed login credentials/)
    }
    for (const login of [
      { ...world.maintainer, password: 'wrong' },
      { username: 'token', password: 'srg_wrong' },
    ]) {
      const refused = await signIn(login)
      assert.notEqual(refused.code, 0)
      assert.match(refused.stderr, /invalid username\/password/)
    }
  })

  test('an image goes from layout, folder and archive to the registry and back, byte for byte', async (t) => {
    tell(t, client)
    await using home = await openHome()
    const copy = (...args: string[]) => home.ok(home.path, ['copy', ...plain, ...args])
    const image = anImage({ layers: [{ 'a.txt': 'skopeo a' }, { 'b.txt': 'skopeo b' }], labels: { made: 'by tests' } })
    await writeLayout(join(home.path, 'layout'), { '1.0': image })

    await copy('oci:layout:1.0', images('containers/team/app:1.0'))
    await copy(images('containers/team/app:1.0'), 'oci:back:1.0')
    await assertSame(join(home.path, 'back/blobs/sha256'), image)

    await copy(images('containers/team/app:1.0'), 'dir:folder')
    assert.equal(digestOf(await readFile(join(home.path, 'folder/manifest.json'))), image.descriptor.digest)
    await copy('dir:folder', images('containers/team/app/from/folder:1.0'))
    const digest = ['inspect', '--tls-verify=false', '--format', '{{.Digest}}']
    const found = await home.ok(home.path, [...digest, images('containers/team/app/from/folder:1.0')])
    assert.equal(found.trim(), image.descriptor.digest)

    await writeFile(join(home.path, 'saved.tar'), dockerArchive('app:2', { layers: [{ 'c.txt': 'saved' }] }))
    await copy('docker-archive:saved.tar', images('containers/team/app:2'))
    await copy(images('containers/team/app:2'), 'docker-archive:loaded.tar:app:2')
    await copy('docker-archive:loaded.tar', images('containers/team/app:3'))
    const inspect = ['inspect', '--tls-verify=false', '--format', '{{.Layers}}']
    const layers = await Promise.all(
      ['2', '3'].map((tag) => home.ok(home.path, [...inspect, images(`containers/team/app:${tag}`)])),
    )
    assert.match(layers[0] ?? '', /sha256:[0-9a-f]{64}/)
    assert.equal(layers[0], layers[1])
  })

  for (const family of ['oci', 'docker'] as const) {
    test(`--all copies an index with all its platforms and attestations (${family})`, async (t) => {
      tell(t, client)
      await using home = await openHome()
      const platforms = [
        { os: 'linux', architecture: 'amd64' },
        { os: 'linux', architecture: 'arm', variant: 'v7' },
      ]
      const of = platforms.map((platform) => anImage({ platform, family, layers: [{ arch: platform.architecture }] }))
      const index = anIndex(of, { family, attestations: true })
      await writeDirectory(join(home.path, 'all'), index)
      const there = images(`containers/multi-${family}:all`)
      await home.ok(home.path, ['copy', ...plain, '--all', 'dir:all', there])
      await home.ok(home.path, ['copy', ...plain, '--all', there, 'dir:back'])
      assert.deepEqual((await readdir(join(home.path, 'back'))).sort(), (await readdir(join(home.path, 'all'))).sort())
      assert.equal(digestOf(await readFile(join(home.path, 'back/manifest.json'))), index.descriptor.digest)

      const arm = ['inspect', '--tls-verify=false', '--override-arch', 'arm', '--override-variant', 'v7']
      const inspected = await home.ok(home.path, [...arm.slice(2), ...arm.slice(0, 2), there])
      assert.equal(JSON.parse(inspected).Architecture, 'arm')
    })
  }

  test('inspect and list-tags tell what is there; delete takes the manifest with its tags', async (t) => {
    tell(t, client)
    await using home = await openHome()
    const image = anImage({ layers: [{ 'listed.txt': 'listed' }], labels: { kind: 'listed' } })
    await writeLayout(join(home.path, 'layout'), { it: image })
    for (const tag of ['b', 'a', 'C']) {
      await home.ok(home.path, ['copy', ...plain, 'oci:layout:it', images(`containers/listed:${tag}`)])
    }
    const told = async (command: string, name: string) =>
      JSON.parse(await home.ok(home.path, [command, '--tls-verify=false', images(name)]))
    const inspected = await told('inspect', 'containers/listed:a')
    assert.deepEqual([inspected.Digest, inspected.Labels], [image.descriptor.digest, { kind: 'listed' }])
    assert.deepEqual(inspected.RepoTags, ['C', 'a', 'b'])
    assert.deepEqual((await told('list-tags', 'containers/listed')).Tags, ['C', 'a', 'b'])

    await home.ok(home.path, ['delete', '--tls-verify=false', images('containers/listed:a')])
    // It was the image's last.
    assert.match(
      await home.fails(home.path, ['inspect', '--tls-verify=false', images('containers/listed:b')]),
      /name unknown: There is no image .*acme\/containers\/listed/,
    )
    assert.match(await home.fails(home.path, ['list-tags', '--tls-verify=false', images('containers/listed')]), /404/)
    await home.ok(home.path, ['copy', ...plain, 'oci:layout:it', images('containers/listed:again')])
    assert.deepEqual((await told('list-tags', 'containers/listed')).Tags, ['again'])
  })

  test('anybody reads a public image; nobody pushes, or reads a private one, without the right', async (t) => {
    tell(t, client)
    await using home = await openHome()
    await using nobody = await imageHome(client, world)
    await using reader = await openHome(world.reader)
    const image = anImage({ layers: [{ 'public.txt': 'public' }] })
    for (const at of [home, nobody, reader]) await writeLayout(join(at.path, 'layout'), { it: image })
    for (const name of ['open/shown:1', 'containers/hidden:1']) {
      await home.ok(home.path, ['copy', ...plain, 'oci:layout:it', images(name)])
    }
    await nobody.ok(nobody.path, ['copy', ...plain, images('open/shown:1'), 'dir:shown'])
    await reader.ok(reader.path, ['copy', ...plain, images('containers/hidden:1'), 'dir:hidden'])

    const refusedTo = async (at: typeof home, from: string, to: string) =>
      at.fails(at.path, ['copy', ...plain, from, to])
    const hidden = await refusedTo(nobody, images('containers/hidden:1'), 'dir:no')
    const missing = await refusedTo(nobody, images('containers/missing:1'), 'dir:no')
    for (const said of [hidden, missing]) assert.match(said, /unauthorized|authentication required/i)
    assert.equal(
      hidden.replaceAll('hidden', 'missing').replace(/time="[^"]*"/, ''),
      missing.replace(/time="[^"]*"/, ''),
    )
    assert.match(await refusedTo(nobody, 'oci:layout:it', images('open/shown:2')), /unauthorized|required|denied/i)
    assert.match(await refusedTo(reader, 'oci:layout:it', images('containers/hidden:2')), /unauthorized|denied/i)
  })

  test('over TLS, with a certificate of its own making, named in --dest-cert-dir', async (t) => {
    tell(t, client)
    await using home = await imageHome(client, { host: 'none' })
    const files = makeCertificate(home.path, 'registry')
    await home.write('certs/ca.crt', await readFile(files.cert, 'utf8'))
    await using server = await startServerProcess({ env: { TLS_CERT: files.cert, TLS_KEY: files.key } })
    const made = ['token', 'create', '--user', adminName, '--name', 'test', '--actions', 'read,write']
    const token = (await server.command(made)).trim()
    const image = anImage({ layers: [{ 'tls.txt': 'over TLS' }] })
    await writeLayout(join(home.path, 'layout'), { it: image })
    const there = `docker://${new URL(server.url).host}/main/secure:1`
    const creds = `--dest-creds=token:${token}`
    assert.match(await home.fails(home.path, ['copy', creds, 'oci:layout:it', there]), /certificate/)
    await home.ok(home.path, ['copy', '--dest-cert-dir=certs', creds, 'oci:layout:it', there])
    await home.ok(home.path, ['copy', '--src-cert-dir=certs', `--src-creds=token:${token}`, there, 'oci:back:it'])
    await assertSame(join(home.path, 'back/blobs/sha256'), image)
  })
})

async function assertSame(folder: string, { bytes }: Built): Promise<void> {
  assert.deepEqual((await readdir(folder)).map((name) => `sha256:${name}`).sort(), [...bytes.keys()].sort())
  for (const [digest, content] of bytes) {
    assert.ok((await readFile(join(folder, digest.slice('sha256:'.length)))).equals(content), digest)
  }
}
