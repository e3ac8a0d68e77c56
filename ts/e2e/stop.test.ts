import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { type ServerProcess, startServerProcess } from '../testing/server-process.ts'
import { openTestFolder } from '../testing/stores.ts'
import { type NpmRequests, npmRequests } from './npm-requests.ts'
import { beginDownload, beginUpload, isRefused, largeContent } from './slow-clients.ts'
import { until } from './until.ts'

const largeTarball = '/large/-/large-1.0.0.tgz'

/** A server with a package whose tarball no connection takes at once. */
async function withLargePackage(server: ServerProcess): Promise<{ token: string; npm: NpmRequests }> {
  const token = await server.adminToken()
  const npm = npmRequests(server.url, token)
  assert.equal(await npm.publish('large', '1.0.0', largeContent), 201)
  return { token, npm }
}

for (const workers of ['1', '2']) {
  test(`SIGTERM lets a download and an upload finish, takes nobody else, exits with 0 (WORKERS=${workers})`, async () => {
    await using folder = await openTestFolder()
    const options = { dataDir: join(folder.path, 'data'), env: { WORKERS: workers } }
    await using server = await startServerProcess(options)
    const { token } = await withLargePackage(server)
    const download = await beginDownload(server.url, token, largeTarball)
    const upload = await beginUpload(server.url, token, 'uploaded')
    server.signal('SIGTERM')
    await until('new connections are refused', () => isRefused(server.url))

    assert.equal((await upload.finish()).status, 201)
    const { status, body } = await download.finish()
    assert.equal(status, 200)
    assert.ok(body.length > largeContent.length)
    assert.equal(await server.exited, 0)

    await using again = await startServerProcess(options)
    await npmRequests(again.url, token).assertInstallable('uploaded', '1.0.0')
  })
}

test('downloads that were counted are written before the end', async () => {
  await using folder = await openTestFolder()
  const options = { dataDir: join(folder.path, 'data') }
  await using server = await startServerProcess(options)
  const token = await server.adminToken()
  const npm = npmRequests(server.url, token)
  for (const name of ['tool-a', 'tool-b']) await npm.publish(name, '1.0.0')
  assert.deepEqual(await found(npm), ['tool-a', 'tool-b'])
  for (let i = 0; i < 3; i++) await npm.assertInstallable('tool-b', '1.0.0')
  assert.equal(await server.stop(), 0)
  await using again = await startServerProcess(options)
  // Equal otherwise, so what is downloaded more comes first.
  assert.deepEqual(await found(npmRequests(again.url, token)), ['tool-b', 'tool-a'])
})

test('a second SIGINT ends at once, whatever still runs', async () => {
  await using server = await startServerProcess()
  const { token } = await withLargePackage(server)
  const download = await beginDownload(server.url, token, largeTarball)
  const startedAt = performance.now()
  server.signal('SIGINT')
  await until('new connections are refused', () => isRefused(server.url))
  const again = setInterval(() => server.signal('SIGINT'), 100)
  assert.equal(await server.exited, 130)
  clearInterval(again)
  assert.ok(performance.now() - startedAt < 10_000)
  download.abort()
})

test('what does not finish within SHUTDOWN_TIMEOUT is cut, and the exit is still an orderly one', async () => {
  await using server = await startServerProcess({ env: { SHUTDOWN_TIMEOUT: '1s' } })
  const { token } = await withLargePackage(server)
  const download = await beginDownload(server.url, token, largeTarball)
  const startedAt = performance.now()
  assert.equal(await server.stop(), 0)
  assert.ok(performance.now() - startedAt < 10_000)
  await assert.rejects(download.finish())
})

async function found(npm: NpmRequests): Promise<readonly string[]> {
  const answer = await npm.request('/-/v1/search?text=tool')
  const { objects }: { objects: { package: { name: string } }[] } = JSON.parse(await answer.text())
  return objects.map((object) => object.package.name)
}
