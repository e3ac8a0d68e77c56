import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { startServerProcess } from '../testing/server-process.ts'
import { openSmallDisk, skipWithoutMounts } from '../testing/small-disk.ts'
import { type NpmRequests, npmRequests, publishBody } from './npm-requests.ts'

const mebibyte = 1024 * 1024
const skip = skipWithoutMounts() ?? false

test('a full disk answers 507 and serves what it has; with space again all is well', { skip }, async () => {
  using disk = openSmallDisk(32)
  const filler = join(disk.path, 'filler')
  await writeFile(filler, Buffer.alloc(8 * mebibyte))
  const dataDir = join(disk.path, 'data')
  await using server = await startServerProcess({ dataDir })
  const npm = npmRequests(server.url, await server.adminToken())

  for (const bytes of [mebibyte, 16 * 1024, 256]) {
    const { published, refusal } = await publishUntilRefused(npm, `full-${bytes}`, bytes)
    assert.equal(refusal.status, 507, refusal.text)
    const { error }: { error: string } = JSON.parse(refusal.text)
    assert.match(error, /full|space/)
    for (const version of published) await npm.assertInstallable(`full-${bytes}`, version)
    const listed = Object.keys((await npm.packument(`full-${bytes}`))?.versions ?? {})
    assert.deepEqual(listed.sort(), published.sort())
    assert.deepEqual(await readdir(join(dataDir, 'packages/staging')), [])
  }

  await rm(filler)
  assert.equal(await npm.publish('afterwards', '1.0.0', randomBytes(mebibyte)), 201)
  await npm.assertInstallable('afterwards', '1.0.0')
  assert.equal(await server.stop(), 0)
  await using again = await startServerProcess({ dataDir })
  await npmRequests(again.url, await again.adminToken()).assertInstallable('afterwards', '1.0.0')
})

async function publishUntilRefused(npm: NpmRequests, name: string, bytes: number) {
  const published: string[] = []
  for (let patch = 0; ; patch++) {
    const version = `1.0.${patch}`
    const body = publishBody(name, version, randomBytes(bytes))
    const headers = { 'content-type': 'application/json' }
    const answer = await npm.request(`/${name}`, { method: 'PUT', headers, body })
    const text = await answer.text()
    if (answer.status !== 201) return { published, refusal: { status: answer.status, text } }
    published.push(version)
  }
}
