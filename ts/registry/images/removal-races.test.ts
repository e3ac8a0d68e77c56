import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hasCode } from '../../errors.ts'
import * as imageSchema from '../../metadata/image-schema.ts'
import * as packageSchema from '../../metadata/package-schema.ts'
import { dyingEngine, stoppedEngine } from '../../testing/dying-engine.ts'
import type { Unit } from '../store.ts'
import type { ImagePlace, Manifest } from './images.ts'
import { author, onBothEngines, openTestImages, type TestImages } from './testing.ts'

const mostWrites = 40
const died = (err: unknown) => err instanceof Error && err.message === 'the process died'

/** Runs it in a process that dies at each of its writes in turn; in a new image each time. */
async function atEveryWrite(
  work: (
    t: TestImages,
    app: ImagePlace,
    by: TestImages['registry'],
  ) => Promise<{
    dying: () => Promise<unknown>
    after: () => Promise<void>
  }>,
): Promise<void> {
  await using t = await openTestImages()
  for (let writes = 0; writes < mostWrites; writes++) {
    const app = { repository: await t.withImages(), image: 'app' }
    const { dying, after } = await work(t, app, t.another(undefined, dyingEngine(t.engine, writes)))
    const error = await dying().then(
      () => undefined,
      (err: unknown) => err,
    )
    assert.ok(error === undefined || died(error), `${error}`)
    await after().catch((err) => {
      throw new Error(`after ${writes} writes: ${err.message}`, { cause: err })
    })
    await complete(t)
    await assertSound(t, `after ${writes} writes`)
    if (error === undefined) return
  }
  assert.fail('it never ended')
}

async function complete(t: TestImages): Promise<void> {
  await t.registry.settled()
  for (let round = 0; round < 2; round++) await t.another().completeUnfinished(Date.now() + 1)
}

/** Nothing half done is left: counts are right, and no record refers to what is not there. */
async function assertSound(t: TestImages, message: string): Promise<void> {
  const units = new Map((await all(t, packageSchema.units, 'byKey')).map((unit) => [unit.id, unit]))
  for (const { id, value } of await all(t, packageSchema.packages, 'byName')) {
    const own = [...units.values()].filter((unit) => unit.value.packageId === id)
    assert.equal(value.published - (value.removed ?? 0), own.length, `${message}: counted`)
    assert.deepEqual(value.marks, [], `${message}: marks`)
    for (const unit of own) assertChildren(own, unit.value, message)
  }
  for (const { value } of await all(t, packageSchema.files, 'byName')) {
    assert.ok(units.has(value.unitId), `${message}: a reference of no unit`)
  }
  for (const { value } of await all(t, imageSchema.imageTags, 'byTag')) {
    assert.ok(units.has(value.unitId), `${message}: the tag "${value.tag}" of no unit`)
  }
  assert.equal(await t.intents(), 0, `${message}: intents`)
}

function assertChildren(own: readonly Unit[], unit: packageSchema.UnitDocument, message: string): void {
  const facts = unit.metadata as { references?: { kind: string; digest: string }[] }
  for (const { kind, digest } of facts.references ?? []) {
    const isThere = kind === 'blob' || own.some(({ value }) => value.key === digest)
    assert.ok(isThere, `${message}: an index without its child`)
  }
}

async function all<T extends object, I extends string>(
  t: TestImages,
  spec: Parameters<typeof t.engine.collection<T, I>>[0],
  index: I,
) {
  return (await t.engine.collection(spec).find(index, { limit: 1000 })).items
}

const deleting = async (t: TestImages, app: ImagePlace, { digest }: Manifest, by = t.registry) =>
  by.images.manifests.delete(await t.found(app), digest, author)

/** True when it was done, false when it was refused for one of these reasons. */
async function isDone(work: Promise<unknown>, ...codes: Parameters<typeof hasCode>[1][]): Promise<boolean> {
  try {
    await work
    return true
  } catch (err) {
    if (hasCode(err, ...codes)) return false
    throw err
  }
}

