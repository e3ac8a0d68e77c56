import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs, openTestRetention } from '../../testing/registry-retention.ts'
import type { Manifest } from './images.ts'
import { onBothEngines } from './testing.ts'

type Retention = Awaited<ReturnType<typeof openTestRetention>>

const tagOf = ({ digest }: Manifest, suffix = '') => digest.replace(':', '-') + suffix

/** Pushes an image and what cosign 2 says of it, both so many days ago. */
async function signed(s: Retention, tag: string | undefined, days: number, suffix = '.sig') {
  const image = await s.push({ tags: tag === undefined ? [] : [tag] })
  const signature = await s.push({ tags: [tagOf(image, suffix)] })
  for (const each of tag === undefined ? [] : [tag]) await s.ageTag(each, days * dayMs)
  await s.ageTag(tagOf(image, suffix), days * dayMs)
  for (const manifest of [image, signature]) await s.ageManifest(manifest, days * dayMs)
  return { image, signature }
}

onBothEngines('a signature by its tag', (open) => {
  test('stays with an image that a pattern, its number or its immutability keeps, however old', async () => {
    const kept = [{ keepMatching: ['v*'] }, { keepLast: 1 }, { immutableTags: ['v1'] }]
    for (const { immutableTags = [], ...keeps } of kept) {
      await using s = await openTestRetention(open, { olderThanDays: 7, untaggedDays: 7, ...keeps })
      await s.configure({ immutableTags })
      for (const suffix of ['.sig', '.att', '.sbom', '', '.other']) {
        await s.push({ tags: ['v1'], content: 'the same' })
        await s.ageTag('v1', 9 * dayMs)
        const { signature } = await signedWith(s, suffix)
        assert.deepEqual(await s.told(), [], suffix)
        assert.equal((await s.run()).tags, 0)
        assert.ok(await s.has(signature), suffix)
      }
    }
  })

  /** Something old that is said of the image `v1`. */
  async function signedWith(s: Retention, suffix: string) {
    const image = await s.push({ content: 'the same' })
    const signature = await s.push({ tags: [tagOf(image, suffix)] })
    await s.ageTag(tagOf(image, suffix), 99 * dayMs)
    for (const manifest of [image, signature]) await s.ageManifest(manifest, 99 * dayMs)
    return { signature }
  }

  test('goes with its image in the same run, however young, and is told with it', async () => {
    await using s = await openTestRetention(open, { olderThanDays: 7, untaggedDays: 7, keepLast: 1 })
    const old = await signed(s, 'v1', 9)
    const kept = await signed(s, 'v2', 8)
    const young = await s.push({ tags: [tagOf(old.image, '.att')] })
    const about = await s.push({ tags: [tagOf(old.signature, '.sig')] })
    const expected = [
      ['v1', 'pushed 9 days ago, the rule being 7 days'],
      [tagOf(old.image, '.att'), `attestation of ${old.image.digest}, which goes`],
      [tagOf(old.image, '.sig'), `signature of ${old.image.digest}, which goes`],
      [tagOf(old.signature, '.sig'), `signature of ${old.signature.digest}, which goes`],
      [old.image.digest, 'untagged and pushed 9 days ago and never pulled, the rule being 7 days'],
      [young.digest, `attestation of ${old.image.digest}, which goes`],
      [old.signature.digest, `signature of ${old.image.digest}, which goes`],
      [about.digest, `signature of ${old.signature.digest}, which goes`],
    ]
    for (const limit of [100, 1]) {
      const told = (await s.findings(limit)).map(({ tag, digest, why }) => [tag ?? digest, why])
      assert.deepEqual(told.toSorted(), expected.toSorted())
    }
    assert.deepEqual(await s.run(), { tags: 4, manifests: 4, isComplete: true })
    assert.deepEqual(await s.tags(), [tagOf(kept.image, '.sig'), 'v2'])
    assert.ok((await s.has(kept.image)) && (await s.has(kept.signature)))
  })

  test('goes with an untagged image by a rule that removes no other tags', async () => {
    await using s = await openTestRetention(open, { untaggedDays: 7 })
    const gone = await signed(s, undefined, 9)
    const kept = await signed(s, 'v1', 9)
    assert.deepEqual(
      (await s.told()).toSorted(),
      [gone.image.digest, gone.signature.digest, tagOf(gone.image, '.sig')].toSorted(),
    )
    assert.deepEqual(await s.run(), { tags: 1, manifests: 2, isComplete: true })
    assert.deepEqual(await s.tags(), [tagOf(kept.image, '.sig'), 'v1'])
  })

  test('stays while its image stays untagged', async () => {
    await using s = await openTestRetention(open, { olderThanDays: 7 })
    const { image, signature } = await signed(s, 'v1', 9)
    assert.deepEqual(await s.told(), ['v1'])
    assert.deepEqual(await s.run(), { tags: 1, manifests: 0, isComplete: true })
    assert.deepEqual(await s.tags(), [tagOf(image, '.sig')])
    assert.ok(await s.has(signature))
  })

  test('counts for nothing among the last that were pushed', async () => {
    await using s = await openTestRetention(open, { olderThanDays: 0, keepLast: 3 })
    for (const [i, tag] of ['v1', 'v2', 'v3', 'v4'].entries()) await signed(s, tag, 9 - i)
    assert.deepEqual(await s.told(), ['v1'])
    await s.run()
    assert.deepEqual((await s.tags()).slice(-3), ['v2', 'v3', 'v4'])
  })

  test('whose image is not there goes by its own days, by no number, and never within a day', async () => {
    await using s = await openTestRetention(open, { olderThanDays: 0, untaggedDays: 7, keepLast: 9 })
    const { image, signature } = await signed(s, undefined, 9)
    await s.registry.images.manifests.delete(await s.image(), image.digest, { actor: 'usr', requestId: 'req' })
    const tag = tagOf(image, '.sig')
    await s.ageTag(tag, dayMs / 2)
    assert.deepEqual(await s.told(), [])
    await s.ageTag(tag, 2 * dayMs)
    assert.deepEqual(await s.told(), [tag, signature.digest])
    assert.deepEqual(await s.run(), { tags: 1, manifests: 1, isComplete: true })
  })

  test('that names an image which other tags keep takes that not along', async () => {
    await using s = await openTestRetention(open, { untaggedDays: 7 })
    const image = await s.push()
    const both = await s.push({ tags: [tagOf(image, '.sig'), 'kept'] })
    for (const manifest of [image, both]) await s.ageManifest(manifest, 9 * dayMs)
    assert.deepEqual(await s.told(), [tagOf(image, '.sig'), image.digest])
    assert.deepEqual(await s.run(), { tags: 1, manifests: 1, isComplete: true })
    assert.ok(await s.has(both))
  })

  test('stays when its image gets a tag while both are about to go', async () => {
    let meanwhile = async () => {}
    await using s = await openTestRetention(open, { untaggedDays: 7 }, (images) => ({
      ...images,
      manifests: {
        ...images.manifests,
        async delete(...args) {
          await meanwhile()
          return images.manifests.delete(...args)
        },
      },
    }))
    const { image, signature } = await signed(s, undefined, 9)
    meanwhile = async () => void (await s.registry.images.tags.set(await s.image(), 'kept', image, setBy))
    assert.deepEqual(await s.run(), { tags: 0, manifests: 0, isComplete: true })
    assert.deepEqual(await s.tags(), ['kept', tagOf(image, '.sig')])
    assert.ok(await s.has(signature))
  })
})

