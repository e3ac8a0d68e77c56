import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { RetentionRule } from '../../metadata/access-schema.ts'
import { dayMs, openTestRetention } from '../../testing/registry-retention.ts'
import type { Images } from './images.ts'
import { onBothEngines } from './testing.ts'

onBothEngines('tags', (open) => {
  const setUp = (rule: RetentionRule, around?: (images: Images) => Images) => openTestRetention(open, rule, around)

  test('go when the rule says so, in every image, and their manifests stay', async () => {
    await using s = await setUp({ olderThanDays: 30, keepMatching: ['stable'] })
    const kept = await s.push({ tags: ['old', 'stable', 'new'] })
    for (const tag of ['old', 'stable']) await s.ageTag(tag, 31 * dayMs)
    await s.push({ image: 'team/tool', tags: ['old'] })
    await s.ageTag('old', 31 * dayMs, 'team/tool')
    assert.deepEqual(await s.told(), ['old', 'old'])
    assert.deepEqual(await s.tags(), ['new', 'old', 'stable'])
    assert.deepEqual(await s.run(), { tags: 2, manifests: 0, isComplete: true })
    assert.deepEqual([await s.tags(), await s.tags('team/tool')], [['new', 'stable'], []])
    assert.ok(await s.has(kept))
    assert.deepEqual(await s.run(), { tags: 0, manifests: 0, isComplete: true })
  })

  test('among the last of their own image stay', async () => {
    await using s = await setUp({ olderThanDays: 0, keepLast: 2 })
    for (const [i, tag] of ['c', 'a', 'd', 'b'].entries()) {
      await s.push({ tags: [tag] })
      await s.ageTag(tag, (10 - i) * dayMs)
    }
    await s.push({ image: 'other', tags: ['x'] })
    await s.ageTag('x', 90 * dayMs, 'other')
    assert.deepEqual(await s.told(1), ['a', 'c'])
    await s.run()
    assert.deepEqual([await s.tags(), await s.tags('other')], [['b', 'd'], ['x']])
  })

  test('that were pulled stay, also when the pull is not written yet', async () => {
    await using s = await setUp({ unpulledDays: 7 })
    await s.push({ tags: ['pulled', 'just-pulled', 'unused'] })
    for (const tag of ['pulled', 'just-pulled', 'unused']) await s.ageTag(tag, 8 * dayMs)
    const { id } = await s.image()
    s.pulls.count(id, ['pulled'])
    await s.pulls.flush()
    assert.deepEqual(await s.told(), ['just-pulled', 'unused'])
    s.pulls.count(id, ['just-pulled'])
    await s.run()
    assert.deepEqual(await s.tags(), ['just-pulled', 'pulled'])
  })

  test('whose manifest was pulled by its digest stay, as clients do that ask by tag for the digest alone', async () => {
    await using s = await setUp({ unpulledDays: 7 })
    const [used, unused] = [await s.push({ tags: ['used'] }), await s.push({ tags: ['unused', 'looked-at'] })]
    for (const tag of ['used', 'unused', 'looked-at']) await s.ageTag(tag, 8 * dayMs)
    const { id } = await s.image()
    s.pulls.count(id, [used.digest])
    s.pulls.look(id, ['looked-at'])
    await s.pulls.flush()
    assert.deepEqual(await s.told(), ['unused'])
    await s.run()
    assert.deepEqual([await s.tags(), await s.has(unused)], [['looked-at', 'used'], true])
  })

  test('that are immutable stay, whatever the rule says', async () => {
    await using s = await setUp({ olderThanDays: 1 })
    await s.push({ tags: ['release-1', 'nightly'] })
    for (const tag of ['release-1', 'nightly']) await s.ageTag(tag, 9 * dayMs)
    await s.configure({ immutableTags: ['release-*'] })
    assert.deepEqual(await s.told(), ['nightly'])
    await s.run()
    assert.deepEqual(await s.tags(), ['release-1'])
  })

  test('that are pushed while they are about to go stay', async () => {
    let pushed = async () => {}
    await using s = await setUp({ olderThanDays: 1 }, (images) => ({
      ...images,
      tags: {
        ...images.tags,
        async delete(...args) {
          await pushed()
          return images.tags.delete(...args)
        },
      },
    }))
    await s.push({ tags: ['nightly'] })
    await s.ageTag('nightly', 9 * dayMs)
    pushed = async () => void (await s.push({ tags: ['nightly'] }))
    assert.equal((await s.run()).tags, 0)
    assert.deepEqual(await s.tags(), ['nightly'])
  })

  test('that are gone begin their count of pulls anew', async () => {
    await using s = await setUp({ olderThanDays: 1 })
    await s.push({ tags: ['nightly'] })
    await s.ageTag('nightly', 9 * dayMs)
    const { id } = await s.image()
    s.pulls.count(id, ['nightly'])
    await s.run()
    assert.equal((await s.pulls.of(id, ['nightly'])).size, 0)
  })
})

