import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import type { BlobStore, ByteRange, Digest } from '../blobs/store.ts'
import { type ErrorCode, hasCode } from '../errors.ts'
import { bytesOf } from './bytes.ts'

const mib = 1024 * 1024

/** Names no blob that there is. */
export const absent: Digest = `sha256:${'0'.repeat(64)}`

/** Stages and commits; resolves to the digest. */
export async function put(store: BlobStore, bytes: string | Uint8Array): Promise<Digest> {
  const staged = await store.stage(bytesOf(bytes))
  await staged.commit()
  return staged.digest
}

/** Neither a blob nor staging of any age. */
export async function assertNothingLeft(store: BlobStore): Promise<void> {
  await assertEmpty(store)
  assert.equal(await store.sweep(-60), 0, 'staging was left behind')
}

/** So many bytes, then a source that waits for ever; `waiting` resolves when it does. */
export function stalling(sizeBytes: number): { source: AsyncIterable<Uint8Array>; waiting: Promise<void> } {
  const { promise: waiting, resolve } = Promise.withResolvers<void>()
  async function* source() {
    for (let left = sizeBytes; left > 0; left -= mib) yield randomBytes(Math.min(left, mib))
    resolve()
    await new Promise(() => {})
  }
  return { source: source(), waiting }
}

/** Without a difference of megabytes in the message. */
export function assertSame(actual: Uint8Array, expected: Uint8Array): void {
  assert.ok(Buffer.compare(actual, expected) === 0, `${actual.byteLength} other bytes than the ${expected.byteLength}`)
}

/** No blob; staging may be there. */
export async function assertEmpty(store: BlobStore): Promise<void> {
  assert.deepEqual(await store.list({}), { items: [] })
}

/** The attempt is refused with this code. */
export async function assertRefused(code: ErrorCode, attempt: Promise<unknown>): Promise<void> {
  await assert.rejects(attempt, (err) => hasCode(err, code))
}

/** The chunks of a blob, or of a range of it, which must be there. */
export async function reading(store: BlobStore, digest: Digest, range?: ByteRange): Promise<AsyncIterable<Uint8Array>> {
  const bytes = await store.read(digest, range)
  assert.ok(bytes, `${digest} is absent`)
  return bytes
}

/** The same as one buffer. */
export async function readBytes(store: BlobStore, digest: Digest, range?: ByteRange): Promise<Buffer> {
  return buffer(await reading(store, digest, range))
}

/** The same as text. */
export async function readText(store: BlobStore, digest: Digest, range?: ByteRange): Promise<string> {
  return (await readBytes(store, digest, range)).toString()
}

/** The hash of that name, in lower-case hex. */
export function hexOf(name: string, bytes: string | Uint8Array): string {
  return createHash(name).update(bytes).digest('hex')
}

/** What a store calls a blob of these bytes. */
export function digestOf(bytes: string | Uint8Array): Digest {
  return `sha256:${hexOf('sha256', bytes)}`
}
