import assert from 'node:assert/strict'
import { test } from 'node:test'
import { units as unitsSpec } from '../../metadata/package-schema.ts'
import { referrerReads } from './referrer-reads.ts'
import { blobReference, openTestImages, type TestImages } from './testing.ts'

const subject = `sha256:${'a'.repeat(64)}`

/** The list over the store of `t`, and how many units each of its reads brought. */
function watched(t: TestImages) {
  const units = t.engine.collection(unitsSpec)
  const reads: number[] = []
  const referrers = referrerReads({
    units: {
      ...units,
      async find(index, query) {
        const page = await units.find(index, query)
        reads.push(page.items.length)
        return page
      },
    },
  })
  return { referrers, reads }
}

async function push(t: TestImages, count: number, facts = {}) {
  for (let n = 0; n < count; n++) {
    await t.anImage(t.app, { blobs: [], facts: { subject, artifactType: 'application/x', ...facts } })
  }
}

test('a page of one reads one unit', async () => {
  await using t = await openTestImages()
  await push(t, 3)
  const { referrers, reads } = watched(t)
  const { items, next } = await referrers(await t.found(t.app), subject, { limit: 1 })
  assert.deepEqual([items.length, reads], [1, [1]])
  assert.ok(next)
})

test('a long page is read a few at a time, and others run in between', async () => {
  await using t = await openTestImages()
  await push(t, 20)
  const { referrers, reads } = watched(t)
  let turns = 0
  const turn = () => {
    turns++
    timer = setImmediate(turn)
  }
  let timer = setImmediate(turn)
  const { items } = await referrers(await t.found(t.app), subject, { limit: 100 })
  clearImmediate(timer)
  assert.deepEqual([items.length, reads], [20, [8, 8, 4]])
  assert.ok(turns >= 2, `${turns} turns`)
})

test('a page of large ones ends with some MiB of them', async () => {
  await using t = await openTestImages()
  await push(t, 16, { annotations: { text: 'x'.repeat(1024 * 1024) } })
  const { referrers, reads } = watched(t)
  const pkg = await t.found(t.app)
  const { items, next } = await referrers(pkg, subject, { limit: 100 })
  assert.deepEqual([items.length, reads], [8, [8]])
  const rest = await referrers(pkg, subject, { limit: 100, ...(next !== undefined && { after: next }) })
  assert.equal(rest.items.length, 8)
})

test('what manifests name is not read into the list', async () => {
  await using t = await openTestImages()
  const layers = await Promise.all(Array.from({ length: 3 }, () => t.aBlob(t.app)))
  await push(t, 1, { references: layers.map(blobReference) })
  const { items } = await t.images.manifests.referrers(await t.found(t.app), subject, { limit: 1 })
  assert.ok(!JSON.stringify(items).includes(layers[0]?.digest ?? 'none'))
})
