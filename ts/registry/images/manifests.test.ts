import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as packageSchema from '../../metadata/package-schema.ts'
import { digestOf } from '../blob-records.ts'
import { author, blobReference, childReference, indexType, onBothEngines } from './testing.ts'

const unknown = `sha256:${'0'.repeat(64)}` as const

onBothEngines('a manifest', (open) => {
  test('is read by its digest and its tags, by every process, when it was put', async () => {
    await using t = await open()
    const layer = await t.aBlob(t.app)
    const put = await t.aPut(t.app, { blobs: [layer], tags: ['latest', 'v1'] })
    const manifest = await t.images.manifests.put(put)
    assert.deepEqual([manifest.digest, manifest.blob, manifest.mediaType], [put.digest, put.digest, put.mediaType])
    const { references: _, ...facts } = put.facts
    assert.deepEqual(await t.images.manifests.described(await t.found(t.app), put.digest), { ...manifest, facts })
    for (const reference of [put.digest, 'latest', 'v1']) assert.equal(await t.read(t.app, reference), put.digest)
    for (const reference of [unknown, 'v2']) assert.equal(await t.read(t.app, reference), undefined)
    assert.ok(await t.blobs.stat(manifest.blob))
    const logged = await t.registry.changes.after(t.app.repository.id, 0)
    assert.deepEqual(
      logged.map(({ kind, unitKeys }) => [kind, ...unitKeys]),
      [
        ['publish', put.digest],
        ['tag', put.digest],
        ['tag', put.digest],
      ],
    )
    assert.equal(await t.intents(), 0)
  })

  test('that the image has already is tagged without being staged, unless the store has lost its bytes', async () => {
    await using t = await open()
    const put = await t.aPut(t.app, { blobs: [await t.aBlob(t.app)] })
    const { blob } = await t.images.manifests.put(put)
    let staged = 0
    const stage = () => {
      staged++
      return put.stage()
    }
    await t.images.manifests.put({ ...put, stage, tags: ['again'] })
    assert.equal(await t.read(t.app, 'again'), put.digest)
    assert.equal(staged, 0)
    await t.blobs.delete(blob)
    await t.images.manifests.put({ ...put, stage })
    assert.ok(await t.blobs.stat(blob))
    assert.equal(staged, 1)
  })

  test('that names what the image has not is refused with all that is missing, and leaves nothing', async () => {
    await using t = await open()
    const elsewhere = await t.aBlob({ ...t.app, image: 'other' })
    const child = await t.anImage({ ...t.app, image: 'other' })
    const put = await t.aPut(t.app, { tags: ['latest'], blobs: [elsewhere], children: [child] })
    await assert.rejects(t.images.manifests.put(put), (err: { code?: string; details?: { errors?: object[] } }) => {
      assert.equal(err.code, 'reference_unknown')
      assert.deepEqual(err.details?.errors, [
        { field: elsewhere.digest, message: 'acme/app has no such blob.' },
        { field: child.digest, message: 'acme/app has no such manifest.' },
      ])
      return true
    })
    assert.equal(await t.find(t.app), undefined)
    assert.equal(await t.blobs.stat(digestOf(put.digest)), undefined)
    assert.equal(await t.intents(), 0)
  })

  test('that names a blob whose bytes the store has lost is refused, as one whose blob is missing', async () => {
    await using t = await open()
    const [layer, lost] = [await t.aBlob(t.app), await t.aBlob(t.app)]
    await t.blobs.delete(lost.blob)
    await assert.rejects(t.anImage(t.app, { blobs: [layer, lost] }), (err: { details?: { errors?: object[] } }) => {
      const errors = [{ field: lost.digest, message: 'Its bytes are lost; upload it again.' }]
      assert.deepEqual({ ...err, name: '' }, { code: 'reference_unknown', details: { errors }, name: '' })
      return true
    })
    assert.equal(await t.find(t.app), undefined)
  })

  test('whose descriptor says another size is refused', async () => {
    await using t = await open()
    const layer = await t.aBlob(t.app)
    const wrong = await t.aPut(t.app, { blobs: [{ ...layer, sizeBytes: layer.sizeBytes + 1 }] })
    await assert.rejects(t.images.manifests.put(wrong), { code: 'size_invalid' })
    const child = await t.anImage(t.app)
    const index = await t.aPut(t.app, { children: [{ ...child, sizeBytes: 1 }] })
    await assert.rejects(t.images.manifests.put(index), { code: 'size_invalid' })
  })

  test('may lack an optional layer, and has it when the image does', async () => {
    await using t = await open()
    const layer = await t.aBlob(t.app)
    const optional = (digest: string) => ({ ...blobReference({ ...layer, digest }), isOptional: true })
    const references = [optional(unknown), optional(layer.digest)]
    const manifest = await t.images.manifests.put(await t.aPut(t.app, { facts: { references } }))
    const unit = await t.registry.packages.unit(await t.found(t.app), manifest.digest)
    assert.deepEqual(
      unit?.value.files.map(({ name }) => name),
      [manifest.digest, layer.digest],
    )
  })

  test('is stored with what it says of itself, and not once more with what it names', async () => {
    await using t = await open()
    const [child, other] = [await t.anImage(t.app), await t.anImage(t.app)]
    const platforms = ['linux/amd64', 'linux/amd64']
    const references = [child, other].map((each, i) => ({ ...childReference(each), platform: platforms[i] ?? '' }))
    const { digest } = await t.images.manifests.put(await t.aPut(t.app, { children: [], facts: { references } }))
    const unit = await t.registry.packages.unit(await t.found(t.app), digest)
    assert.deepEqual(unit?.value.metadata, {
      kind: 'index',
      mediaType: indexType,
      annotations: {},
      platforms: ['linux/amd64'],
    })
  })

  test('pushed again is only tagged, and gives the store bytes that it lost', async () => {
    await using t = await open()
    const layer = await t.aBlob(t.app)
    const text = 'the same'
    const first = await t.anImage(t.app, { blobs: [layer], text })
    await t.blobs.delete(first.blob)
    const again = await t.anImage(t.app, { blobs: [layer], text, tags: ['latest'] })
    assert.equal(again.unitId, first.unitId)
    assert.equal(await t.read(t.app, 'latest'), first.digest)
    assert.ok(await t.blobs.stat(first.blob))
    assert.equal((await t.found(t.app)).value.published, 1)
  })

  test('pushed again without a tag is used from then on, for every process', async () => {
    await using t = await open()
    const put = await t.aPut(t.app, { text: 'the same' })
    await t.images.manifests.put(put)
    const { id } = await t.found(t.app)
    const before = Date.now()
    await t.images.manifests.put(await t.aPut(t.app, { text: 'the same' }))
    const count = (await t.another().images.pulls.of(id, [put.digest])).get(put.digest)
    assert.equal(count?.pulls, 0)
    assert.ok(count.lastPulledAt >= before)
  })

  test('pushed again while it is about to go as unused stays', async () => {
    await using t = await open()
    const manifest = await t.anImage(t.app, { blobs: [], text: 'the same' })
    let looks = 0
    const onlyIf = async () => {
      looks++
      if (looks === 1) await t.another().images.manifests.put(await t.aPut(t.app, { text: 'the same' }))
      return looks === 1
    }
    const removed = t.images.manifests.delete(await t.found(t.app), manifest.digest, author, { onlyIf })
    await assert.rejects(removed, { code: 'in_use' })
    assert.equal(looks, 2)
    assert.equal((await t.registry.packages.unit(await t.found(t.app), manifest.digest))?.id, manifest.unitId)
    assert.equal(await t.intents(), 0)
  })

  test('may be named by its SHA-512, and so may what it names', async () => {
    await using t = await open()
    const digest = `sha512:${'a'.repeat(128)}`
    const staged = await t.blobs.stage(
      (async function* () {
        yield Buffer.from('a layer')
      })(),
    )
    const layer = await t.images.blobs.link(t.app, digest, staged)
    const manifest = await t.anImage(t.app, { blobs: [layer], sha512: true, tags: ['latest'] })
    assert.match(manifest.digest, /^sha512:/)
    assert.match(manifest.blob, /^sha256:/)
    const index = await t.anImage(t.app, { children: [manifest] })
    assert.equal(await t.read(t.app, index.digest), index.digest)
    await assert.rejects(t.images.blobs.delete(t.app, digest), { code: 'in_use' })
  })

  test('put by fifty at once under one tag is there once, and so is the tag', async () => {
    await using t = await open()
    const layer = await t.aBlob(t.app)
    const puts = await Promise.all(
      Array.from({ length: 50 }, () => t.aPut(t.app, { blobs: [layer], text: 'the same', tags: ['latest'] })),
    )
    const other = t.another()
    const done = await Promise.all(puts.map((put, i) => (i % 2 ? t.registry : other).images.manifests.put(put)))
    assert.equal(new Set(done.map(({ unitId }) => unitId)).size, 1)
    assert.equal(await t.read(t.app, 'latest'), done[0]?.digest)
    assert.equal((await t.found(t.app)).value.published, 1)
    assert.equal(await t.engine.collection(packageSchema.files).count('byName', {}), 2)
    assert.equal(await t.intents(), 0)
  })

  test('about another stands neither for the package nor in the way of it', async () => {
    await using t = await open()
    const image = await t.anImage(t.app)
    const signature = await t.anImage(t.app, { facts: { subject: image.digest } })
    assert.equal((await t.found(t.app)).value.facts.version, image.digest)
    await t.images.manifests.delete(await t.found(t.app), image.digest, author)
    assert.equal(await t.read(t.app, signature.digest), signature.digest)
  })
})

