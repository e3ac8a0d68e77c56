import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MetadataEngine } from '../metadata/engine.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import { author, openTestImages } from './images/testing.ts'
import { factsOf } from './package-facts.ts'
import { openRegistryStore } from './store.ts'

const subject = `sha256:${'0'.repeat(64)}`

/** The same engine, which tells of each page of units that is read from the newest on. */
function watched(real: MetadataEngine, onPage: () => void): MetadataEngine {
  return {
    ...real,
    collection(spec) {
      const collection = real.collection(spec)
      const find: typeof collection.find = (index, query) => {
        if (spec.name === 'units' && query.order === 'descending') onPage()
        return collection.find(index, query)
      }
      return { ...collection, find }
    },
  }
}

test('facts are looked for only when the unit is deleted that they are from', async () => {
  await using t = await openTestImages()
  const [first, second, third] = [await t.anImage(t.app), await t.anImage(t.app), await t.anImage(t.app)]
  const signature = await t.anImage(t.app, { facts: { subject } })
  let pages = 0
  const by = t.another(
    undefined,
    watched(t.engine, () => pages++),
  )
  const remove = async ({ digest }: { digest: string }) => {
    await by.images.manifests.delete(await t.found(t.app), digest, author)
    return (await t.found(t.app)).value.facts.version
  }
  assert.equal(await remove(first), third.digest)
  assert.equal(await remove(signature), third.digest)
  assert.equal(pages, 0)
  assert.equal(await remove(third), second.digest)
  assert.equal(pages, 1)
})

test('facts are not looked for behind any number of units that describe nothing', async () => {
  await using t = await openTestImages()
  const { value, id } = await t.anImage(t.app).then(() => t.found(t.app))
  const [unit] = (await t.engine.collection(packageSchema.units).find('byKey', {})).items
  assert.ok(unit)
  const published = 2000
  await t.engine.batch(
    Array.from({ length: published - 1 }, (_, i) => ({
      kind: 'insert',
      in: packageSchema.units,
      id: `unt_${i}`,
      value: { ...unit.value, key: `${i}`, sequence: i + 2, subject },
    })),
  )
  let pages = 0
  const describe = () => ({ description: 'an image', keywords: [], authors: [] })
  const store = openRegistryStore(
    watched(t.engine, () => pages++),
    describe,
  )
  assert.equal((await factsOf(store, id, { ...value, published })).version, '')
  assert.equal(pages, 10)
  assert.equal((await factsOf(store, id, { ...value, published: 900 })).version, unit.value.version)
})
