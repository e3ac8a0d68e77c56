import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestRegistry } from '../../testing/registry.ts'
import { openTestImages } from '../../testing/registry-images.ts'

const author = { actor: 'usr_test', requestId: 'req_1', actorName: 'tess' }
const isKept = { code: 'access_denied' }

/** A repository that keeps `v1`, `v2` and so on where they are. */
async function setUp() {
  const t = await openTestRegistry()
  const images = await openTestImages(t, { immutableTags: ['v*', 'stable'] })
  const { tags, manifests } = t.registry.images
  const digestOf = async (tag: string) => (await tags.find(await images.image(), tag))?.digest
  return { t, ...images, all: tags, manifests, digestOf, [Symbol.asyncDispose]: () => t[Symbol.asyncDispose]() }
}

test('an immutable tag is set once, and set again to the same manifest alone', async () => {
  await using s = await setUp()
  const one = await s.push({ tags: ['v1', 'latest'], content: 'one' })
  await assert.rejects(s.push({ tags: ['v1'], content: 'two' }), isKept)
  await s.push({ tags: ['v1'], content: 'one' })
  const two = await s.push({ tags: ['v2', 'latest'], content: 'two' })
  await assert.rejects(s.all.set(await s.image(), 'v1', two, author), isKept)
  await s.all.set(await s.image(), 'v1', one, author)
  assert.deepEqual([await s.digestOf('v1'), await s.digestOf('latest')], [one.digest, two.digest])
})

test('a push that would move one among others leaves nothing behind', async () => {
  await using s = await setUp()
  await s.push({ tags: ['v1'] })
  const refused = s.push({ tags: ['new', 'v1', 'v2'], content: 'refused' })
  await assert.rejects(refused, isKept)
  assert.deepEqual(await s.tags(), ['v1'])
  const units = s.t.registry.packages.units(await s.image())
  for await (const page of units) assert.equal(page.length, 1)
})

test('neither it nor the manifest that it names can be deleted, others can', async () => {
  await using s = await setUp()
  const [kept, other] = [await s.push({ tags: ['stable', 'latest'] }), await s.push({ tags: ['next'] })]
  const pkg = await s.image()
  await assert.rejects(s.all.delete(pkg, 'stable', author), isKept)
  await assert.rejects(s.manifests.delete(pkg, kept.digest, author), isKept)
  assert.deepEqual([await s.all.delete(pkg, 'latest', author), await s.digestOf('stable')], [true, kept.digest])
  await s.manifests.delete(pkg, other.digest, author)
  assert.deepEqual([await s.tags(), await s.has(kept), await s.has(other)], [['stable'], true, false])
})

test('what names an immutable tag is deleted when the setting is taken back', async () => {
  await using s = await setUp()
  const manifest = await s.push({ tags: ['v1'] })
  await s.configure({ immutableTags: [] })
  await s.manifests.delete(await s.image(), manifest.digest, author)
  assert.deepEqual(await s.tags(), [])
})

test('of pushes at once that want the same one, exactly one gets it', async () => {
  await using s = await setUp()
  await s.push({ tags: ['latest'] })
  for (const round of [1, 2, 3]) {
    const tag = `v${round}`
    const pushes = ['a', 'b', 'c', 'd'].map((content) => s.push({ tags: [tag], content: `${content} ${round}` }))
    const outcomes = await Promise.allSettled(pushes)
    const won = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.digest] : []))
    assert.deepEqual([await s.digestOf(tag)], won)
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'access_denied')
    }
  }
})

test('it outlives a deletion of its manifest at the same time', async () => {
  await using s = await setUp()
  const keeper = await s.push({ tags: ['latest'] })
  for (const round of [1, 2, 3]) {
    const content = `deleted ${round}`
    const manifest = await s.push({ content })
    const pkg = await s.image()
    const [pushed] = await Promise.allSettled([
      s.push({ tags: [`v${round}`], content }),
      s.manifests.delete(pkg, manifest.digest, author),
    ])
    assert.equal(pushed.status, 'fulfilled')
    assert.equal(await s.digestOf(`v${round}`), manifest.digest)
    assert.ok(await s.has(manifest))
  }
  assert.ok(await s.has(keeper))
})
