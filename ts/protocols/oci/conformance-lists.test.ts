import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type Answer,
  type Descriptor,
  digestOf,
  type OciServer,
  ociImage,
  ociIndex,
  openOciServer,
  type Row,
  requireAnswer,
  requireError,
  testRows,
} from './testing.ts'

const bodyOf = (answer: Answer) => JSON.parse(String(answer.body))

/** The address of the next page, as a client takes it from the header. */
function nextOf({ headers }: Answer): string | undefined {
  const [, path] = /^<([^>]+)>; rel="next"$/.exec(String(headers['link'] ?? '')) ?? []
  return path
}

/** Every page from this one on. */
async function pagesOf(o: OciServer, path: string, as?: string): Promise<Answer[]> {
  const pages: Answer[] = []
  for (let next: string | undefined = path; next !== undefined; next = nextOf(pages.at(-1) as Answer)) {
    const answer = await o.send({ method: 'GET', path: next, ...(as !== undefined && { as }) })
    requireAnswer(answer, 200)
    pages.push(answer)
  }
  return pages
}

async function anImageTagged(o: OciServer, tags: readonly string[]): Promise<string> {
  const image = o.anImage()
  for (const tag of tags) await o.pushImage(image, tag)
  return image
}

/** Something about the subject; each is another. */
async function aReferrer(
  o: OciServer,
  image: string,
  subject: Descriptor,
  artifactType: string,
  note = '',
): Promise<string> {
  const config = await o.pushBlob(image, '{}')
  const annotations = { note }
  const manifest = {
    schemaVersion: 2,
    mediaType: ociImage,
    config,
    layers: [config],
    artifactType,
    subject,
    annotations,
  }
  requireAnswer(await o.putManifest(image, manifest), 201, { 'oci-subject': subject.digest })
  return digestOf(JSON.stringify(manifest))
}

const digestsOf = (answer: Answer) => bodyOf(answer).manifests.map(({ digest }: Descriptor) => digest)

