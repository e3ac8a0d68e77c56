import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, readlink, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { hasCode } from '../errors.ts'
import { skipUnless } from '../testing/backends.ts'
import { startBlobProcess } from '../testing/blob-process.ts'
import { bytesOf } from '../testing/bytes.ts'
import { assertNothingLeft, put } from '../testing/stored-blobs.ts'
import { blobStoreContract } from './contract.ts'
import { filesystemBlobStore } from './filesystem.ts'
import { assertLargeBlob } from './large-blob-contract.ts'

const mib = 1024 * 1024
const straceSkip = skipUnless(existsSync('/usr/bin/strace'), 'strace is not installed (Debian: strace)')

blobStoreContract('filesystem', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'stowage-blobs-'))
  return {
    store: await filesystemBlobStore({ dir }),
    async [Symbol.asyncDispose]() {
      const open = await openBelow(dir)
      await rm(dir, { recursive: true })
      assert.deepEqual(open, [], 'a handle was left open')
    },
  }
})

test('2 GiB are stored in under 200 MiB of memory, and read in memory that does not grow with them', async (t) => {
  await assertLargeBlob({ kind: 'filesystem', dir: await temporaryDir(t) })
})

test('a process killed between stage and commit leaves no blob, and staging that a sweep removes', async (t) => {
  const dir = await temporaryDir(t)
  const child = startBlobProcess('stage', { kind: 'filesystem', dir }, 2 * mib)
  await child.result()
  await child.kill()
  const store = await filesystemBlobStore({ dir })
  assert.deepEqual(await store.list({}), { items: [] })
  assert.equal(await store.sweep(-60), 1)
})

test('staging is swept when it is a day old, not before', async (t) => {
  const dir = await temporaryDir(t)
  const store = await filesystemBlobStore({ dir })
  await store.stage(bytesOf('abandoned yesterday'))
  const [old = ''] = await readdir(join(dir, 'staging'))
  const staged = await store.stage(bytesOf('an upload in progress'))
  const ageSeconds = 86_400 + 60
  await utimes(join(dir, 'staging', old), Date.now() / 1000 - ageSeconds, Date.now() / 1000 - ageSeconds)
  assert.equal(await store.sweep(86_400), 1)
  await staged.commit()
  assert.ok(await store.stat(staged.digest))
})

test('a full disk answers storage_full, leaves nothing, and has room for less', async (t) => {
  const dir = await temporaryDir(t)
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'none', dir]).status === 0
  if (!mounted) return t.skip('mounting is not permitted here')
  try {
    await assertFills(dir, {})
  } finally {
    spawnSync('umount', [dir])
  }
})

test('a limit on the size of files answers storage_full and leaves nothing', async (t) => {
  const dir = await temporaryDir(t)
  await assertFills(dir, { largestFileKib: 2048 })
  // The last piece is written in part, without an error.
  const partial = startBlobProcess('fill', { kind: 'filesystem', dir }, 2.5 * mib, { largestFileKib: 2048 + 256 })
  assert.equal((await partial.result())['tooLarge'], 'storage_full')
})

test('a directory that cannot be written refuses to open, in one sentence', async (t) => {
  const file = join(await temporaryDir(t), 'a-file')
  await writeFile(file, '')
  const refused = (err: unknown) =>
    hasCode(err, 'unavailable') && err.message.includes(`${file}/packages cannot be written`)
  await assert.rejects(filesystemBlobStore({ dir: join(file, 'packages') }), refused)
})

test('a directory that went away is unavailable', async (t) => {
  const dir = join(await temporaryDir(t), 'packages')
  const store = await filesystemBlobStore({ dir })
  await rm(dir, { recursive: true })
  await assert.rejects(store.ping(), (err) => hasCode(err, 'unavailable'))
})

test('a blob has a local path, and foreign files beside it are not listed', async (t) => {
  const dir = await temporaryDir(t)
  const store = await filesystemBlobStore({ dir })
  const digest = await put(store, 'hello')
  const path = store.localPath(digest) ?? ''
  assert.equal(path, join(dir, 'blobs/sha256', digest.slice(7, 9), digest.slice(7)))
  await writeFile(`${path}.orig`, 'left by an administrator')
  assert.deepEqual((await store.list({})).items, [{ digest, sizeBytes: 5 }])
})

test('a deletion that is not confirmed puts the bytes back, however old they are', async (t) => {
  const dir = await temporaryDir(t)
  const store = await filesystemBlobStore({ dir })
  const digest = await put(store, 'hello')
  await utimes(store.localPath(digest) ?? '', 0, 0)
  const failing = async () => {
    assert.equal(await store.sweep(3600), 0)
    throw new Error('nobody knows')
  }
  await store.delete(digest, async () => (await store.sweep(3600)) > 0)
  assert.equal((await store.stat(digest))?.sizeBytes, 5)
  await assert.rejects(store.delete(digest, failing), /nobody knows/)
  assert.equal((await store.stat(digest))?.sizeBytes, 5)
  assert.equal(await store.sweep(-60), 0)
})

test('storing equal bytes replaces a file that was cut short, and leaves a whole one alone', async (t) => {
  const dir = await temporaryDir(t)
  const store = await filesystemBlobStore({ dir })
  const digest = await put(store, 'hello world')
  const path = store.localPath(digest) ?? ''
  const { ino } = await stat(path)
  await put(store, 'hello world')
  assert.equal((await stat(path)).ino, ino)
  await writeFile(path, 'hello')
  await put(store, 'hello world')
  assert.equal(await readFile(path, 'utf8'), 'hello world')
  assert.equal(await store.sweep(-60), 0)
})

test('bytes, then their name are on disk before a commit is answered', { skip: straceSkip ?? false }, async (t) => {
  const dir = await temporaryDir(t)
  const log = join(await temporaryDir(t), 'calls')
  const child = [
    join(import.meta.dirname, '../testing/blob-child.ts'),
    'store',
    JSON.stringify({ kind: 'filesystem', dir }),
  ]
  const traced = ['-f', '-y', '-e', 'trace=fsync,rename,write,pwrite64', '-o', log, process.execPath, ...child, '1000']
  assert.equal(spawnSync('strace', traced).status, 0)
  // Each is awaited before the next, so that the order of their beginnings tells.
  const calls = (await readFile(log, 'utf8')).split('\n')
  const order = [
    / pwrite64\(.*\/staging\//,
    / fsync\(.*\/staging\//,
    / rename\(/,
    / fsync\(.*\/sha256\/..>/,
    / write\(1</,
  ]
  const found = order.map((call) => calls.findLastIndex((line) => call.test(line)))
  assert.ok(!found.includes(-1), calls.join('\n'))
  assert.deepEqual(
    found,
    found.toSorted((a, b) => a - b),
  )
})

async function assertFills(dir: string, limits: { largestFileKib?: number }): Promise<void> {
  const result = await startBlobProcess('fill', { kind: 'filesystem', dir }, 8 * mib, limits).result()
  assert.equal(result['tooLarge'], 'storage_full')
  assert.equal(result['left'], 0)
  const store = await filesystemBlobStore({ dir })
  assert.deepEqual((await store.list({})).items, [result['small']])
  await store.delete((await store.list({})).items[0]?.digest ?? 'sha256:')
  await assertNothingLeft(store)
}

async function temporaryDir(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'stowage-blobs-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** This process's open files below the directory; none where the system cannot tell. */
async function openBelow(dir: string): Promise<string[]> {
  if (!existsSync('/proc/self/fd')) return []
  const targets = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''))
  return (await Promise.all(targets)).filter((target) => target.startsWith(dir))
}
