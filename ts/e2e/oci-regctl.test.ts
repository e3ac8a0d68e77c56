import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { ClientHome } from '../testing/clients.ts'
import { imageClient } from '../testing/image-clients.ts'
import { anImage, anIndex, digestOf, writeLayout } from '../testing/oci-images.ts'
import { suiteOf } from './dialects.ts'
import { type ImageWorld, imageHome, type Login, startImageReplicas, startImageServer } from './image-world.ts'
import { tell } from './shared-cases.ts'
import { skipWithoutReplicas } from './two-replicas.ts'

const client = imageClient('regctl')

const [name, options] = suiteOf(client)

describe(name, options, () => regctlCases(startImageServer, { blobBytes: 300_001, leastChunks: 15 }))

// S3 takes no part below 5 MiB, so the registry asks for such chunks.
const skip = options.skip || (skipWithoutReplicas() ?? false)
describe(`${name}, each request at the other of two replicas`, { skip }, () =>
  regctlCases(startImageReplicas, { blobBytes: 16 * 1024 * 1024, leastChunks: 3 }),
)

interface Chunked {
  readonly blobBytes: number
  readonly leastChunks: number
}

function regctlCases(start: () => Promise<ImageWorld & AsyncDisposable>, { blobBytes, leastChunks }: Chunked): void {
  let world: ImageWorld & AsyncDisposable
  before(async () => {
    world = await start()
  })
  after(() => world[Symbol.asyncDispose]())

  const images = (path: string) => `${world.host}/acme/${path}`

  /** A home that knows that the registry speaks plain HTTP; what is above 50,000 bytes goes in chunks of 20,000. */
  async function openHome(login: Login | undefined = world.maintainerToken): Promise<ClientHome> {
    const home = await imageHome(client, world, login)
    const chunks = ['--blob-chunk', '20000', '--blob-max', '50000']
    await home.ok(home.path, ['registry', 'set', '--skip-check', '--tls', 'disabled', ...chunks, world.host])
    return home
  }
  const put = async (home: ClientHome, content: string, ...args: string[]) =>
    (
      await home.ok(home.path, ['artifact', 'put', '--format', '{{.Manifest.GetDescriptor.Digest}}', ...args], {
        input: content,
      })
    ).trim()

  test('registry login takes a token as password, or a password, and says what is wrong with another', async (t) => {
    tell(t, client)
    await using home = await openHome()
    const signIn = ({ username, password }: Login) =>
      home.run(home.path, ['registry', 'login', '-u', username, '--pass-stdin', world.host], { input: password })
    for (const login of [world.maintainer, world.maintainerToken]) {
      const ran = await signIn(login)
      assert.equal(ran.code, 0, ran.stderr)
      await home.ok(home.path, ['repo', 'ls', world.host])
      await home.ok(home.path, ['registry', 'logout', world.host])
    }
    await signIn({ ...world.maintainer, password: 'wrong' })
    assert.match(await home.fails(home.path, ['tag', 'ls', images('containers/app')]), /unauthorized|401/i)
  })

  test('artifacts name a subject, are listed with it, by type too, and go with it when it is copied', async (t) => {
    tell(t, client)
    await using home = await openHome()
    const app = images('containers/team/app')
    await put(home, 'an artifact', '--artifact-type', 'application/vnd.example.app', `${app}:1`)
    const attach = (type: string) => {
      const about = ['--annotation', `org.example.kind=${type}`, '--subject', `${app}:1`]
      return put(home, `about it: ${type}`, '--artifact-type', `application/vnd.example.${type}`, ...about)
    }
    const [sbom, scan] = [await attach('sbom'), await attach('scan')]
    const listed = async (name: string, ...more: string[]) => {
      const format = '{{range .Descriptors}}{{println .ArtifactType .Digest}}{{end}}'
      return (await home.ok(home.path, ['artifact', 'list', '--format', format, ...more, name]))
        .trim()
        .split('\n')
        .sort()
    }
    const both = [`application/vnd.example.sbom ${sbom}`, `application/vnd.example.scan ${scan}`]
    assert.deepEqual(await listed(`${app}:1`), both)
    assert.deepEqual(await listed(`${app}:1`, '--filter-artifact-type', 'application/vnd.example.scan'), [both[1]])
    // It is kept by the registry, so there is no tag that stands in for it.
    assert.equal((await home.ok(home.path, ['tag', 'ls', app])).trim(), '1')
    assert.equal(
      await home.ok(home.path, [
        'artifact',
        'get',
        '--subject',
        `${app}:1`,
        '--filter-artifact-type',
        'application/vnd.example.sbom',
      ]),
      'about it: sbom',
    )

    const copied = images('containers/copied/app')
    await home.ok(home.path, ['image', 'copy', '--referrers', `${app}:1`, `${copied}:1`])
    assert.deepEqual(await listed(`${copied}:1`), both)
    await home.ok(home.path, ['manifest', 'delete', `${copied}@${sbom}`])
    assert.deepEqual(await listed(`${copied}:1`), [both[1]])
  })

  test('a blob goes in small chunks and comes back as it was', async (t) => {
    tell(t, client)
    await using home = await openHome()
    const content = randomBytes(blobBytes).toString('latin1')
    const bytes = Buffer.from(content)
    const image = images('containers/chunked')
    const ran = await home.run(home.path, ['blob', 'put', '--verbosity', 'debug', image], { input: bytes })
    assert.equal(ran.stdout.trim(), digestOf(bytes), ran.stderr)
    const chunks = ran.stderr.match(/Next chunk upload location received/g)?.length ?? 0
    assert.ok(chunks >= leastChunks, ran.stderr)
    assert.equal(await home.ok(home.path, ['blob', 'get', image, digestOf(bytes)]), content)
  })

  test('an index with attestations is copied from a layout and back, then by mount to another image', async (t) => {
    tell(t, client)
    await using home = await openHome()
    const index = anIndex([anImage({ layers: [{ 'a.txt': 'regctl' }] })], { attestations: true })
    await writeLayout(`${home.path}/layout`, { it: index })
    const copy = (from: string, to: string) => home.ok(home.path, ['image', 'copy', from, to])
    const digest = async (name: string) => (await home.ok(home.path, ['image', 'digest', name])).trim()
    await copy('ocidir://layout:it', images('containers/multi:1'))
    await copy(images('containers/multi:1'), images('containers/mounted/multi:1'))
    await copy(images('containers/mounted/multi:1'), 'ocidir://back:it')
    for (const name of [images('containers/mounted/multi:1'), 'ocidir://back:it']) {
      assert.equal(await digest(name), index.descriptor.digest)
    }
  })

  test('an image whose digests are SHA-512 goes to the registry and back', async (t) => {
    tell(t, client)
    await using home = await openHome()
    await writeLayout(`${home.path}/layout`, { it: anImage({ layers: [{ 'long.txt': 'sha512' }] }) })
    const image = images('containers/long')
    await home.ok(home.path, ['image', 'copy', 'ocidir://layout:it', `${image}:1`])
    await home.ok(home.path, ['image', 'mod', '--digest-algo', 'sha512', '--create', `${image}:2`, `${image}:1`])
    await home.ok(home.path, ['image', 'copy', `${image}:2`, 'ocidir://back:it'])
    const digest = (await home.ok(home.path, ['image', 'digest', 'ocidir://back:it'])).trim()
    assert.match(digest, /^sha512:[0-9a-f]{128}$/)
    for (const reference of [`${image}:2`, `${image}@${digest}`]) {
      assert.equal((await home.ok(home.path, ['image', 'digest', reference])).trim(), digest)
    }
    await home.ok(home.path, ['image', 'copy', 'ocidir://back:it', `${images('containers/longer')}@${digest}`])
  })

  test('tag delete takes one tag and leaves the manifest with its others', async (t) => {
    tell(t, client)
    await using home = await openHome()
    const name = images('containers/tagged')
    await put(home, 'tagged', `${name}:1`)
    await home.ok(home.path, ['image', 'copy', `${name}:1`, `${name}:2`])
    await home.ok(home.path, ['tag', 'delete', `${name}:1`])
    assert.equal((await home.ok(home.path, ['tag', 'ls', name])).trim(), '2')
    assert.match(await home.fails(home.path, ['manifest', 'head', `${name}:1`]), /not found|404/)
    await home.ok(home.path, ['manifest', 'head', `${name}:2`])
    assert.match(await home.fails(home.path, ['tag', 'delete', `${name}:1`]), /not found|404/)
  })

  test('repo ls shows what one may read, page after page', async (t) => {
    tell(t, client)
    await using home = await openHome()
    await using nobody = await openHome({ username: '', password: '' })
    const names = ['a', 'b', 'c', 'd', 'e'].map((letter) => `open/paged/${letter}`)
    for (const name of names) await put(home, name, `${images(name)}:1`)
    const page = async (at: ClientHome, ...more: string[]) =>
      (await at.ok(at.path, ['repo', 'ls', ...more, world.host])).split('\n').filter((name) => name.includes('/paged/'))
    assert.deepEqual(
      await page(home),
      names.map((name) => `acme/${name}`),
    )
    const after = ['--last', 'acme/open/paged/b', '--limit', '2']
    assert.deepEqual(await page(home, ...after), ['acme/open/paged/c', 'acme/open/paged/d'])
    assert.equal((await nobody.ok(nobody.path, ['tag', 'ls', images('open/paged/a')])).trim(), '1')
    assert.match(
      await nobody.fails(nobody.path, ['artifact', 'put', `${images('open/paged/f')}:1`], { input: 'no' }),
      /unauthorized|denied|401|403/i,
    )
  })

  test('a manifest that an index names is not deleted; the refusal says what names it', async (t) => {
    tell(t, client)
    await using home = await openHome()
    const child = anImage({ layers: [{ 'child.txt': 'regctl' }] })
    const index = anIndex([child])
    await writeLayout(`${home.path}/layout`, { it: index })
    const name = images('containers/named')
    await home.ok(home.path, ['image', 'copy', 'ocidir://layout:it', `${name}:1`])
    const refused = await home.fails(home.path, ['manifest', 'delete', `${name}@${child.descriptor.digest}`])
    assert.ok(refused.includes(index.descriptor.digest), refused)
  })
}