const rows: readonly Row[] = [
  [
    'end-8a',
    'tags come in the order of their bytes',
    async (o) => {
      const image = await anImageTagged(o, ['b', 'a', 'A', '_', '1.10', '1.9'])
      const answer = await o.send({ method: 'GET', path: `/v2/${image}/tags/list` })
      requireAnswer(answer, 200, { 'content-type': 'application/json', link: undefined, 'content-encoding': undefined })
      assert.deepEqual(bodyOf(answer), { name: image, tags: ['1.10', '1.9', 'A', '_', 'a', 'b'] })
      const head = await o.send({ method: 'HEAD', path: `/v2/${image}/tags/list` })
      requireAnswer(head, 200, { 'content-length': String(answer.body.length) })
    },
  ],
  [
    'end-8a',
    'an image without tags has an empty list, an unknown one none',
    async (o) => {
      const image = o.anImage()
      await o.pushImage(image)
      const answer = await o.send({ method: 'GET', path: `/v2/${image}/tags/list` })
      assert.deepEqual(bodyOf(answer), { name: image, tags: [] })
      const unknown = await o.send({ method: 'GET', path: `/v2/${o.anImage()}/tags/list` })
      requireError(unknown, 404, 'NAME_UNKNOWN', /There is no image/)
    },
  ],
  [
    'end-8b',
    'pages lead on to the last tag',
    async (o) => {
      const image = await anImageTagged(o, ['a', 'b', 'c', 'd', 'e'])
      const pages = await pagesOf(o, `/v2/${image}/tags/list?n=2`)
      assert.deepEqual(
        pages.map((page) => bodyOf(page).tags),
        [['a', 'b'], ['c', 'd'], ['e']],
      )
      assert.equal(nextOf(pages[0] as Answer), `/v2/${image}/tags/list?n=2&last=b`)
      const [exact] = await pagesOf(o, `/v2/${image}/tags/list?n=5`)
      assert.equal(exact && nextOf(exact), undefined)
    },
  ],
  [
    'end-8b',
    'a page begins after any name, which need not be a tag',
    async (o) => {
      const image = await anImageTagged(o, ['a', 'c'])
      const tagsAfter = async (query: string) =>
        bodyOf(await o.send({ method: 'GET', path: `/v2/${image}/tags/list?${query}` })).tags
      assert.deepEqual(await tagsAfter('last=b'), ['c'])
      assert.deepEqual(await tagsAfter('last=a&n=1'), ['c'])
      assert.deepEqual(await tagsAfter('last=c'), [])
      assert.deepEqual(await tagsAfter(`last=${encodeURIComponent('ä/?&')}`), [])
    },
  ],
  [
    'end-8b',
    'none are asked for, more than are given, or how many is not said in a number',
    async (o) => {
      const image = await anImageTagged(o, ['a', 'b'])
      const list = (n: string) => o.send({ method: 'GET', path: `/v2/${image}/tags/list?n=${n}` })
      const none = await list('0')
      requireAnswer(none, 200, { link: undefined })
      assert.deepEqual(bodyOf(none).tags, [])
      assert.deepEqual(bodyOf(await list('99999999999999999999')).tags, ['a', 'b'])
      for (const n of ['-1', 'ten', '1.5', ''])
        requireError(await list(n), 400, 'UNSUPPORTED', /a whole number such as 100/)
    },
  ],
  [
    'end-8b',
    'what is pushed and deleted is seen at once, from memory as well',
    async (o) => {
      const image = await anImageTagged(o, ['a'])
      const path = `/v2/${image}/tags/list`
      const first = await o.send({ method: 'GET', path })
      const etag = String(first.headers.etag)
      requireAnswer(await o.send({ method: 'GET', path, headers: { 'if-none-match': etag } }), 304)
      await o.pushImage(image, 'b')
      const second = await o.send({ method: 'GET', path, headers: { 'if-none-match': etag } })
      assert.deepEqual(bodyOf(second).tags, ['a', 'b'])
      await o.send({ method: 'DELETE', path: `/v2/${image}/manifests/a` })
      assert.deepEqual(bodyOf(await o.send({ method: 'GET', path })).tags, ['b'])
    },
  ],
  [
    'end-12a',
    'nothing is about it: an empty index, for what is not there, too',
    async (o) => {
      const image = o.anImage()
      const { digest } = await o.pushImage(image)
      for (const [name, subject] of [
        [image, digest],
        [image, digestOf('nothing')],
        [o.anImage(), digest],
      ]) {
        const answer = await o.send({ method: 'GET', path: `/v2/${name}/referrers/${subject}` })
        requireAnswer(answer, 200, { 'content-type': ociIndex, 'oci-filters-applied': undefined, link: undefined })
        assert.deepEqual(bodyOf(answer), { schemaVersion: 2, mediaType: ociIndex, manifests: [] })
      }
    },
  ],
  [
    'end-12a',
    'what is about it is described, also before the subject is pushed',
    async (o) => {
      const image = o.anImage()
      const { mediaType, digest: unpushed, size } = await o.pushImage(o.anImage())
      const subject = { mediaType, digest: unpushed, size }
      const digest = await aReferrer(o, image, subject, 'application/x.sbom', 'about')
      const answer = await o.send({ method: 'GET', path: `/v2/${image}/referrers/${subject.digest}` })
      const { manifests } = bodyOf(answer)
      assert.equal(manifests.length, 1)
      const { size: told, ...rest } = manifests[0]
      const head = await o.send({ method: 'HEAD', path: `/v2/${image}/manifests/${digest}` })
      assert.equal(String(told), head.headers['content-length'])
      const annotations = { note: 'about' }
      assert.deepEqual(rest, { mediaType: ociImage, digest, artifactType: 'application/x.sbom', annotations })
    },
  ],
  [
    'end-12a',
    'without a type of its own it has that of its config; an index has none',
    async (o) => {
      const image = o.anImage()
      const subject = await o.pushImage(image)
      const config = { ...(await o.pushBlob(image, '{}')), mediaType: 'application/x.config' }
      const common = { schemaVersion: 2, subject }
      requireAnswer(await o.putManifest(image, { ...common, mediaType: ociImage, config, layers: [] }), 201)
      requireAnswer(await o.putManifest(image, { ...common, mediaType: ociIndex, manifests: [] }), 201)
      const answer = await o.send({ method: 'GET', path: `/v2/${image}/referrers/${subject.digest}` })
      const types = bodyOf(answer).manifests.map(({ artifactType }: { artifactType?: string }) => artifactType)
      assert.deepEqual(types.toSorted(), ['application/x.config', undefined])
    },
  ],
  [
    'end-12b',
    'a filter is applied, and said to be',
    async (o) => {
      const image = o.anImage()
      const subject = await o.pushImage(image)
      const sbom = await aReferrer(o, image, subject, 'application/x.sbom')
      await aReferrer(o, image, subject, 'application/x.signature')
      const path = `/v2/${image}/referrers/${subject.digest}?artifactType=`
      const answer = await o.send({ method: 'GET', path: `${path}application/x.sbom` })
      requireAnswer(answer, 200, { 'oci-filters-applied': 'artifactType', 'content-type': ociIndex })
      assert.deepEqual(digestsOf(answer), [sbom])
      assert.deepEqual(digestsOf(await o.send({ method: 'GET', path: `${path}nothing` })), [])
      const all = await o.send({ method: 'GET', path })
      requireAnswer(all, 200, { 'oci-filters-applied': undefined })
      assert.equal(digestsOf(all).length, 2)
    },
  ],
  [
    'end-12b',
    'pages lead on to the last, filtered or not; a cursor of another list is refused',
    async (o) => {
      const image = o.anImage()
      const subject = await o.pushImage(image)
      const made: string[] = []
      for (let i = 0; i < 5; i++) made.push(await aReferrer(o, image, subject, 'application/x.a', String(i)))
      await aReferrer(o, image, subject, 'application/x.b')
      const path = `/v2/${image}/referrers/${subject.digest}`
      const pages = await pagesOf(o, `${path}?n=2&artifactType=application%2Fx.a`)
      assert.deepEqual(pages.flatMap(digestsOf).toSorted(), made.toSorted())
      assert.ok(pages.length >= 3)
      for (const page of pages) requireAnswer(page, 200, { 'oci-filters-applied': 'artifactType' })
      assert.equal((await pagesOf(o, `${path}?n=4`)).flatMap(digestsOf).length, 6)
      const cursor = new URL(nextOf(pages[0] as Answer) ?? '', 'http://x').searchParams.get('cursor')
      const strange = await o.send({ method: 'GET', path: `${path}?cursor=${cursor}` })
      requireError(strange, 400, 'UNSUPPORTED', /cursor is not one that this list gave out/)
    },
  ],
  [
    'end-12b',
    'so many annotations that one answer cannot hold them come in pages',
    async (o) => {
      const image = o.anImage()
      const subject = await o.pushImage(image)
      for (let i = 0; i < 60; i++) await aReferrer(o, image, subject, 'application/x.a', `${i}${'x'.repeat(30_000)}`)
      const pages = await pagesOf(o, `/v2/${image}/referrers/${subject.digest}`)
      assert.ok(pages.length > 1)
      assert.equal(pages.flatMap(digestsOf).length, 60)
      for (const { body } of pages) assert.ok(body.length < 4 * 1024 * 1024, String(body.length))
    },
  ],
  [
    'end-12a',
    'a referrer that is deleted is not listed, and outlives its subject',
    async (o) => {
      const image = o.anImage()
      const subject = await o.pushImage(image)
      const [gone, stays] = [
        await aReferrer(o, image, subject, 'a/b', '1'),
        await aReferrer(o, image, subject, 'a/b', '2'),
      ]
      for (const digest of [gone, subject.digest]) {
        requireAnswer(await o.send({ method: 'DELETE', path: `/v2/${image}/manifests/${digest}` }), 202)
      }
      const answer = await o.send({ method: 'GET', path: `/v2/${image}/referrers/${subject.digest}` })
      assert.deepEqual(digestsOf(answer), [stays])
    },
  ],
  [
    'end-12a',
    'a digest that is none is 400',
    async (o) => {
      const image = o.anImage()
      await o.pushImage(image)
      for (const digest of ['latest', 'sha256:xyz', `md5:${'0'.repeat(32)}`]) {
        const answer = await o.send({ method: 'GET', path: `/v2/${image}/referrers/${digest}` })
        requireError(answer, 400, 'DIGEST_INVALID', /./)
      }
    },
  ],
]

