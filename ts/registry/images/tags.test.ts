import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { dyingEngine } from '../../testing/dying-engine.ts'
import { author, onBothEngines, openTestImages, type TestImages } from './testing.ts'

const names = async (t: TestImages, options: { after?: string; limit: number }) => {
  const { items, hasMore } = await t.images.tags.list(await t.found(t.app), options)
  return [items.map(({ tag }) => tag), hasMore]
}

onBothEngines('tags', (open) => {
  test('are listed in the order of their bytes, in pages, after any text', async () => {
    await using t = await open()
    await t.anImage(t.app, { tags: ['b', 'a', 'B', '_', '1.0', 'a.1'] })
    await t.anImage({ ...t.app, image: 'other' }, { tags: ['c'] })
    assert.deepEqual(await names(t, { limit: 10 }), [['1.0', 'B', '_', 'a', 'a.1', 'b'], false])
    assert.deepEqual(await names(t, { limit: 6 }), [['1.0', 'B', '_', 'a', 'a.1', 'b'], false])
    assert.deepEqual(await names(t, { limit: 2 }), [['1.0', 'B'], true])
    assert.deepEqual(await names(t, { limit: 2, after: 'A' }), [['B', '_'], true])
    assert.deepEqual(await names(t, { limit: 2, after: 'a.1' }), [['b'], false])
    assert.deepEqual(await names(t, { limit: 2, after: '\ud800\u0000é' }), [[], false])
    assert.deepEqual(await names(t, { limit: 0 }), [[], true])
  })

  test('move from one manifest to another, and say since when they are there', async () => {
    await using t = await open()
    const [first, second] = [await t.anImage(t.app, { tags: ['latest', 'one'] }), await t.anImage(t.app)]
    const pkg = await t.found(t.app)
    const before = await t.images.tags.find(pkg, 'latest')
    await t.images.tags.set(pkg, 'latest', second, { ...author, actorName: 'jane' })
    const after = await t.images.tags.find(pkg, 'latest')
    assert.ok(before && after)
    assert.deepEqual([after.digest, after.actorName, after.createdAt], [second.digest, 'jane', before.createdAt])
    assert.deepEqual(
      (await t.images.tags.of(first)).map(({ tag }) => tag),
      ['one'],
    )
    assert.deepEqual(
      (await t.images.tags.of(second)).map(({ tag }) => tag),
      ['latest'],
    )
    assert.equal(await t.images.tags.find(pkg, 'none'), undefined)
  })

  test('are deleted, their manifest stays, and of deletions at once one says that it did so', async () => {
    await using t = await open()
    const { digest } = await t.anImage(t.app, { tags: ['latest'] })
    const pkg = await t.found(t.app)
    const done = await Promise.all(Array.from({ length: 10 }, () => t.images.tags.delete(pkg, 'latest', author)))
    assert.equal(done.filter((isDone) => isDone).length, 1)
    assert.equal(await t.images.tags.delete(pkg, 'latest', author), false)
    assert.equal(await t.read(t.app, 'latest'), undefined)
    assert.equal(await t.read(t.app, digest), digest)
    const log = await t.registry.changes.after(t.app.repository.id, 0)
    const changes = log.filter(({ kind }) => kind === 'tag').length
    assert.equal(changes, 2)
    assert.equal(await t.intents(), 0)
  })

  test('are deleted as they were seen alone, where that is asked', async () => {
    await using t = await open()
    await t.anImage(t.app, { tags: ['latest'] })
    const pkg = await t.found(t.app)
    const seen = await t.images.tags.find(pkg, 'latest')
    assert.ok(seen)
    const { digest } = await t.anImage(t.app, { tags: ['latest'] })
    assert.equal(await t.images.tags.delete(pkg, 'latest', author, seen), false)
    assert.equal(await t.read(t.app, 'latest'), digest)
  })

  test('that fifty set at once name one of theirs, and the log has them all', async () => {
    await using t = await open()
    const manifests = await Promise.all(Array.from({ length: 5 }, () => t.anImage(t.app)))
    const pkg = await t.found(t.app)
    const other = t.another()
    await Promise.all(
      Array.from({ length: 50 }, (_, i) => {
        const manifest = manifests[i % 5]
        assert.ok(manifest)
        return (i % 2 ? t.registry : other).images.tags.set(pkg, 'latest', manifest, author)
      }),
    )
    const digest = await t.read(t.app, 'latest')
    assert.ok(manifests.some((manifest) => manifest.digest === digest))
    const log = await t.registry.changes.after(t.app.repository.id, 0, 1000)
    assert.equal(log.filter(({ kind }) => kind === 'tag').length, 50)
    assert.equal(await t.intents(), 0)
  })

  test('that are immutable are set by one of many, moved and removed by none, and set again to what they name', async () => {
    await using t = await open()
    const app = { repository: await t.withImages({ immutableTags: ['v*'] }), image: 'app' }
    const other = t.another()
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => t.anImage(app, { tags: ['v1'] }, i % 2 ? t.registry : other)),
    )
    const won = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'access_denied')
    }
    const [winner] = won
    assert.ok(winner && won.length === 1)
    assert.equal(await t.read(app, 'v1'), winner.digest)
    const pkg = await t.found(app)
    await t.images.tags.set(pkg, 'v1', winner, author)
    const stays = { code: 'access_denied', message: /The tag "v1" of app stays at sha256:\w+: .* match "v\*"/ }
    await assert.rejects(t.images.tags.set(pkg, 'v1', await t.anImage(app), author), stays)
    await assert.rejects(t.images.tags.delete(pkg, 'v1', author), stays)
    assert.equal(await t.read(app, 'v1'), winner.digest)
    assert.equal(await t.intents(), 0)
  })

  test('set to a manifest that was deleted go, too', async () => {
    await using t = await open()
    await t.anImage(t.app)
    const manifest = await t.anImage(t.app)
    const pkg = await t.found(t.app)
    await t.images.manifests.delete(pkg, manifest.digest, author)
    await t.images.tags.set(pkg, 'latest', manifest, author)
    assert.equal(await t.images.tags.find(pkg, 'latest'), undefined)
  })

  test('are read right by who has read the image before they were set', async () => {
    await using t = await open()
    await t.anImage(t.app, { tags: ['latest'] })
    const stale = await t.found(t.app)
    const { digest } = await t.anImage(t.app, { tags: ['latest'] })
    const read = await t.another().images.manifests.byTag(stale, 'latest')
    assert.equal(read?.digest, digest)
  })

  test('are always there for a reader while they are moved and their old manifests deleted', async () => {
    await using t = await open()
    let { digest } = await t.anImage(t.app, { tags: ['latest'] })
    let isMoving = true
    const reader = t.another()
    const reading = (async () => {
      let reads = 0
      for (; isMoving; reads++) {
        const pkg = await t.find(t.app, reader)
        await setImmediate()
        assert.ok(pkg && (await reader.images.manifests.byTag(pkg, 'latest')), `read ${reads}`)
      }
      return reads
    })()
    for (let round = 0; round < 10; round++) {
      const next = await t.anImage(t.app, { tags: ['latest'] })
      await t.images.manifests.delete(await t.found(t.app), digest, author)
      digest = next.digest
    }
    isMoving = false
    assert.ok((await reading) > 5)
  })
})

