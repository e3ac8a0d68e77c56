import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../e2e/until.ts'
import { aPublishBody } from '../protocols/npm/publish-builder.ts'
import { openTestApi } from './testing.ts'

async function setUp() {
  const t = await openTestApi()
  const root = await t.someone('root', { isPlatformAdmin: true })
  return {
    t,
    root,
    get: async (path: string) => (await t.ask(`GET /admin/${path}`, { as: root.token })).body,
    [Symbol.asyncDispose]: () => t[Symbol.asyncDispose](),
  }
}

test('statistics, storage and jobs are for platform admins', async () => {
  await using s = await setUp()
  const { token } = await s.t.someone('jane')
  for (const path of ['stats', 'storage', 'jobs']) {
    assert.equal((await s.t.ask(`GET /admin/${path}`)).status, 401)
    assert.equal((await s.t.ask(`GET /admin/${path}`, { as: token })).status, 403)
    assert.equal((await s.t.ask(`GET /admin/${path}`, { as: s.root.token })).status, 200)
  }
  assert.equal((await s.t.ask('POST /admin/jobs/usage/run')).status, 401)
  assert.equal((await s.t.ask('POST /admin/jobs/usage/run', { as: token })).status, 403)
  const { text: reader } = await s.t.aToken(s.root, { actions: ['read'] })
  assert.equal((await s.t.ask('GET /admin/jobs', { as: reader })).status, 200)
  assert.equal((await s.t.ask('POST /admin/jobs/usage/run', { as: reader })).status, 403)
})

test('what was not counted yet is said to be, and a run on request counts it', async () => {
  await using s = await setUp()
  const { countedAt, protocols, users, organizations, repositories } = await s.get('stats')
  assert.deepEqual([countedAt, protocols, users, organizations, repositories], [null, [], 1, 1, 0])
  assert.equal((await s.get('storage')).countedAt, null)
  const { name, body } = aPublishBody('lib', '1.0.0')
  assert.equal((await s.t.request('PUT', `/${name}`, { as: s.root.token, body })).status, 201)
  const sizeBytes = (await s.t.blobs.list({})).items[0]?.sizeBytes
  const begun = await s.t.ask('POST /admin/jobs/usage/run', { as: s.root.token })
  assert.deepEqual([begun.status, begun.body.name], [202, 'usage'])
  await until('it is counted', async () => (await s.get('stats')).countedAt !== null)
  const npm = { protocol: 'npm', repositories: 1, packages: 1, versions: 1, files: 1, sizeBytes, downloads: 0 }
  assert.deepEqual((await s.get('stats')).protocols, [npm])
  const storage = await s.get('storage')
  assert.deepEqual(storage.blobs, { count: 1, sizeBytes })
  assert.deepEqual(storage.protocols, [{ protocol: 'npm', files: 1, sizeBytes }])
  assert.equal(storage.repositories[0].name, 'npm')
  assert.ok(storage.disk.freeBytes > 0 && storage.disk.totalBytes >= storage.disk.freeBytes)
})

test('jobs tell what they do, when they ran and how that ended; none is refused, and one that runs', async () => {
  await using s = await setUp()
  const jobs = async () =>
    (await s.get('jobs')).items as { name: string; summary: string; last?: object; running?: object }[]
  for (const { name, summary } of await jobs()) assert.match(`${name}: ${summary}`, /^[a-z-]+: [A-Z].+\.$/)
  const run = (name: string) => s.t.ask(`POST /admin/jobs/${name}/run`, { as: s.root.token })
  const none = await run('nothing')
  assert.deepEqual([none.status, none.body.code], [404, 'job_unknown'])
  const both = await Promise.all([run('completion'), run('completion')])
  assert.deepEqual(both.map(({ status }) => status).sort(), [202, 409])
  assert.equal(both.find(({ status }) => status === 409)?.body.code, 'job_running')
  const completion = async () => (await jobs()).find(({ name }) => name === 'completion')
  await until('it has run', async () => {
    const job = await completion()
    return job?.last !== undefined && job.running === undefined
  })
  assert.partialDeepStrictEqual((await completion())?.last, { outcome: 'success' })
  assert.equal((await run('completion')).status, 202)
})