const setBy = { actor: 'usr', actorName: 'tess', requestId: 'req' }

onBothEngines('a tag of the form of a digest', (open) => {
  test('that names an index of referrers takes it and them along', async () => {
    await using s = await openTestRetention(open, { untaggedDays: 7 })
    const image = await s.push()
    const referrer = await s.push({ subject: image.digest })
    const index = await s.push({ tags: [tagOf(image)], children: [referrer] })
    await s.ageManifest(image, 9 * dayMs)
    const told = await s.findings()
    assert.equal(told[0]?.why, `attached to ${image.digest}, which goes`)
    assert.deepEqual(
      told.map(({ tag, digest }) => tag ?? digest),
      [tagOf(image), index.digest, referrer.digest, image.digest],
    )
    assert.deepEqual(await s.run(), { tags: 1, manifests: 3, isComplete: true })
  })

  test('that names the manifest of this very digest is a tag like others', async () => {
    await using s = await openTestRetention(open, { olderThanDays: 7, untaggedDays: 7, keepLast: 1 })
    const [old, last] = [await s.push({ content: 'a' }), await s.push({ content: 'b' })]
    for (const [i, manifest] of [last, old].entries()) {
      await s.push({ content: manifest === old ? 'a' : 'b', tags: [tagOf(manifest)] })
      await s.ageTag(tagOf(manifest), (8 + i) * dayMs)
      await s.ageManifest(manifest, 9 * dayMs)
    }
    assert.deepEqual(await s.told(), [tagOf(old), old.digest])
    assert.deepEqual(await s.run(), { tags: 1, manifests: 1, isComplete: true })
    assert.deepEqual(await s.tags(), [tagOf(last)])
  })

  test('that is immutable stays without what it belongs to', async () => {
    await using s = await openTestRetention(open, { untaggedDays: 7 })
    await s.configure({ immutableTags: ['sha256-*'] })
    const { image, signature } = await signed(s, undefined, 9)
    assert.deepEqual(await s.told(), [image.digest])
    assert.deepEqual(await s.run(), { tags: 0, manifests: 1, isComplete: true })
    assert.ok(await s.has(signature))
  })

  test('of two that belong to each other in a circle both stay', async () => {
    await using s = await openTestRetention(open, { olderThanDays: 0, keepMatching: ['v*'], untaggedDays: 7 })
    const [a, b] = [await s.push({ content: 'a' }), await s.push({ content: 'b' })]
    await s.push({ content: 'a', tags: [tagOf(b)] })
    await s.push({ content: 'b', tags: [tagOf(a)] })
    for (const manifest of [a, b]) await s.ageManifest(manifest, 9 * dayMs)
    assert.deepEqual(await s.told(), [])
    assert.deepEqual(await s.run(), { tags: 0, manifests: 0, isComplete: true })
  })

  test('belongs to a manifest of SHA-512 by the first 64 of its characters', async () => {
    const world = await open()
    await using s = await openTestRetention(async () => world, { olderThanDays: 7 })
    const place = { repository: await s.current(), image: 'app' }
    const { digest } = await world.anImage(place, { sha512: true, tags: ['v1'] })
    const tag = `sha512-${digest.slice('sha512:'.length, 'sha512:'.length + 64)}`
    await s.push({ tags: [tag] })
    await s.ageTag(tag, 9 * dayMs)
    assert.deepEqual(await s.told(), [])
  })
})
