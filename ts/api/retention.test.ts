import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { imagesIn } from '../testing/registry-images.ts'
import { openTestApi } from './testing.ts'

const dayMs = 86_400_000

/** An organization with a repository of images and one of npm, and who administers them. */
async function setUp() {
  const t = await openTestApi()
  const owner = await t.someone('owner')
  const { id: organizationId } = await t.access.organizations.create({ name: 'acme', ownerId: owner.id })
  const place = { organizationId, createdBy: owner.id }
  const containers = await t.access.repositories.create({ ...place, protocol: 'oci', name: 'containers' })
  const tools = await t.access.repositories.create({ ...place, protocol: 'npm', name: 'tools' })
  const as = owner.token
  return {
    t,
    as,
    images: imagesIn(t, containers),
    path: `/repositories/${containers.id}`,
    npmPath: `/repositories/${tools.id}`,
    put: (retention: unknown) => t.ask(`PUT /repositories/${containers.id}`, { as, body: { retention } }),
    [Symbol.asyncDispose]: () => t[Symbol.asyncDispose](),
  }
}

describe('the retention rule of a repository', () => {
  test('is set, shown, replaced and taken away, and told to the audit trail', async () => {
    await using s = await setUp()
    const rule = { keepLast: 10, keepMatching: ['stable', 'v*'], olderThanDays: 90, unpulledDays: 30, untaggedDays: 7 }
    assert.deepEqual((await s.put(rule)).body.retention, rule)
    assert.deepEqual((await s.t.ask(`GET ${s.path}`, { as: s.as })).body.retention, rule)
    assert.deepEqual((await s.put({ olderThanDays: 5 })).body.retention, { olderThanDays: 5 })
    const described = await s.t.ask(`PUT ${s.path}`, { as: s.as, body: { description: 'Ours' } })
    assert.deepEqual(described.body.retention, { olderThanDays: 5 })
    assert.equal((await s.put(null)).body.retention, undefined)
    const { items } = await s.t.trail.query({ action: 'repository.settings', order: 'ascending', limit: 10 })
    const told = items.map(({ value }) => (value.details as { retention?: unknown }).retention)
    assert.deepEqual(told, [rule, { olderThanDays: 5 }, undefined, null])
  })

  test('may come with a new repository of images', async () => {
    await using s = await setUp()
    const body = { protocol: 'oci', name: 'charts', retention: { keepLast: 3, olderThanDays: 0 } }
    const made = await s.t.ask('POST /organizations/acme/repositories', { as: s.as, body })
    assert.deepEqual(made.body.retention, body.retention)
  })

  const refused: [name: string, rule: unknown, field: string][] = [
    ['that says nothing', {}, 'retention'],
    ['of no patterns', { keepMatching: [] }, 'retention'],
    ['with a part that there is not', { keepFirst: 1 }, 'retention.keepFirst'],
    ['that keeps none', { keepLast: 0 }, 'retention.keepLast'],
    ['with half a day', { olderThanDays: 0.5 }, 'retention.olderThanDays'],
    ['with a pattern that is none', { olderThanDays: 1, keepMatching: ['a*b'] }, 'retention.keepMatching'],
    ['with a pattern of no tag', { olderThanDays: 1, keepMatching: ['v*', 'v1+x'] }, 'retention.keepMatching'],
    ['by which every tag would go at once', { olderThanDays: 0 }, 'retention.olderThanDays'],
  ]
  for (const [name, rule, field] of refused) {
    test(`${name} is refused`, async () => {
      await using s = await setUp()
      const { status, body } = await s.put(rule)
      assert.deepEqual([status, (body.errors?.[0] ?? body).field], [400, field])
      assert.equal((await s.t.ask(`GET ${s.path}`, { as: s.as })).body.retention, undefined)
    })
  }

  test('is for repositories of images alone', async () => {
    await using s = await setUp()
    const retention = { olderThanDays: 5 }
    const { status, body } = await s.t.ask(`PUT ${s.npmPath}`, { as: s.as, body: { retention } })
    assert.equal(status, 400)
    assert.match(body.detail, /npm take no retention rule/)
    const made = { protocol: 'npm', name: 'more', retention }
    assert.equal((await s.t.ask('POST /organizations/acme/repositories', { as: s.as, body: made })).status, 400)
    assert.equal((await s.t.ask(`PUT ${s.npmPath}`, { as: s.as, body: { retention: null } })).status, 200)
    const preview = await s.t.ask(`POST ${s.npmPath}/retention/preview`, { as: s.as, body: { rule: retention } })
    assert.equal(preview.status, 400)
  })
})

describe('a preview of retention', () => {
  test('tells what would go and why, in pages, by the rule that is set or by another, and removes nothing', async () => {
    await using s = await setUp()
    const { digest } = await s.images.push({ tags: ['a', 'b', 'c', 'new'] })
    for (const tag of ['a', 'b', 'c']) await s.images.ageTag(tag, 9 * dayMs)
    await s.put({ olderThanDays: 5, keepMatching: ['c'] })
    const preview = `POST ${s.path}/retention/preview`
    const first = await s.t.ask(`${preview}?limit=1`, { as: s.as })
    const [finding] = first.body.items
    assert.deepEqual([finding.kind, finding.image, finding.tag, finding.digest], ['tag', 'app', 'a', digest])
    assert.equal(finding.why, 'pushed 9 days ago, the rule being 5 days')
    const second = await s.t.ask(`${preview}?limit=1&cursor=${first.body.next}`, { as: s.as })
    assert.equal(second.body.items[0].tag, 'b')
    const tried = await s.t.ask(preview, { as: s.as, body: { rule: { unpulledDays: 8 } } })
    assert.deepEqual(
      tried.body.items.map(({ tag }: { tag: string }) => tag),
      ['a', 'b', 'c'],
    )
    assert.deepEqual(await s.images.tags(), ['a', 'b', 'c', 'new'])
  })

  test('needs a rule', async () => {
    await using s = await setUp()
    assert.equal((await s.t.ask(`POST ${s.path}/retention/preview`, { as: s.as })).status, 422)
    const body = { rule: { olderThanDays: 0 } }
    assert.equal((await s.t.ask(`POST ${s.path}/retention/preview`, { as: s.as, body })).status, 400)
  })
})
