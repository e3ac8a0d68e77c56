import { createHash, randomBytes } from 'node:crypto'
import { filesystemBlobStore } from '../blobs/filesystem.ts'
import { s3BlobStore } from '../blobs/s3.ts'
import type { S3Options } from '../blobs/s3-client.ts'
import type { BlobStore, Digest } from '../blobs/store.ts'
import { bytesOf } from './bytes.ts'
import { peakMib } from './peak-memory.ts'

// A process of its own for the blob tests, so that it can be measured, limited and killed:
//   node blob-child.ts store|stage|fill STORE-AS-JSON BYTES
//   node blob-child.ts read STORE-AS-JSON DIGEST

export type ChildStore = { kind: 'filesystem'; dir: string } | ({ kind: 's3' } & S3Options)

/** Of a read: what it takes until then is what it should take in the end. */
const firstBytes = 256 * 1024 * 1024

const [command, storeJson, argument = ''] = process.argv.slice(2)
const store = await openStore(JSON.parse(storeJson ?? '') as ChildStore)
if (command === 'store') await storeBlob(Number(argument))
if (command === 'read') await readBlob(argument as Digest)
if (command === 'stage') await stageAndWait(Number(argument))
if (command === 'fill') await fill(Number(argument))
await store.close()

async function storeBlob(size: number): Promise<void> {
  const started = performance.now()
  const staged = await store.stage(generated(size))
  const stagedMs = performance.now() - started
  await staged.commit()
  print({
    digest: staged.digest,
    sizeBytes: staged.sizeBytes,
    stagedMs,
    tookMs: performance.now() - started,
    peakMib: peakMib(),
  })
}

async function readBlob(digest: Digest): Promise<void> {
  const started = performance.now()
  const hash = createHash('sha256')
  let sizeBytes = 0
  let firstPeakMib = 0
  for await (const chunk of (await store.read(digest)) ?? []) {
    hash.update(chunk)
    sizeBytes += chunk.byteLength
    if (firstPeakMib === 0 && sizeBytes >= firstBytes) firstPeakMib = peakMib()
  }
  const read = `sha256:${hash.digest('hex')}`
  print({ digest: read, sizeBytes, tookMs: performance.now() - started, firstPeakMib, peakMib: peakMib() })
}

/** Says that the bytes are staged, then never commits them. */
async function stageAndWait(size: number): Promise<void> {
  const { digest } = await store.stage(generated(size))
  print({ digest })
  setInterval(() => {}, 60_000)
  await new Promise(() => {})
}

/** Stores more than there is room for, then something small, and tells what became of each. */
async function fill(size: number): Promise<void> {
  const tooLarge = await store.stage(generated(size)).then(
    () => 'stored',
    (err) => err.code,
  )
  const { items: afterwards } = await store.list({})
  const left = afterwards.length + (await store.sweep(-60))
  const small = await store.stage(bytesOf('small'))
  await small.commit()
  print({ tooLarge, left, small: await store.stat(small.digest) })
}

async function openStore(from: ChildStore): Promise<BlobStore> {
  return from.kind === 'filesystem' ? filesystemBlobStore(from) : s3BlobStore(from)
}

/** A prime number of different chunks in turn, so that parts of any size differ and a lost order shows. */
async function* generated(size: number): AsyncIterable<Uint8Array> {
  const chunks = Array.from({ length: 61 }, () => randomBytes(64 * 1024))
  for (let at = 0, index = 0; at < size; index++) {
    const chunk = chunks[index % chunks.length] ?? Buffer.alloc(0)
    yield chunk.subarray(0, size - at)
    at += chunk.byteLength
  }
}

function print(result: object): void {
  process.stdout.write(`${JSON.stringify(result)}\n`)
}