/** The digest of what has the content `the same`. */
const same = `sha256:${createHash('sha256').update('the same').digest('hex')}`

onBothEngines('untagged manifests', (open) => {
  const setUp = (rule: RetentionRule, around?: (images: Images) => Images) => openTestRetention(open, rule, around)

  test('stay unless the rule speaks of them, and go by their last use', async () => {
    await using s = await setUp({ untaggedDays: 7 })
    const [old, young, pulled, tagged] = [
      await s.push(),
      await s.push(),
      await s.push(),
      await s.push({ tags: ['latest'] }),
    ]
    for (const manifest of [old, pulled, tagged]) await s.ageManifest(manifest, 8 * dayMs)
    s.pulls.count((await s.image()).id, [pulled.digest])
    await s.pulls.flush()
    assert.deepEqual(await s.told(), [old.digest])
    assert.deepEqual(await s.run(), { tags: 0, manifests: 1, isComplete: true })
    const left = await Promise.all([old, young, pulled, tagged].map((manifest) => s.has(manifest)))
    assert.deepEqual(left, [false, true, true, true])
  })

  test('that an index names stay with it, and go with it in the same run', async () => {
    await using s = await setUp({ untaggedDays: 7 })
    const [a, b, c] = [await s.push(), await s.push(), await s.push()]
    const kept = await s.push({ tags: ['latest'], children: [a, b] })
    const nested = await s.push({ children: [b, c] })
    const gone = await s.push({ children: [nested] })
    for (const manifest of [a, b, c, kept, nested, gone]) await s.ageManifest(manifest, 8 * dayMs)
    const expected = [gone.digest, nested.digest, c.digest]
    assert.deepEqual(await s.told(), expected)
    assert.deepEqual(await s.told(1), expected)
    assert.equal((await s.run()).manifests, 3)
    const left = await Promise.all([a, b, c, kept, nested, gone].map((manifest) => s.has(manifest)))
    assert.deepEqual(left, [true, true, false, true, false, false])
  })

  test('that are about another stay with it and go with it, however young', async () => {
    await using s = await setUp({ untaggedDays: 7 })
    const [kept, gone] = [await s.push({ tags: ['latest'] }), await s.push()]
    const signature = await s.push({ subject: kept.digest })
    const lost = await s.push({ subject: gone.digest })
    const about = await s.push({ subject: lost.digest })
    const orphan = await s.push({ subject: `sha256:${'0'.repeat(64)}` })
    for (const manifest of [kept, gone, signature, orphan]) await s.ageManifest(manifest, 8 * dayMs)
    const expected = [gone, lost, about, orphan].map(({ digest }) => digest).toSorted()
    assert.deepEqual((await s.told()).toSorted(), expected)
    assert.equal((await s.run()).manifests, 4)
    const left = await Promise.all([kept, signature, gone, lost, about, orphan].map((manifest) => s.has(manifest)))
    assert.deepEqual(left, [true, true, false, false, false, false])
  })

  test('whose tags all go are told with them, and go in the same run', async () => {
    await using s = await setUp({ olderThanDays: 7, untaggedDays: 7 })
    const both = await s.push({ tags: ['a', 'b'] })
    const one = await s.push({ tags: ['c', 'd'] })
    for (const tag of ['a', 'b', 'c']) await s.ageTag(tag, 8 * dayMs)
    for (const manifest of [both, one]) await s.ageManifest(manifest, 8 * dayMs)
    assert.deepEqual(await s.told(), ['a', 'b', 'c', both.digest])
    assert.deepEqual(await s.run(), { tags: 3, manifests: 1, isComplete: true })
    assert.deepEqual([await s.has(both), await s.has(one), await s.tags()], [false, true, ['d']])
  })

  test('that are pushed again by digest count as new', async () => {
    await using s = await setUp({ untaggedDays: 7 })
    const manifest = await s.push({ content: 'the same' })
    await s.ageManifest(manifest, 8 * dayMs)
    await s.push({ content: 'the same' })
    assert.deepEqual(await s.told(), [])
    assert.equal((await s.run()).manifests, 0)
    assert.ok(await s.has(manifest))
  })

  for (const [what, use] of [
    ['pushed again', (s: Awaited<ReturnType<typeof setUp>>) => s.push({ content: 'the same' })],
    ['looked at', async (s: Awaited<ReturnType<typeof setUp>>) => s.pulls.look((await s.image()).id, [same])],
  ] as const) {
    test(`that are ${what} while they are about to go stay`, async () => {
      let used = async () => {}
      await using s = await setUp({ untaggedDays: 7 }, (images) => ({
        ...images,
        manifests: {
          ...images.manifests,
          async delete(...args) {
            await used()
            return images.manifests.delete(...args)
          },
        },
      }))
      const manifest = await s.push({ content: 'the same' })
      assert.equal(manifest.digest, same)
      await s.ageManifest(manifest, 8 * dayMs)
      used = async () => void (await use(s))
      assert.equal((await s.run()).manifests, 0)
      assert.ok(await s.has(manifest))
    })
  }

  test('that are about one which goes stay when that comes back, or when they came after it went', async () => {
    let gone = async () => {}
    await using s = await setUp({ untaggedDays: 7 }, (images) => ({
      ...images,
      manifests: {
        ...images.manifests,
        async delete(...args) {
          await images.manifests.delete(...args)
          await gone()
        },
      },
    }))
    const [back, away] = [await s.push({ content: 'the same' }), await s.push()]
    const first = await s.push({ subject: back.digest })
    const early = await s.push({ subject: away.digest, content: 'early' })
    for (const manifest of [back, away]) await s.ageManifest(manifest, 8 * dayMs)
    const late: Awaited<ReturnType<typeof s.push>>[] = []
    gone = async () => {
      if (!(await s.has(away)) && late.length === 0) late.push(await s.push({ subject: away.digest }))
      if (!(await s.has(back))) await s.push({ content: 'the same' })
    }
    await s.run()
    const left = await Promise.all([back, first, away, early, ...late].map((manifest) => s.has(manifest)))
    assert.deepEqual(left, [true, true, false, false, true])
  })

  test('that get a tag while they are about to go stay', async () => {
    let tagged = async () => {}
    await using s = await setUp({ untaggedDays: 7 }, (images) => ({
      ...images,
      manifests: {
        ...images.manifests,
        async delete(...args) {
          await tagged()
          return images.manifests.delete(...args)
        },
      },
    }))
    const manifest = await s.push({ content: 'the same' })
    await s.ageManifest(manifest, 8 * dayMs)
    tagged = async () => void (await s.push({ content: 'the same', tags: ['kept'] }))
    assert.equal((await s.run()).manifests, 0)
    assert.deepEqual([await s.has(manifest), await s.tags()], [true, ['kept']])
  })
})

