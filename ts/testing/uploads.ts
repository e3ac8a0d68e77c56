import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { filesystemBlobStore } from '../blobs/filesystem.ts'
import type { BlobStore, Digest } from '../blobs/store.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import { uploads } from '../metadata/image-schema.ts'
import type { ImageBlobs } from '../registry/images/images.ts'
import { type LeaseTimes, usualLeaseTimes } from '../registry/images/upload-lease.ts'
import { type UploadOwner, type UploadSessions, uploadSessions } from '../registry/images/upload-sessions.ts'
import { openTestEngine, openTestFolder } from './stores.ts'

/** Whoever uploads in these tests; nothing asks whether the repository is there. */
export const owner: UploadOwner = {
  repository: {
    id: 'repo_test',
    revision: 1,
    value: {
      organizationId: 'org_test',
      protocol: 'oci',
      name: 'oci',
      visibility: 'private',
      description: '',
      requiresApproval: false,
      refusesSimilarNames: false,
      createdAt: 0,
      createdBy: 'usr_test',
    },
  },
  image: 'app',
  ownerId: 'usr_test',
}

export const sha256 = (bytes: string | Uint8Array): Digest => `sha256:${hexOf('sha256', bytes)}`
export const sha512 = (bytes: string | Uint8Array) => `sha512:${hexOf('sha512', bytes)}`

/** A source that waits between two pieces until it is told to go on. */
export function pausing(first: Uint8Array, second: Uint8Array) {
  const reached = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  async function* source() {
    yield first
    reached.resolve()
    await released.promise
    yield second
  }
  const whole = Buffer.concat([first, second])
  return { source: source(), whole, waiting: reached.promise, goOn: released.resolve }
}

/** Commits, and remembers which stored blob a digest names. */
export function recordedLink(linked: Map<string, Digest>): ImageBlobs['link'] {
  return async (_place, digest, staged, decided) => {
    for (const outcome of await Promise.allSettled([decided, staged.commit()])) {
      if (outcome.status === 'rejected') throw outcome.reason
    }
    linked.set(digest, staged.digest)
    return { digest, blob: staged.digest, sizeBytes: staged.sizeBytes }
  }
}

export interface UploadsOptions {
  readonly times?: Partial<LeaseTimes>
  readonly maxBlobBytes?: number
  readonly now?: () => number
  /** Of the blobs; absent: a folder that goes with the rest. */
  readonly dir?: string
}

/** Upload sessions on fresh embedded stores, as two processes see them. */
export async function openUploads({ times, maxBlobBytes = 2 ** 40, now = Date.now, dir: given }: UploadsOptions = {}) {
  await using opened = new AsyncDisposableStack()
  const { store: engine } = opened.use(await openTestEngine([uploads]))
  const folder = opened.use(await openTestFolder()).path
  const dir = given ?? join(folder, 'packages')
  const staging = join(dir, 'staging')
  const linked = new Map<string, Digest>()
  const links = { fail: false }
  const link: ImageBlobs['link'] = async (...args) => {
    if (links.fail) throw new Error('no links today')
    return recordedLink(linked)(...args)
  }
  const open = async (changed = (blobs: BlobStore) => blobs): Promise<UploadSessions> => {
    const blobs = changed(await filesystemBlobStore({ dir }))
    return uploadSessions({ engine, blobs, link, maxBlobBytes, now, times: { ...usualLeaseTimes, ...times } })
  }
  const blobs = await filesystemBlobStore({ dir })
  const kept = opened.move()
  return {
    engine,
    linked,
    here: await open(),
    there: await open(),
    restart: open,
    failLinks() {
      links.fail = true
    },
    loseStaging: () => emptied(staging),
    staged: (id: string) => stagedBytes(engine, staging, id),
    assertEnded: (id: string) => assertEnded(engine, id),
    assertStored: (bytes: Buffer) => assertStored(blobs, bytes),
    assertNothingStaged: async () => assert.deepEqual(await readdir(staging), []),
    async assertNothingLeft() {
      assert.deepEqual(await blobs.list({}), { items: [] })
      assert.deepEqual(await readdir(staging), [])
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

async function assertEnded(engine: MetadataEngine, id: string): Promise<void> {
  assert.equal(await engine.collection(uploads).get(id), undefined)
}

/** Under the digest of just these bytes. */
export async function assertStored(blobs: BlobStore, bytes: Buffer): Promise<void> {
  const stored = await blobs.read(sha256(bytes))
  assert.ok(stored, 'the blob is not stored')
  assert.ok((await buffer(stored)).equals(bytes), 'other bytes are stored')
}

async function stagedBytes(engine: MetadataEngine, staging: string, id: string): Promise<Buffer> {
  const upload = await engine.collection(uploads).get(id)
  const bytes = await readFile(join(staging, upload?.value.place.split('/')[0] ?? ''))
  return bytes.subarray(0, upload?.value.sizeBytes)
}

async function emptied(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name))
}

function hexOf(name: string, bytes: string | Uint8Array): string {
  return createHash(name).update(bytes).digest('hex')
}
