import assert from 'node:assert/strict'
import type { ChildStore } from '../testing/blob-child.ts'
import { startBlobProcess } from '../testing/blob-process.ts'

const twoGib = 2 * 1024 ** 3
const mostMib = 200

/** Stores 2 GiB in one process and reads them in another, and looks at the memory of both. */
export async function assertLargeBlob(store: ChildStore): Promise<void> {
  const stored = await startBlobProcess('store', store, twoGib).result()
  assert.equal(stored['sizeBytes'], twoGib)
  assert.ok(Number(stored['peakMib']) < mostMib, `storing took ${stored['peakMib']} MiB`)
  const read = await startBlobProcess('read', store, String(stored['digest'])).result()
  assert.equal(read['digest'], stored['digest'])
  assert.ok(Number(read['peakMib']) < mostMib, `reading took ${read['peakMib']} MiB`)
}
