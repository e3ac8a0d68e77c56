import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { filesystemBlobStore } from '../blobs/filesystem.ts'
import { garbageCollector } from '../jobs/gc.ts'
import { previewGarbage } from '../jobs/gc-preview.ts'
import type { Write } from '../metadata/engine.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import { collections, schemaVersion } from '../metadata/schema.ts'
import { openSqliteEngine } from '../metadata/sqlite.ts'

// A process of its own, so that a collection of very many blobs can be measured:
//   node garbage-child.ts seed FOLDER BLOBS    makes the records; of ten blobs a file names nine
//   node garbage-child.ts preview FOLDER
//   node garbage-child.ts collect FOLDER

const [command, folder = '', count = '0'] = process.argv.slice(2)
const graceSeconds = 86_400
const atOnce = 500
const engine = await openSqliteEngine({ path: join(folder, 'stowage.db'), collections, schemaVersion })
const blobs = await filesystemBlobStore({ dir: join(folder, 'packages') })
const started = performance.now()
const result = await run()
const tookMs = Math.round(performance.now() - started)
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
const cpuMs = Math.round((userCPUTime + systemCPUTime) / 1000)
console.log(JSON.stringify({ ...result, tookMs, cpuMs, peakMib: Math.round(maxRSS / 1024) }))
await blobs.close()
await engine.close()

async function run(): Promise<object> {
  if (command === 'seed') return seed(Number(count))
  if (command === 'preview') return preview()
  const turn = { signal: new AbortController().signal, restShare: 0 }
  const { seen, removed } = await garbageCollector({ engine, blobs, graceSeconds }).collect(turn)
  return { seen, removed }
}

async function seed(wanted: number): Promise<object> {
  const touchedAt = Date.now() - 3 * graceSeconds * 1000
  for (let at = 0; at < wanted; at += atOnce) {
    const length = Math.min(atOnce, wanted - at)
    const writes = Array.from({ length }, (_, i) => writesOf(at + i, touchedAt)).flat()
    for (const outcome of await engine.batch(writes)) if (outcome.status === 'rejected') throw outcome.reason
  }
  return { seeded: wanted }
}

function writesOf(i: number, touchedAt: number): Write[] {
  const digest = `sha256:${createHash('sha256').update(String(i)).digest('hex')}`
  const value = { state: 'live', touchedAt: touchedAt + i, sizeBytes: 1000 }
  const blob: Write = { kind: 'insert', in: packageSchema.blobs, id: digest, value }
  if (i % 10 === 0) return [blob]
  const file = { packageId: `pkg_${i % 1000}`, unitId: `unt_${i}`, name: 'a.tgz', digest, sizeBytes: 1000 }
  return [blob, { kind: 'insert', in: packageSchema.files, id: `unt_${i}.0`, value: file }]
}

async function preview(): Promise<object> {
  let found = 0
  const items = previewGarbage(engine, { graceSeconds, now: Date.now(), rest: async () => {} })
  for await (const _ of items) found++
  return { found }
}
