import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type ServerProcess, startServerProcess } from '../testing/server-process.ts'
import { type NpmRequests, npmRequests } from './npm-requests.ts'
import { openTwoReplicas, skipWithoutReplicas } from './two-replicas.ts'
import { until } from './until.ts'

const skip = skipWithoutReplicas() ?? false

describe('two servers on one MongoDB and one S3', { skip }, () => {
  const opened = new AsyncDisposableStack()
  let servers: readonly [ServerProcess, ServerProcess]
  let here: NpmRequests
  let there: NpmRequests

  before(async () => {
    servers = opened.use(await openTwoReplicas()).servers
    const token = await servers[0].adminToken()
    here = npmRequests(servers[0].url, token)
    there = npmRequests(servers[1].url, token)
  })
  after(() => opened.disposeAsync())

  test('what one has answered the other knows at the very next read', async () => {
    for (let patch = 0; patch < 10; patch++) {
      const [writer, reader] = patch % 2 === 0 ? [here, there] : [there, here]
      assert.equal(await writer.publish('shared', `1.0.${patch}`), 201)
      await reader.assertInstallable('shared', `1.0.${patch}`)
      assert.equal((await reader.packument('shared'))?.['dist-tags']['latest'], `1.0.${patch}`)
    }
  })

  test('of 20 that race for one version on both, exactly one wins', async () => {
    const racers = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? here : there).publish('raced', '1.0.0', `${i}`))
    const statuses = await Promise.all(racers)
    assert.deepEqual(statuses.toSorted(), [201, ...Array(19).fill(403)])
    await here.assertInstallable('raced', '1.0.0')
    await there.assertInstallable('raced', '1.0.0')
  })

  test('20 versions of one package, published on both at once, are all there', async () => {
    const racers = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? here : there).publish('busy', `1.0.${i}`))
    assert.deepEqual(new Set(await Promise.all(racers)), new Set([201]))
    for (const npm of [here, there]) {
      assert.equal(Object.keys((await npm.packument('busy'))?.versions ?? {}).length, 20)
    }
  })

  test('both sign with the same key', async () => {
    const keys = await Promise.all(servers.map(async ({ url }) => (await fetch(`${url}/-/npm/v1/keys`)).text()))
    assert.match(keys[0] ?? '', /keyid/)
    assert.equal(keys[0], keys[1])
  })

  // The last: it ends one of the two.
  test('downloads on both add up', async () => {
    // Equal otherwise, so what is downloaded more comes first: three on one side, two and two on both.
    for (const name of ['tool-a', 'tool-b']) await here.publish(name, '1.0.0')
    for (let i = 0; i < 3; i++) await here.assertInstallable('tool-a', '1.0.0')
    for (const npm of [here, there]) for (let i = 0; i < 2; i++) await npm.assertInstallable('tool-b', '1.0.0')
    assert.equal(await servers[1].stop(), 0)
    await until('tool-b comes first', async () => (await found(here, 'tool'))[0] === 'tool-b')
  })
})

test('with WORKERS=2 no worker shows what was before an answered publish', async () => {
  await using server = await startServerProcess({ env: { WORKERS: '2' } })
  const npm = npmRequests(server.url, await server.adminToken())
  for (let patch = 0; patch < 200; patch++) {
    assert.equal(await npm.publish('fresh', `1.0.${patch}`), 201)
    // Asked together they go over connections of their own, kept alive, that belong to either worker.
    const answers = await Promise.all(Array.from({ length: 4 }, () => npm.packument('fresh')))
    for (const packument of answers) assert.equal(packument?.['dist-tags']['latest'], `1.0.${patch}`)
  }
  await until('both workers have answered', async () => (await workersThatAnswered(npm)) === 2)
})

/** How many of the workers the kept-alive connections lead to: request ids begin with their process's. */
async function workersThatAnswered(npm: NpmRequests): Promise<number> {
  const answers = await Promise.all(Array.from({ length: 32 }, () => npm.request('/-/ping')))
  return new Set(answers.map((answer) => answer.headers.get('x-request-id')?.replace(/-[^-]*$/, ''))).size
}

async function found(npm: NpmRequests, text: string): Promise<readonly string[]> {
  const answer = await npm.request(`/-/v1/search?text=${text}`)
  const { objects }: { objects: { package: { name: string } }[] } = JSON.parse(await answer.text())
  return objects.map((object) => object.package.name)
}
