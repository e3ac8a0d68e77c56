import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { aPublishBody } from './publish-builder.ts'
import { json, type Npm, ok, openNpm } from './testing.ts'

const packumentOf = async (t: Npm) => json(await t.request('GET', '/lib?write=true', { as: t.owner }))

async function refusal(response: Response): Promise<{ status: number; error: string; field?: string }> {
  const { error, field } = JSON.parse(await response.text())
  return { status: response.status, error, field }
}

test('where approval is demanded, a publish is told what to run instead, and an edit is not', async () => {
  await using t = await openNpm()
  await ok(await t.publish(aPublishBody('lib', '1.0.0')))
  const main = await t.access.organizations.findByName('main')
  const [repository] = (await t.access.repositories.list(main?.id ?? '', {})).items
  await t.access.repositories.configure(repository?.id ?? '', { requiresApproval: true })
  const { status, error } = await refusal(await t.publish(aPublishBody('lib', '1.1.0')))
  assert.equal(status, 403)
  assert.match(error, /^Repository "npm" accepts staged publishes only: run "npm stage publish"/)
  const { _rev, ...packument } = await packumentOf(t)
  packument.versions['1.0.0'].deprecated = 'old'
  await ok(await t.request('PUT', '/lib', { as: t.owner, body: packument }))
})

describe('a document that changes nothing', () => {
  for (const { name, at, body } of [
    { name: 'the packument, with its revision', at: (rev: string) => `/-rev/${rev}`, body: (all: object) => all },
    { name: 'the packument, without one', at: () => '', body: (all: object) => all },
    {
      name: 'the same owners',
      at: (rev: string) => `/-rev/${rev}`,
      body: ({ _id, _rev, maintainers }: Record<string, unknown>) => ({ _id, _rev, maintainers }),
    },
  ]) {
    test(`${name}, is answered as done and leaves the revision as it is`, async () => {
      await using t = await openNpm()
      await ok(await t.publish(aPublishBody('lib', '1.0.0')))
      const before = await packumentOf(t)
      const answer = await t.request('PUT', `/lib${at(before._rev)}`, { as: t.owner, body: body(before) })
      assert.equal(answer.status, 201)
      assert.equal((await json(answer)).ok, true)
      assert.equal((await packumentOf(t))._rev, before._rev)
    })
  }
})

describe('a deprecation message with control characters is refused, naming the field', () => {
  const field = 'versions["1.0.0"].deprecated'
  const message = 'old \u001b[2Jnew'

  test('in an edit', async () => {
    await using t = await openNpm()
    await ok(await t.publish(aPublishBody('lib', '1.0.0')))
    const packument = await packumentOf(t)
    packument.versions['1.0.0'].deprecated = message
    const {
      status,
      error,
      field: named,
    } = await refusal(await t.request('PUT', '/lib', { as: t.owner, body: packument }))
    assert.deepEqual([status, named], [400, field])
    assert.match(error, /holds the control character U\+001B; write the message as plain text\.$/)
    packument.versions['1.0.0'].deprecated = 'two lines\n\tof text'
    await ok(await t.request('PUT', '/lib', { as: t.owner, body: packument }))
  })

  test('in a publish', async () => {
    await using t = await openNpm()
    const { status, field: named } = await refusal(
      await t.publish(aPublishBody('lib', '1.0.0').withManifest({ deprecated: message })),
    )
    assert.deepEqual([status, named], [400, field])
  })
})

test('an integrity of an algorithm that nobody knows is refused, and leaves nothing', async () => {
  await using t = await openNpm()
  for (const integrity of ['md5-AAAA', 'garbage', 'constructor-AAAA']) {
    const { status, error, field } = await refusal(
      await t.publish(aPublishBody('lib', '1.0.0').withManifest({ dist: { integrity } })),
    )
    assert.deepEqual([status, field], [400, 'versions["1.0.0"].dist.integrity'])
    assert.ok(error.includes(`holds "${integrity}", which is no hash that installs know; send "sha512-`), error)
  }
  assert.equal((await t.request('GET', '/lib', { as: t.owner })).status, 404)
})

test('a tarball that is recorded but gone from the store is the fault of the server', async () => {
  await using t = await openNpm()
  await ok(await t.publish(aPublishBody('lib', '1.0.0')))
  for (const { digest } of (await t.blobs.list({})).items) await t.blobs.delete(digest)
  const { status, error } = await refusal(await t.request('GET', '/lib/-/lib-1.0.0.tgz', { as: t.owner }))
  assert.equal(status, 503)
  assert.match(error, /missing in the store/)
})

test('what a client sent is repeated to it in part alone', async () => {
  await using t = await openNpm()
  const long = 'x'.repeat(5000)
  const answers = [
    await t.publish(aPublishBody('lib', '1.0.0').withDocument({ 'dist-tags': { latest: long } })),
    await t.publish(aPublishBody('lib', '1.0.0').withManifest({ dist: { integrity: long } })),
    await t.request('GET', `/lib/-/${long}.tgz`, { as: t.owner }),
    await t.request('POST', `/-/${long}`, { as: t.owner }),
    await t.request('DELETE', `/-/stage/${long}`, { as: t.owner }),
  ]
  for (const answer of answers) {
    assert.ok(answer.status >= 400)
    assert.ok((await answer.text()).length < 600, answer.url)
  }
})