testRows('lists by the specification', rows)

describe('the catalog', () => {
  const names = (pages: readonly Answer[]) => pages.flatMap((page) => bodyOf(page).repositories)

  test('has what the caller may read, in the order of its bytes, in pages', async () => {
    await using o = await openOciServer()
    const images = ['acme/open/b', 'acme/containers/z', 'acme/containers/a/b', 'acme/containers/a']
    for (const image of images) await o.pushImage(image, 'v1')
    const all = images.toSorted()
    assert.deepEqual(names(await pagesOf(o, '/v2/_catalog')), all)
    const pages = await pagesOf(o, '/v2/_catalog?n=1')
    assert.deepEqual(names(pages), all)
    assert.equal(nextOf(pages[0] as Answer), '/v2/_catalog?n=1&last=acme%2Fcontainers%2Fa')
    assert.deepEqual(names(await pagesOf(o, '/v2/_catalog?last=acme/containers/b')), [
      'acme/containers/z',
      'acme/open/b',
    ])
    const stranger = await o.t.aToken(await o.t.aUser('stranger'))
    assert.deepEqual(names(await pagesOf(o, '/v2/_catalog?n=1', stranger.text)), ['acme/open/b'])
    await o.send({ method: 'DELETE', path: '/v2/acme/open/b/manifests/v1' })
    const none = await o.send({ method: 'GET', path: '/v2/_catalog?n=0' })
    requireAnswer(none, 200, { link: undefined })
    assert.deepEqual(bodyOf(none), { repositories: [] })
  })

  test('has the same link whether there are images that the caller may not pull or not', async () => {
    await using o = await openOciServer()
    const stranger = await o.t.aToken(await o.t.aUser('stranger'))
    const page = async () => {
      const answer = await o.send({ method: 'GET', path: '/v2/_catalog?n=1', as: stranger.text })
      requireAnswer(answer, 200)
      return [bodyOf(answer), answer.headers['link'], answer.headers['etag']]
    }
    await o.pushImage('acme/open/a', 'v1')
    const before = await page()
    assert.equal(before[1], undefined)
    await o.pushImage('acme/containers/hidden', 'v1')
    await o.pushImage('acme/zeta/hidden', 'v1')
    assert.deepEqual(await page(), before)
    await o.pushImage('acme/open/b', 'v1')
    assert.equal((await page())[1], '</v2/_catalog?n=1&last=acme%2Fopen%2Fa>; rel="next"')
  })

  test('is a challenge to who is not signed in, even where there is something public', async () => {
    await using o = await openOciServer()
    await o.pushImage('acme/open/b', 'v1')
    const answer = await o.send({ method: 'GET', path: '/v2/_catalog', as: null })
    requireError(answer, 401, 'UNAUTHORIZED', /Sign in/)
    assert.match(String(answer.headers['www-authenticate']), /scope="registry:catalog:\*"/)
  })

  test('refuses a number that is none and a cursor that it did not give out', async () => {
    await using o = await openOciServer()
    requireError(await o.send({ method: 'GET', path: '/v2/_catalog?n=x' }), 400, 'UNSUPPORTED', /whole number/)
    requireError(await o.send({ method: 'GET', path: '/v2/_catalog?cursor=x' }), 400, 'UNSUPPORTED', /cursor/)
  })
})
