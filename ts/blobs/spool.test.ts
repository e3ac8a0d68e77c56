import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir, readlink } from 'node:fs/promises'
import { test } from 'node:test'
import { Spool, spoolPools } from './spool.ts'

const mib = 1024 * 1024

test('a spool returns what was added, in pieces of any size', async () => {
  const bytes = randomBytes(mib)
  for (const pieceBytes of [1, 1000, 300_000, mib]) {
    const length = pieceBytes === 1 ? 20_000 : mib
    const spool = new Spool(spoolPools(mib))
    for (let at = 0; at < length; at += pieceBytes)
      await spool.add(bytes.subarray(at, Math.min(at + pieceBytes, length)))
    assert.deepEqual(await copyOf(spool), bytes.subarray(0, length))
    await spool.release()
  }
})

test('a full spool takes nothing more', async () => {
  const spool = new Spool(spoolPools(mib))
  assert.equal(await spool.add(Buffer.alloc(mib - 1)), mib - 1)
  assert.equal(await spool.add(Buffer.alloc(10)), 1)
  assert.equal(await spool.add(Buffer.alloc(10)), 0)
  assert.equal(spool.sizeBytes, mib)
  await spool.release()
})

test('when all buffers are taken the next spools go to files, which a release closes', async () => {
  const pools = spoolPools(mib)
  const contents = Array.from({ length: 12 }, () => randomBytes(mib - 7))
  const spools = contents.map(() => new Spool(pools))
  for (const [index, spool] of spools.entries()) await spool.add(contents[index] ?? Buffer.alloc(0))
  const files = await openSpoolFiles()
  assert.ok(files >= 1 && files < spools.length, `${files} of ${spools.length} are in files`)
  const copies = await Promise.all(spools.map(copyOf))
  assert.deepEqual(copies, contents)
  for (const spool of spools) await spool.release()
  assert.equal(await openSpoolFiles(), 0)
})

test('a released buffer serves the next spool', async () => {
  const pools = spoolPools(mib)
  for (let round = 0; round < 20; round++) {
    const spool = new Spool(pools)
    await spool.add(Buffer.alloc(mib))
    assert.equal(await openSpoolFiles(), 0)
    await spool.release()
    await spool.release()
  }
})

function copyOf(spool: Spool): Promise<Buffer> {
  return spool.withBytes(async (bytes) => Buffer.from(bytes))
}

async function openSpoolFiles(): Promise<number> {
  const fds = await readdir('/proc/self/fd')
  const targets = await Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  return targets.filter((target) => target.includes('stowage-upload-')).length
}