onBothEngines('a deleted manifest', (open) => {
  test('is gone with its tags and references and leaves no trace, and can be pushed again', async () => {
    await using t = await open()
    const layer = await t.aBlob(t.app)
    const other = await t.anImage(t.app, { tags: ['other'] })
    for (let round = 1; round <= 3; round++) {
      const manifest = await t.anImage(t.app, { blobs: [layer], text: 'the same', tags: ['latest'] })
      assert.equal(await t.read(t.app, 'latest'), manifest.digest)
      await t.images.manifests.delete(await t.found(t.app), manifest.digest, author)
      for (const reference of ['latest', manifest.digest]) assert.equal(await t.read(t.app, reference), undefined)
      const { value } = await t.found(t.app)
      assert.deepEqual([value.published, value.removed, value.marks], [1 + round, round, []])
      assert.equal(await t.engine.collection(packageSchema.files).count('byName', {}), 2)
      assert.equal(await t.engine.collection(packageSchema.units).count('byKey', {}), 1)
    }
    assert.equal(await t.read(t.app, 'other'), other.digest)
    await assert.rejects(t.images.manifests.delete(await t.found(t.app), `${unknown}`, author), {
      code: 'version_unknown',
    })
    assert.equal(await t.intents(), 0)
  })

  test('was the last one: the image is unknown, until it is pushed again', async () => {
    await using t = await open()
    const manifest = await t.anImage(t.app, { text: 'the same' })
    await t.images.manifests.delete(await t.found(t.app), manifest.digest, author)
    assert.equal(await t.find(t.app, t.another()), undefined)
    assert.deepEqual((await t.images.list({ protocol: 'oci', limit: 10 })).items, [])
    await t.anImage(t.app, { text: 'the same' })
    assert.equal((await t.images.list({ protocol: 'oci', limit: 10 })).items.length, 1)
  })

  test('cannot be one that an index names; with the index it can', async () => {
    await using t = await open()
    const child = await t.anImage(t.app)
    const index = await t.anImage(t.app, { children: [child], tags: ['latest'] })
    const pkg = await t.found(t.app)
    await assert.rejects(t.images.manifests.delete(pkg, child.digest, author), { code: 'in_use' })
    assert.equal(await t.read(t.app, child.digest), child.digest)
    assert.deepEqual((await t.found(t.app)).value.marks, [])
    t.images.pulls.count(pkg.id, ['latest', child.digest])
    await t.images.pulls.flush()
    t.images.pulls.count(pkg.id, [index.digest])
    const units = await Promise.all([child, index].map(({ digest }) => t.registry.packages.unit(pkg, digest)))
    await t.registry.delete(
      pkg,
      units.filter((unit) => unit !== undefined),
      author,
    )
    assert.equal(await t.find(t.app, t.another()), undefined)
    assert.equal(await t.intents(), 0)
    await t.images.pulls.flush()
    const counted = await t.images.pulls.of(pkg.id, ['latest', child.digest, index.digest])
    assert.equal(counted.size, 0, 'whoever pushes them again begins at nothing')
  })

  test('cannot be one that an immutable tag names', async () => {
    await using t = await open()
    const place = { repository: await t.withImages({ immutableTags: ['v*'] }), image: 'app' }
    const manifest = await t.anImage(place, { tags: ['v1', 'latest'] })
    const stays = { code: 'access_denied', message: /The tag "v1" names .* match "v\*"/ }
    await assert.rejects(t.images.manifests.delete(await t.found(place), manifest.digest, author), stays)
    assert.deepEqual((await t.found(place)).value.marks, [])
    await assert.rejects(t.anImage(place, { tags: ['v1'] }), { code: 'access_denied' })
    assert.equal((await t.found(place)).value.published, 1)
  })

  test('by fifty at once is deleted once, and nobody sees a fault', async () => {
    await using t = await open()
    const manifest = await t.anImage(t.app, { tags: ['latest'] })
    await t.anImage(t.app)
    const pkg = await t.found(t.app)
    const other = t.another()
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, i) =>
        (i % 2 ? t.registry : other).images.manifests.delete(pkg, manifest.digest, author),
      ),
    )
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'version_unknown')
    }
    assert.ok(outcomes.some(({ status }) => status === 'fulfilled'))
    const { value } = await t.found(t.app)
    assert.deepEqual([value.published, value.removed, value.marks], [2, 1, []])
    assert.equal(await t.intents(), 0)
  })
})

