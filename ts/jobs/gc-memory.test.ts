import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { openTestFolder } from '../testing/stores.ts'

const child = join(import.meta.dirname, '../testing/garbage-child.ts')
/** With a million it takes minutes: `GC_BLOBS=1000000 node --test ts/jobs/gc-memory.test.ts`. */
const blobs = Number(process.env['GC_BLOBS'] ?? 20_000)
const mostMib = 300

test(`${blobs} blobs are previewed and collected in under ${mostMib} MiB`, async (t) => {
  await using folder = await openTestFolder()
  const run = async (...words: string[]) => {
    const { stdout } = await promisify(execFile)(process.execPath, [child, ...words])
    t.diagnostic(`${words[0]}: ${stdout.trim()}`)
    return JSON.parse(stdout)
  }
  await run('seed', folder.path, String(blobs))
  const preview = await run('preview', folder.path)
  assert.equal(preview.found, blobs / 10)
  const collected = await run('collect', folder.path)
  assert.deepEqual([collected.seen, collected.removed.blobs], [blobs, blobs / 10])
  for (const { peakMib } of [preview, collected]) assert.ok(peakMib < mostMib, `it took ${peakMib} MiB`)
})
