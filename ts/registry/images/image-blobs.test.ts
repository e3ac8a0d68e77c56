import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hasCode } from '../../errors.ts'
import * as accessSchema from '../../metadata/access-schema.ts'
import * as imageSchema from '../../metadata/image-schema.ts'
import { linkId } from '../../metadata/image-schema.ts'
import { bytesOf } from '../../testing/bytes.ts'
import { dyingEngine } from '../../testing/dying-engine.ts'
import { openRegistryStore } from '../store.ts'
import { blobLinks } from './links.ts'
import { author, onBothEngines, openTestImages, type TestImages } from './testing.ts'

const anybody = { mayRead: async () => true }
const nobody = { mayRead: async () => false }
const unknown = `sha256:${'0'.repeat(64)}`

const links = async (t: TestImages) =>
  (await t.engine.collection(imageSchema.blobLinks).find('byAge', { limit: 1000 })).items

onBothEngines('a blob', (open) => {
  test('is an image’s by its link alone, made once by all who upload it at once', async () => {
    await using t = await open()
    const staged = await Promise.all(Array.from({ length: 20 }, () => t.blobs.stage(bytesOf('the same bytes'))))
    const other = t.another()
    const done = await Promise.all(
      staged.map((bytes, i) => (i % 2 ? t.registry : other).images.blobs.link(t.app, bytes.digest, bytes)),
    )
    const [first] = done
    assert.ok(first)
    for (const blob of done) assert.deepEqual(blob, first)
    assert.equal((await links(t)).length, 1)
    assert.deepEqual(await t.images.blobs.find(t.app, first.digest), first)
    assert.equal(await t.images.blobs.find({ ...t.app, image: 'other' }, first.digest), undefined)
    assert.equal(await t.images.blobs.find({ ...t.app, repository: await t.withImages() }, first.digest), undefined)
    assert.equal(await t.images.blobs.find(t.app, unknown), undefined)
  })

  test('whose bytes are gone is not promised to anybody', async () => {
    await using t = await open()
    const blob = await t.aBlob(t.app)
    assert.deepEqual(await t.images.blobs.promise(t.app, blob.digest), blob)
    await t.blobs.delete(blob.blob)
    assert.equal(await t.images.blobs.promise(t.app, blob.digest), undefined)
    assert.equal(await t.images.blobs.mount(t.app, blob.digest, anybody), undefined)
    assert.equal(await t.images.blobs.promise(t.app, unknown), undefined)
  })

  test('is mounted from an image that may be read, named or not, and from no other', async () => {
    await using t = await open()
    const { images } = t
    const source = { repository: await t.withImages(), image: 'source' }
    const blob = await t.aBlob(source)
    const target = (image: string) => ({ ...t.app, image })
    assert.equal(await images.blobs.mount(target('a'), blob.digest, { from: source, ...nobody }), undefined)
    assert.equal(await images.blobs.mount(target('a'), blob.digest, { from: t.app, ...anybody }), undefined)
    assert.equal(await images.blobs.mount(target('a'), blob.digest, nobody), undefined)
    assert.equal(await images.blobs.mount(target('a'), unknown, anybody), undefined)
    assert.equal(await images.blobs.find(target('a'), blob.digest), undefined)
    assert.deepEqual(await images.blobs.mount(target('a'), blob.digest, { from: source, ...anybody }), blob)
    const asked: string[] = []
    const mayRead = async (_: string, image: string) => asked.push(image) > 0 && image === 'a'
    assert.deepEqual(await images.blobs.mount(target('b'), blob.digest, { mayRead }), blob)
    assert.deepEqual(await images.blobs.mount(target('b'), blob.digest, nobody), blob)
    for (const image of ['a', 'b']) assert.deepEqual(await images.blobs.find(target(image), blob.digest), blob)
    await t.anImage(target('b'), { blobs: [blob] })
  })

  test('that is hidden costs a mount as much as one that is nowhere', async () => {
    await using t = await open()
    const elsewhere = await t.withImages()
    const shared = await t.aBlob({ ...t.app, image: 'near' }, 'shared')
    for (let i = 0; i < 9; i++) await t.aBlob({ repository: elsewhere, image: `far${i}` }, 'far')
    const far = await t.aBlob({ repository: elsewhere, image: 'far' }, 'far')
    const asked = async (digest: string) => {
      const questions: string[] = []
      const mayRead = async (repositoryId: string) => questions.push(repositoryId) < 0
      assert.equal(await t.images.blobs.mount({ ...t.app, image: 'new' }, digest, { mayRead }), undefined)
      return questions
    }
    const nowhere = await asked(unknown)
    assert.deepEqual([await asked(shared.digest), await asked(far.digest)], [nowhere, nowhere])
    assert.deepEqual(new Set(nowhere), new Set([t.app.repository.id]))
    assert.equal(await t.images.blobs.mount(t.app, far.digest, anybody), undefined)
  })

  test('is taken away unless a manifest names it, and then it is there for everybody all the time', async () => {
    await using t = await open()
    const [used, unused] = [await t.aBlob(t.app), await t.aBlob(t.app)]
    const manifest = await t.anImage(t.app, { blobs: [used] })
    assert.equal(await t.images.blobs.delete(t.app, unused.digest), true)
    assert.equal(await t.images.blobs.delete(t.app, unused.digest), false)
    assert.equal(await t.images.blobs.find(t.app, unused.digest), undefined)
    await assert.rejects(t.images.blobs.delete(t.app, used.digest), { code: 'in_use' })
    assert.deepEqual(await t.images.blobs.find(t.app, used.digest), used)
    await t.images.manifests.delete(await t.found(t.app), manifest.digest, author)
    assert.equal(await t.images.blobs.delete(t.app, used.digest), true)
  })

  test('deleted while a manifest that names it is pushed: one of the two is refused', async () => {
    await using t = await open()
    const other = t.another()
    for (let round = 0; round < 15; round++) {
      const blob = await t.aBlob(t.app)
      const put = await t.aPut(t.app, { blobs: [blob] })
      const [pushed, deleted] = await Promise.allSettled([
        t.registry.images.manifests.put(put),
        other.images.blobs.delete(t.app, blob.digest),
      ])
      if (pushed.status === 'rejected') assert.equal(pushed.reason.code, 'reference_unknown')
      else assert.ok(await other.images.blobs.find(t.app, blob.digest), 'a manifest without its blob')
      if (deleted.status === 'rejected') assert.equal(deleted.reason.code, 'in_use')
    }
    assert.equal(await t.intents(), 0)
  })

  test('of a repository that was deleted meanwhile is not linked', async () => {
    await using t = await open()
    const { id, revision, value } = t.app.repository
    await t.engine.collection(accessSchema.repositories).update(id, revision, { ...value, deletingAt: Date.now() })
    const staged = await t.blobs.stage(bytesOf('late'))
    await assert.rejects(t.images.blobs.link(t.app, staged.digest, staged), { code: 'repository_unknown' })
    assert.deepEqual(await links(t), [])
  })
})