describe('a deletion whose process died at any write', () => {
  /** With another manifest, so that the image is there at all times. */
  const world = async (t: TestImages, app: ImagePlace) => {
    await t.anImage(app)
    const layer = await t.aBlob(app)
    const push = () => t.anImage(app, { blobs: [layer], text: 'the same', tags: ['latest'] }, t.another())
    return { push, manifest: await push() }
  }

  test('is done or not for every reader, tag and all, and its manifest can be pushed again at once', () =>
    atEveryWrite(async (t, app, by) => {
      const { push, manifest } = await world(t, app)
      return {
        dying: () => deleting(t, app, manifest, by),
        async after() {
          const [tagged, named] = [await t.read(app, 'latest'), await t.read(app, manifest.digest)]
          assert.equal(tagged, named)
          await push()
          await complete(t)
          for (const reference of ['latest', manifest.digest]) {
            assert.equal(await t.read(app, reference), manifest.digest)
          }
        },
      }
    }))

  test('is done by the next deletion, and logged once', () =>
    atEveryWrite(async (t, app, by) => {
      const { manifest } = await world(t, app)
      return {
        dying: () => deleting(t, app, manifest, by),
        async after() {
          await isDone(deleting(t, app, manifest), 'version_unknown')
          await complete(t)
          assert.equal(await t.read(app, manifest.digest), undefined)
          const log = await t.registry.changes.after(app.repository.id, 0)
          assert.equal(log.filter(({ kind }) => kind === 'delete').length, 1)
        },
      }
    }))

  test('is completed by the job, or never was', () =>
    atEveryWrite(async (t, app, by) => {
      const { manifest } = await world(t, app)
      return {
        dying: () => deleting(t, app, manifest, by),
        async after() {
          const before = await t.read(app, manifest.digest)
          await complete(t)
          assert.equal(await t.read(app, manifest.digest), before)
          const log = await t.registry.changes.after(app.repository.id, 0)
          assert.equal(log.filter(({ kind }) => kind === 'delete').length, before === undefined ? 1 : 0)
        },
      }
    }))

  test('leaves an index of the manifest right: pushed, or refused', () =>
    atEveryWrite(async (t, app, by) => {
      const { manifest } = await world(t, app)
      return {
        dying: () => deleting(t, app, manifest, by),
        async after() {
          const index = t.anImage(app, { children: [manifest], tags: ['index'] })
          const isThere = await isDone(index, 'reference_unknown')
          assert.equal(isThere, (await t.read(app, manifest.digest)) !== undefined)
        },
      }
    }))
})

describe('a push whose process died at any write', () => {
  test('of an index keeps its child, or can be forgotten', () =>
    atEveryWrite(async (t, app, by) => {
      const child = await t.anImage(app)
      await t.anImage(app)
      const put = await t.aPut(app, { children: [child], tags: ['index'] })
      return {
        dying: () => by.images.manifests.put(put),
        async after() {
          const isGone = await isDone(deleting(t, app, child), 'in_use')
          await complete(t)
          const index = await t.read(app, put.digest)
          if (index !== undefined) assert.equal(isGone, false)
          if (index === undefined && !isGone) await deleting(t, app, child)
        },
      }
    }))

  test('can be repeated', () =>
    atEveryWrite(async (t, app, by) => {
      const layer = await t.aBlob(app)
      const options = { blobs: [layer], text: 'the same', tags: ['latest'] }
      const put = await t.aPut(app, options)
      return {
        dying: () => by.images.manifests.put(put),
        async after() {
          const again = await t.anImage(app, options)
          assert.equal(await t.read(app, 'latest'), again.digest)
        },
      }
    }))
})