describe('a change of a tag whose process died at any write', () => {
  for (const what of ['set', 'move', 'delete'] as const) {
    test(`is whole or never was, and logged when it was: ${what}`, async () => {
      await using t = await openTestImages()
      for (let writes = 0; writes < 20; writes++) {
        const app = { repository: await t.withImages(), image: 'app' }
        const manifest = await t.anImage(app, { tags: what === 'set' ? [] : ['latest'] })
        const other = what === 'move' ? await t.anImage(app) : manifest
        const pkg = await t.found(app)
        const before = await t.read(app, 'latest')
        const { tags } = t.another(undefined, dyingEngine(t.engine, writes)).images
        const change = what === 'delete' ? tags.delete(pkg, 'latest', author) : tags.set(pkg, 'latest', other, author)
        const isDone = await change.then(
          () => true,
          (err) => assert.match(err.message, /the process died/),
        )
        const isChanged = (await t.read(app, 'latest')) !== before
        for (let round = 0; round < 2; round++) await t.another().completeUnfinished(Date.now() + 1)
        const logged = (await t.registry.changes.after(app.repository.id, 0)).filter(
          ({ requestId }) => requestId === author.requestId,
        )
        assert.equal(logged.length, isChanged ? 1 : 0, `after ${writes} writes`)
        assert.equal((await t.read(app, 'latest')) !== before, isChanged)
        assert.equal(await t.intents(), 0)
        if (isDone) return assert.ok(isChanged)
      }
      assert.fail('it never ended')
    })
  }
})