describe('a deletion of a blob whose process died at any write', () => {
  test('keeps it or has taken it, and a manifest that names it is right', async () => {
    await using t = await openTestImages()
    for (let writes = 0; writes < 10; writes++) {
      const blob = await t.aBlob(t.app)
      const { blobs } = t.another(undefined, dyingEngine(t.engine, writes)).images
      const isDone = await blobs.delete(t.app, blob.digest).catch((err) => assert.match(err.message, /process died/))
      const isThere = (await t.images.blobs.find(t.app, blob.digest)) !== undefined
      const put = t.images.manifests.put(await t.aPut(t.app, { blobs: [blob] }))
      if (isThere) await put
      else await assert.rejects(put, (err) => hasCode(err, 'reference_unknown'))
      assert.equal((await t.another().images.blobs.find(t.app, blob.digest)) !== undefined, isThere)
      if (isDone) return assert.equal(isThere, false)
    }
    assert.fail('it never ended')
  })
})

describe('a link', () => {
  test('is touched once an hour by whoever relies on it, and kept by a manifest from who removes it', async () => {
    await using t = await openTestImages()
    let clock = Date.now()
    const store = openRegistryStore(t.engine, () => ({ description: '', keywords: [], authors: [] }))
    const kept = blobLinks({ store, graceSeconds: 86_400, now: () => clock })
    const blob = await t.aBlob(t.app)
    const id = linkId(t.app.repository.id, t.app.image, blob.digest)
    const { value: made, revision } = (await store.blobLinks.get(id)) ?? assert.fail('it is there')
    clock = made.touchedAt + 3_599_000
    assert.equal((await kept.use(t.app, blob.digest))?.touchedAt, made.touchedAt)
    assert.equal((await kept.make(t.app, blob)).revision, revision)
    clock += 1000
    assert.equal((await kept.use(t.app, blob.digest))?.touchedAt, clock)
    const touched = (await store.blobLinks.get(id)) ?? assert.fail('it is there')
    const marked = await store.blobLinks.update(id, touched.revision, { ...touched.value, deletingAt: clock })
    assert.deepEqual(await kept.hold(id), touched.value)
    await assert.rejects(store.blobLinks.delete(id, marked.revision), { code: 'revision_stale' })
    assert.equal(await kept.hold('none'), undefined)
  })
})