onBothEngines('at the same time', (open) => {
  test('an index is pushed and its child deleted: one of the two is refused', async () => {
    await using t = await open()
    await t.anImage(t.app)
    let [pushed, deleted] = [0, 0]
    for (let round = 0; round < 15; round++) {
      const child = await t.anImage(t.app)
      const put = await t.aPut(t.app, { children: [child] })
      const [isPushed, isDeleted] = await Promise.all([
        isDone(t.registry.images.manifests.put(put), 'reference_unknown'),
        isDone(deleting(t, t.app, child, t.another()), 'in_use'),
      ])
      assert.ok(!(isPushed && isDeleted), 'both were done')
      if (isPushed) pushed++
      if (isDeleted) deleted++
    }
    assert.ok(pushed + deleted > 0)
    await complete(t)
    await assertSound(t, 'afterwards')
  })

  test('a manifest is pushed and deleted by many: it is there whole or not at all', async () => {
    await using t = await open()
    await t.anImage(t.app)
    const layer = await t.aBlob(t.app)
    const options = { blobs: [layer], text: 'the same', tags: ['latest'] }
    const other = t.another()
    const first = await t.anImage(t.app, options)
    await Promise.all(
      Array.from({ length: 24 }, async (_, i) => {
        const by = i % 4 < 2 ? t.registry : other
        if (i % 2) await t.anImage(t.app, options, by)
        else await isDone(deleting(t, t.app, first, by), 'version_unknown', 'in_use')
      }),
    )
    assert.equal(await t.read(t.app, 'latest'), await t.read(t.app, first.digest))
    await complete(t)
    await assertSound(t, 'afterwards')
  })
})

test('a push stopped before its insert, while others push and delete, takes no number that was counted before', async () => {
  await using t = await openTestImages()
  await t.anImage(t.app)
  const put = await t.aPut(t.app, { tags: ['late'] })
  const reached = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const engine = stoppedEngine(t.engine, async ({ kind, collection }) => {
    if (kind !== 'insert' || collection !== 'units') return
    reached.resolve()
    await goOn.promise
  })
  const pushing = t.another(undefined, engine).images.manifests.put(put)
  await reached.promise
  const between = await t.anImage(t.app)
  await t.anImage(t.app)
  await deleting(t, t.app, between)
  goOn.resolve()
  const late = await pushing
  assert.equal(late.sequence, 4)
  assert.equal(await t.read(t.app, 'late'), put.digest)
  await complete(t)
  await assertSound(t, 'afterwards')
})

test('a push of a manifest whose deletion has all but ended is there when it is answered, and stays', async () => {
  await using t = await openTestImages()
  await t.anImage(t.app)
  const options = { text: 'the same', blobs: [await t.aBlob(t.app)] }
  const put = await t.aPut(t.app, options)
  const [confirmed, read] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const [mayRead, mayInsert] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const inserting = stoppedEngine(t.engine, async ({ kind, collection }) => {
    if (kind !== 'insert' || collection !== 'units') return
    read.resolve()
    await mayInsert.promise
  })
  const pushing = t
    .another(async (step) => {
      if (step !== 'confirmed') return
      confirmed.resolve()
      await mayRead.promise
    }, inserting)
    .images.manifests.put(put)
  await confirmed.promise
  const first = await t.anImage(t.app, options)
  mayRead.resolve()
  await read.promise
  let swaps = 0
  const ending = stoppedEngine(t.engine, async ({ kind, collection }) => {
    // The mark, the decision, and then the end.
    if (kind === 'update' && collection === 'packages' && ++swaps === 3) throw new Error('the process died')
  })
  await assert.rejects(deleting(t, t.app, first, t.another(undefined, ending)), died)
  mayInsert.resolve()
  const pushed = await pushing
  assert.notEqual(pushed.unitId, first.unitId)
  assert.equal(await t.read(t.app, put.digest), put.digest)
  await complete(t)
  assert.equal(await t.read(t.app, put.digest), put.digest)
  await assertSound(t, 'afterwards')
})
