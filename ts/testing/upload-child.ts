import { randomBytes } from 'node:crypto'
import { filesystemBlobStore } from '../blobs/filesystem.ts'
import { s3BlobStore } from '../blobs/s3.ts'
import type { UploadState } from '../blobs/uploads.ts'
import { uploads } from '../metadata/image-schema.ts'
import { openSqliteEngine } from '../metadata/sqlite.ts'
import type { LeaseTimes } from '../registry/images/upload-lease.ts'
import { uploadSessions } from '../registry/images/upload-sessions.ts'
import type { ChildStore } from './blob-child.ts'
import { patterned } from './bytes.ts'
import { peakMib } from './peak-memory.ts'
import { owner, recordedLink } from './uploads.ts'

// A process of its own for the upload tests, so that it can be measured and killed:
//   node upload-child.ts stall STORES-AS-JSON UPLOAD BYTES   appends bytes, then waits for more of them for ever
//   node upload-child.ts many STORES-AS-JSON COUNT BYTES     COUNT uploads at once, each in three requests

export interface ChildStores {
  readonly metadataPath: string
  readonly blobs: ChildStore
  readonly times: LeaseTimes
}

const chunkBytes = 64 * 1024
const chunks = Array.from({ length: 61 }, () => randomBytes(chunkBytes))
const [command, storesJson = '', first = '', second = ''] = process.argv.slice(2)
const stores = JSON.parse(storesJson) as ChildStores
const { blobs: at, metadataPath: path } = stores
const engine = await openSqliteEngine({ path, collections: [uploads], schemaVersion: 1 })
const blobs = await (at.kind === 'filesystem' ? filesystemBlobStore(at) : s3BlobStore(at))
const link = recordedLink(new Map())
const sessions = uploadSessions({ engine, blobs, link, maxBlobBytes: 2 ** 40, times: stores.times })
if (command === 'stall') await stall(first, Number(second))
if (command === 'many') await many(Number(first), Number(second))
await blobs.close()
await engine.close()

async function stall(id: string, sizeBytes: number): Promise<void> {
  setInterval(() => {}, 60_000)
  async function* stream() {
    yield* patterned('of the killed', sizeBytes)
    print({ sent: sizeBytes })
    await new Promise(() => {})
  }
  await sessions.append(id, owner, { bytes: stream() })
}

async function many(count: number, sizeBytes: number): Promise<void> {
  let running = 0
  let most = 0
  const one = async (first: number) => {
    most = Math.max(most, ++running)
    const { id } = await sessions.start(owner)
    await sessions.append(id, owner, { bytes: turning(sizeBytes, first) })
    await sessions.append(id, owner, { bytes: turning(sizeBytes, first + 1) })
    const { place } = (await engine.collection(uploads).get(id))?.value ?? { place: '' }
    running--
    return { sizeBytes: 2 * sizeBytes, place } satisfies UploadState
  }
  const states = await Promise.all(Array.from({ length: count }, (_, index) => one(index)))
  const staged = await Promise.all(states.map((state) => blobs.uploads.finish(state)))
  const digests = staged.map(({ digest }) => digest)
  await Promise.all(staged.map((each) => each.commit()))
  print({ digests, most, peakMib: peakMib() })
}

/** Chunks in turn, from one of them on: a source that makes no garbage, so that only the uploads' memory is measured. */
async function* turning(sizeBytes: number, first: number): AsyncIterable<Uint8Array> {
  for (let at = 0, index = first; at < sizeBytes; at += chunkBytes, index++) {
    const chunk = chunks[index % chunks.length] ?? Buffer.alloc(0)
    yield chunk.subarray(0, sizeBytes - at)
  }
}

function print(result: object): void {
  process.stdout.write(`${JSON.stringify(result)}\n`)
}