onBothEngines('referrers of a digest', (open) => {
  test('are listed in pages, filtered, whether there is such a manifest or not, without those that are gone', async () => {
    await using t = await open()
    const digests: string[] = []
    for (let i = 0; i < 7; i++) {
      const artifactType = i % 2 ? 'application/odd' : 'application/even'
      const { digest } = await t.anImage(t.app, { facts: { subject: unknown, artifactType } })
      digests.push(digest)
    }
    await t.anImage(t.app, { facts: { subject: `sha256:${'1'.repeat(64)}` } })
    const [gone = '', ...left] = digests
    await t.images.manifests.delete(await t.found(t.app), gone, author)
    const pkg = await t.found(t.app)
    const walk = async (artifactType?: string) => {
      const pages: string[][] = []
      for (let after: string | undefined; ; ) {
        const options = { limit: 2, ...(after !== undefined && { after }), ...(artifactType && { artifactType }) }
        const page = await t.images.manifests.referrers(pkg, unknown, options)
        pages.push(page.items.map(({ digest }) => digest))
        after = page.next
        if (after === undefined) return pages
      }
    }
    const pages = await walk()
    assert.deepEqual(pages.flat(), left)
    assert.deepEqual(
      pages.slice(0, 3).map(({ length }) => length),
      [2, 2, 2],
    )
    assert.deepEqual(
      (await walk('application/odd')).flat(),
      digests.filter((_, i) => i % 2 === 1),
    )
    await assert.rejects(t.images.manifests.referrers(pkg, unknown, { after: 'x', limit: 1 }), {
      code: 'payload_invalid',
    })
    const none = await t.images.manifests.referrers(pkg, childReference(await t.anImage(t.app)).digest, { limit: 5 })
    assert.deepEqual(none, { items: [] })
  })
})
