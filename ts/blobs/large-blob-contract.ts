import assert from 'node:assert/strict'
import type { ChildStore } from '../testing/blob-child.ts'
import { startBlobProcess } from '../testing/blob-process.ts'

const twoGib = 2 * 1024 ** 3
const mostMib = 200
/** Received bytes are garbage, of which node keeps more or less, up to some 64 MiB, as the machine's load has it. */
const mostGrowthMib = 96

/**
 * Stores 2 GiB in one process and reads them in another, and looks at the memory of both: reading all takes hardly more
 * than reading the first eighth.
 */
export async function assertLargeBlob(store: ChildStore): Promise<void> {
  const stored = await startBlobProcess('store', store, twoGib).result()
  assert.equal(stored['sizeBytes'], twoGib)
  assert.ok(Number(stored['peakMib']) < mostMib, `storing took ${stored['peakMib']} MiB`)
  const read = await startBlobProcess('read', store, String(stored['digest'])).result()
  assert.equal(read['digest'], stored['digest'])
  const [first, most] = [Number(read['firstPeakMib']), Number(read['peakMib'])]
  assert.ok(first > 0 && most - first < mostGrowthMib, `reading took ${first} MiB at its beginning, ${most} in the end`)
}