onBothEngines('a run', (open) => {
  const setUp = (rule: RetentionRule) => openTestRetention(open, rule)

  /** 250 tags that go. */
  async function manyTags() {
    const s = await setUp({ olderThanDays: 1 })
    const tags = Array.from({ length: 250 }, (_, i) => `t${String(i).padStart(3, '0')}`)
    await s.push({ tags })
    await Promise.all(tags.map((tag) => s.ageTag(tag, 9 * dayMs)))
    return s
  }

  test('ends where it is when it is told to, and the next goes on', async () => {
    await using s = await manyTags()
    const stopping = new AbortController()
    const { isComplete, tags } = await s.run({ signal: stopping.signal, onRemoved: () => stopping.abort() })
    assert.equal(isComplete, false)
    assert.equal(tags, 250 - (await s.tags()).length)
    assert.ok(tags > 0 && tags < 250)
    assert.deepEqual(await s.run(), { tags: 250 - tags, manifests: 0, isComplete: true })
    assert.deepEqual(await s.tags(), [])
  })

  test('ends when the rule is changed meanwhile', async () => {
    await using s = await manyTags()
    let taken: Promise<unknown> | undefined
    const { isComplete } = await s.run({
      onRemoved: () => {
        taken ??= s.configure({ retention: { olderThanDays: 10 } })
      },
    })
    await taken
    assert.equal(isComplete, false)
    assert.ok((await s.tags()).length > 0)
  })

  test('beside another does no harm', async () => {
    await using s = await manyTags()
    const both = await Promise.all([s.run(), s.run()])
    assert.ok(both.every(({ isComplete }) => isComplete))
    assert.deepEqual(await s.tags(), [])
  })
})

onBothEngines('a cursor', (open) => {
  test('that no page gave out is refused', async () => {
    await using s = await openTestRetention(open, { olderThanDays: 1 })
    for (const after of ['x', '{}', '{"part":"tags","after":1}', 'null', '{"part":"manifests","after":"1"}']) {
      const asked = s.retention.preview(await s.current(), { olderThanDays: 1 }, { limit: 1, after })
      await assert.rejects(asked, { code: 'payload_invalid' }, after)
    }
  })
})
