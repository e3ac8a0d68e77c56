import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as packageSchema from '../../metadata/package-schema.ts'
import { stoppedEngine } from '../../testing/dying-engine.ts'
import { author, onBothEngines, type TestImages } from './testing.ts'

const complete = async (t: TestImages) => {
  for (let round = 0; round < 2; round++) await t.another().completeUnfinished(Date.now() + 1)
}

/** Does this before the first insert of a unit, which is under way by then. */
function beforeInsert(t: TestImages, work: () => Promise<unknown>) {
  let isDone = false
  return stoppedEngine(t.engine, async ({ kind, collection }) => {
    if (isDone || kind !== 'insert' || collection !== 'units') return
    isDone = true
    await work()
  })
}

/** What the image's record counts, and the sequences of what is there. */
async function sequences(t: TestImages) {
  const pkg = await t.engine.collection(packageSchema.packages).find('byName', {})
  const units = await t.engine.collection(packageSchema.units).find('byKey', { limit: 100 })
  const { published = 0, removed = 0 } = pkg.items[0]?.value ?? {}
  return { published, removed, units: units.items.map(({ value }) => value.sequence).sort() }
}

onBothEngines('a push that was stopped just before its insert', (open) => {
  test('until the completion job took it back keeps what it names once it is answered', async () => {
    await using t = await open()
    const blob = await t.aBlob(t.app)
    const slow = t.another(
      undefined,
      beforeInsert(t, () => complete(t)),
    )
    const pushed = await slow.images.manifests.put(await t.aPut(t.app, { blobs: [blob], tags: ['v1'] }))
    assert.equal(await t.read(t.app, 'v1'), pushed.digest)
    const equals = { unitId: pushed.unitId }
    assert.equal((await t.engine.collection(packageSchema.files).find('byUnit', { equals })).items.length, 2)
    await assert.rejects(t.images.blobs.delete(t.app, blob.digest), { code: 'in_use' })
    await slow.settled()
    await complete(t)
    assert.equal(await t.engine.collection(packageSchema.files).count('byName', {}), 2)
    assert.equal(await t.intents(), 0)
  })

  test('while others push and delete, and then died, is counted once and under a number of its own', async () => {
    await using t = await open()
    await t.anImage(t.app)
    const put = await t.aPut(t.app)
    const engine = beforeInsert(t, async () => {
      const between = await t.anImage(t.app)
      await t.images.manifests.delete(await t.found(t.app), between.digest, author)
    })
    const dying = t.another((step) => {
      if (step === 'unit-inserted') throw new Error('the process died')
    }, engine)
    await assert.rejects(dying.images.manifests.put(put), /died/)
    await t.registry.settled()
    await complete(t)
    assert.deepEqual(await sequences(t), { published: 3, removed: 1, units: [1, 3] })
    assert.equal(await t.read(t.app, put.digest), put.digest)
  })
})

onBothEngines('a deleted manifest', (open) => {
  test('leaves no fence while nothing is being pushed', async () => {
    await using t = await open()
    await t.anImage(t.app)
    const gone = await t.anImage(t.app)
    await t.registry.settled()
    await t.images.manifests.delete(await t.found(t.app), gone.digest, author)
    assert.equal(await t.engine.collection(packageSchema.fences).count('byFence', {}), 0)
    assert.deepEqual(await sequences(t), { published: 2, removed: 1, units: [1] })
  })

  test('whose deletion was decided by a process that died goes, though the record has lost its stamp', async () => {
    await using t = await open()
    await t.anImage(t.app)
    const gone = await t.anImage(t.app, { tags: ['t'] })
    const { id, revision, value } = await t.found(t.app)
    await t.engine.collection(packageSchema.intents).insert('chg_dead', { packageId: id, startedAt: 1 })
    const mark = { removedBy: 'chg_dead', deletedAt: Date.now() }
    await t.engine
      .collection(packageSchema.packages)
      .update(id, revision, { ...value, marks: [[gone.digest, mark]], recentChanges: [] })
    await t.registry.settled()
    await complete(t)
    assert.deepEqual(await sequences(t), { published: 2, removed: 1, units: [1] })
    assert.deepEqual((await t.found(t.app)).value.marks, [])
    assert.equal(await t.intents(), 0)
  })
})
