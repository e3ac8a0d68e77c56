import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { ClientHome } from '../testing/clients.ts'
import { imageClient } from '../testing/image-clients.ts'
import { anImage, anIndex, dockerArchive, layerTar, writeLayout } from '../testing/oci-images.ts'
import { suiteOf } from './dialects.ts'
import { type ImageWorld, imageHome, startImageReplicas, startImageServer } from './image-world.ts'
import { tell } from './shared-cases.ts'
import { skipWithoutReplicas } from './two-replicas.ts'

const client = imageClient('crane')

const [name, options] = suiteOf(client)

describe(name, options, () => craneCases(startImageServer))

describe(`${name}, with WORKERS=2`, options, () => craneCases(() => startImageServer({ WORKERS: '2' })))

const skip = options.skip || (skipWithoutReplicas() ?? false)
describe(`${name}, each request at the other of two replicas on MongoDB and S3`, { skip }, () =>
  craneCases(startImageReplicas),
)

function craneCases(start: () => Promise<ImageWorld & AsyncDisposable>): void {
  let world: ImageWorld & AsyncDisposable
  before(async () => {
    world = await start()
  })
  after(() => world[Symbol.asyncDispose]())

  const openHome = (login = world.maintainerToken) => imageHome(client, world, login)
  const images = (path: string) => `${world.host}/acme/${path}`

  test('auth login takes a token as password, or a password; a wrong one is refused where it is used', async (t) => {
    tell(t, client)
    await using home = await imageHome(client, world)
    const signIn = ({ username, password }: { username: string; password: string }) =>
      home.ok(home.path, ['auth', 'login', '-u', username, '-p', password, world.host])
    for (const login of [world.maintainer, world.maintainerToken]) {
      await signIn(login)
      assert.equal(await home.ok(home.path, ['catalog', world.host]), '')
      await home.ok(home.path, ['auth', 'logout', world.host])
    }
    for (const login of [
      { ...world.maintainer, password: 'wrong' },
      { username: 'token', password: 'srg_wrong' },
    ]) {
      await signIn(login)
      assert.match(await home.fails(home.path, ['ls', images('containers/app')]), /UNAUTHORIZED/)
    }
  })

  test('append, mutate, tag, copy, push and pull: what validate --remote reads is well-formed', async (t) => {
    tell(t, client)
    await using home = await openHome()
    const crane = (...args: string[]) => home.ok(home.path, args).then((out) => out.trim())
    await writeFile(join(home.path, 'layer.tar'), layerTar({ 'etc/appended': 'by crane' }))
    const app = images('containers/team/app')
    for (const [tag, more] of [
      ['docker', []],
      ['oci', ['--oci-empty-base']],
    ] as const) {
      await crane('append', ...more, '-f', 'layer.tar', '-t', `${app}:${tag}`)
    }
    await crane(
      'mutate',
      '--label',
      'made=here',
      '--annotation',
      'org.example.note=it',
      '-t',
      `${app}:labelled`,
      `${app}:oci`,
    )
    assert.equal(JSON.parse(await crane('config', `${app}:labelled`)).config.Labels.made, 'here')
    await crane('tag', `${app}:labelled`, 'latest')
    assert.equal(await crane('digest', `${app}:latest`), await crane('digest', `${app}:labelled`))
    await crane('copy', `${app}:labelled`, images('containers/copied/deep/er:1'))
    assert.equal(await crane('digest', images('containers/copied/deep/er:1')), await crane('digest', `${app}:labelled`))

    await writeFile(join(home.path, 'saved.tar'), dockerArchive('saved:1', { layers: [{ 'd.txt': 'saved' }] }))
    await crane('push', 'saved.tar', `${app}:saved`)
    await crane('pull', `${app}:saved`, 'pulled.tar')
    await crane('validate', '--tarball', 'pulled.tar')
    for (const tag of ['docker', 'oci', 'labelled', 'saved']) await crane('validate', '--remote', `${app}:${tag}`)
    assert.deepEqual((await crane('ls', app)).split('\n'), ['docker', 'labelled', 'latest', 'oci', 'saved'])
  })

  // It pushes the layout's own index, which names this one.
  test('an index within an index, with attestations, goes to the registry and back, byte for byte', async (t) => {
    tell(t, client)
    await using home = await openHome()
    const index = anIndex([anImage(), anImage({ platform: { os: 'linux', architecture: 'riscv64' } })], {
      attestations: true,
    })
    await writeLayout(join(home.path, 'layout'), { it: index })
    const name = images('containers/built:1')
    await home.ok(home.path, ['push', '--index', 'layout', `${name}`])
    await home.ok(home.path, ['pull', '--format=oci', name, 'back'])
    for (const [digest, content] of index.bytes) {
      assert.ok((await readFile(join(home.path, 'back/blobs', digest.replace(':', '/')))).equals(content), digest)
    }
  })

  test('names without a repository are in the default one of their organization, which the first push makes', async (t) => {
    tell(t, client)
    await using home = await openHome(world.admin)
    await writeFile(join(home.path, 'layer.tar'), layerTar({ 'etc/appended': 'default' }))
    for (const name of [images('tool'), images('nothing/like/it'), `${world.host}/plain`]) {
      await home.ok(home.path, ['append', '-f', 'layer.tar', '-t', `${name}:1`])
      await home.ok(home.path, ['validate', '--remote', `${name}:1`])
      assert.equal((await home.ok(home.path, ['ls', name])).trim(), '1')
    }
  })

  test('catalog and ls show what one may read', async (t) => {
    tell(t, client)
    await using home = await openHome()
    await using reader = await openHome(world.reader)
    await using nobody = await imageHome(client, world)
    await writeFile(join(home.path, 'layer.tar'), layerTar({ 'etc/appended': 'catalog' }))
    for (const name of ['containers/listed', 'open/listed']) {
      await home.ok(home.path, ['append', '-f', 'layer.tar', '-t', images(`${name}:1`)])
    }
    const catalog = async (at: ClientHome) => (await at.ok(at.path, ['catalog', world.host])).split('\n')
    const listed = (names: string[]) => names.filter((name) => name.endsWith('/listed'))
    const both = ['acme/containers/listed', 'acme/open/listed']
    assert.deepEqual(listed(await catalog(home)), both)
    assert.deepEqual(listed(await catalog(reader)), both)
    assert.equal((await nobody.ok(nobody.path, ['ls', images('open/listed')])).trim(), '1')
    assert.match(await nobody.fails(nobody.path, ['ls', images('containers/listed')]), /UNAUTHORIZED/)
    assert.match(await home.fails(home.path, ['ls', images('containers/missing')]), /NAME_UNKNOWN/)
  })

  test('delete takes a tag, or a manifest with its tags; not one that an index names', async (t) => {
    tell(t, client)
    await using home = await openHome()
    const child = anImage({ layers: [{ 'child.txt': 'child' }] })
    await writeLayout(join(home.path, 'layout'), { it: child })
    const name = images('containers/doomed')
    await home.ok(home.path, ['push', '--index', 'layout', `${name}:1`])
    await home.ok(home.path, ['tag', `${name}:1`, '2'])
    const ofChild = `${name}@${child.descriptor.digest}`
    assert.match(
      await home.fails(home.path, ['delete', ofChild]),
      /DENIED: sha256:\w+ is part of sha256:\w+; delete that first/,
    )
    await home.ok(home.path, ['validate', '--remote', ofChild])

    const digest = (await home.ok(home.path, ['digest', `${name}:1`])).trim()
    await home.ok(home.path, ['delete', `${name}:2`])
    assert.equal((await home.ok(home.path, ['ls', name])).trim(), '1')
    await home.ok(home.path, ['delete', `${name}@${digest}`])
    assert.equal(await home.ok(home.path, ['ls', name]), '')
    assert.match(await home.fails(home.path, ['manifest', `${name}:1`]), /MANIFEST_UNKNOWN/)
    await home.ok(home.path, ['delete', ofChild])
    await home.ok(home.path, ['push', '--index', 'layout', `${name}:1`])
    await home.ok(home.path, ['validate', '--remote', `${name}:1`])
  })

  test('an index of images is made, filtered and its parts changed where they are', async (t) => {
    tell(t, client)
    await using home = await openHome()
    const name = images('containers/assembled')
    await writeFile(join(home.path, 'layer.tar'), layerTar({ 'etc/part': 'part' }))
    await home.ok(home.path, ['append', '-f', 'layer.tar', '-t', `${name}:amd64`])
    await home.ok(home.path, ['mutate', '--set-platform', 'linux/arm64', '-t', `${name}:arm64`, `${name}:amd64`])
    await home.ok(home.path, ['index', 'append', '-m', `${name}:amd64`, '-m', `${name}:arm64`, '-t', `${name}:all`])
    await home.ok(home.path, ['index', 'filter', '--platform', 'linux/arm64', '-t', `${name}:few`, `${name}:all`])
    await home.ok(home.path, ['flatten', '-t', `${name}:flat`, `${name}:arm64`])
    for (const tag of ['all', 'few', 'flat']) await home.ok(home.path, ['validate', '--remote', `${name}:${tag}`])
    const { manifests }: { manifests: unknown[] } = JSON.parse(await home.ok(home.path, ['manifest', `${name}:few`]))
    assert.equal(manifests.length, 1)
  })

  test('a component of a name may be any word of the protocol', async (t) => {
    tell(t, client)
    await using home = await openHome()
    await writeFile(join(home.path, 'layer.tar'), layerTar({ 'etc/word': 'word' }))
    for (const name of ['blobs/uploads', 'manifests/tags/list', 'referrers', 'token', 'a.b/c__d/e--f']) {
      const image = images(`containers/${name}`)
      await home.ok(home.path, ['append', '-f', 'layer.tar', '-t', `${image}:1`])
      await home.ok(home.path, ['validate', '--remote', `${image}:1`])
      assert.equal((await home.ok(home.path, ['ls', image])).trim(), '1')
    }
    assert.match(await home.fails(home.path, ['ls', images('containers/_x')]), /NAME_INVALID: .*"_x" is not made of/)
  })

  test('a tag that stays is set once, and neither moved nor removed, nor is its manifest', async (t) => {
    tell(t, client)
    await using home = await openHome()
    const name = images('containers/released')
    for (const [tag, text] of [
      ['one', '1'],
      ['two', '2'],
    ] as const) {
      await writeFile(join(home.path, 'layer.tar'), layerTar({ text }))
      await home.ok(home.path, ['append', '-f', 'layer.tar', '-t', `${name}:${tag}`])
    }
    const digest = (await home.ok(home.path, ['digest', `${name}:one`])).trim()
    for (let count = 0; count < 2; count++) await home.ok(home.path, ['tag', `${name}:one`, 'kept-1'])
    const stays = /DENIED: The tag "kept-1" .*sha256:\w+.*immutable tags/
    assert.match(await home.fails(home.path, ['tag', `${name}:two`, 'kept-1']), stays)
    assert.match(await home.fails(home.path, ['delete', `${name}:kept-1`]), stays)
    assert.match(await home.fails(home.path, ['delete', `${name}@${digest}`]), stays)
    assert.equal((await home.ok(home.path, ['digest', `${name}:kept-1`])).trim(), digest)
  })

  test('who may not push or delete is told so', async (t) => {
    tell(t, client)
    await using home = await openHome()
    await using reader = await openHome(world.reader)
    for (const at of [home, reader]) await writeFile(join(at.path, 'layer.tar'), layerTar({ 'x.txt': 'rights' }))
    await home.ok(home.path, ['append', '-f', 'layer.tar', '-t', images('containers/guarded:1')])
    const refusals = [
      ['append', '-f', 'layer.tar', '-t', images('containers/guarded:2')],
      ['delete', images('containers/guarded:1')],
      ['append', '-f', 'layer.tar', '-t', images('nowhere/guarded:2')],
    ]
    for (const args of refusals) {
      assert.match(await reader.fails(reader.path, args), /UNAUTHORIZED|401 Unauthorized/, args.join(' '))
    }
    await reader.ok(reader.path, ['validate', '--remote', images('containers/guarded:1')])
  })
}
