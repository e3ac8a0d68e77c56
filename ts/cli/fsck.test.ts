import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadConfig } from '../config.ts'
import { blobRecords } from '../registry/blob-records.ts'
import { bytesOf } from '../testing/bytes.ts'
import { openCommandLine, type TestCommandLine } from '../testing/command-line.ts'
import { openStores } from './open-stores.ts'

/** Stores blobs as a server does; resolves to where their bytes are. */
async function stored(cli: TestCommandLine, ...texts: string[]): Promise<{ digest: string; path: string }[]> {
  const { engine, blobs } = await openStores(loadConfig(cli.env))
  const records = blobRecords(engine, blobs)
  const found = []
  for (const text of texts) {
    const staged = await blobs.stage(bytesOf(text))
    await records.keep([{ digest: staged.digest, sizeBytes: staged.sizeBytes, staged }])
    found.push({ digest: staged.digest, path: blobs.localPath(staged.digest) ?? '' })
  }
  await blobs.close()
  await engine.close()
  return found
}

test('sound stores end with 0, damage with 1 and what to do; a repair says where the bytes are', async () => {
  using cli = openCommandLine()
  const [first, second, third] = await stored(cli, 'first', 'second', 'third')
  assert.ok(first && second && third)
  assert.match(
    await cli.ok('fsck'),
    /^Everything is as it should be\. Looked at 3 stored blobs, 3 blob records, 0 files/,
  )
  await rm(first.path)
  await writeFile(second.path, 'SECOND')
  const told = await cli.run(['fsck'])
  assert.equal(told.code, 1)
  assert.match(told.out, new RegExp(`^bytes-missing ${first.digest}: there is a record of it, and no bytes\\. `, 'm'))
  assert.match(told.out, new RegExp(`^bytes-wrong ${second.digest}: its bytes are those of sha256:`, 'm'))
  assert.match(told.notes, /2 findings, 0 repaired\./)
  const fast = await cli.run(['fsck', '--fast'])
  assert.match(fast.notes, /1 finding, 0 repaired\./)
  const { code, out } = await cli.run(['fsck', '--repair', '--json'])
  const { items, findings, repaired, seen } = JSON.parse(out)
  const seenThings = { storedBlob: 2, blobRecord: 3, file: 0, link: 0, tag: 0, package: 0 }
  assert.deepEqual([code, findings, repaired, seen], [1, 2, 2, seenThings])
  const moved = items.find(({ kind }: { kind: string }) => kind === 'bytes-wrong').repaired
  const kept = readdirSync(join(cli.env['DATA_DIR'] ?? '', 'packages', 'quarantine'))
  assert.equal(kept.length, 1)
  assert.ok(moved.includes(kept[0]))
  assert.match(await cli.ok('fsck'), /^Everything is as it should be\. Looked at 1 stored blob, 1 blob record,/)
})
