import { randomUUID } from 'node:crypto'
import { constants, type Dirent } from 'node:fs'
import { access, mkdir, readdir, rename, stat, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { performance } from 'node:perf_hooks'
import { RegistryError } from '../errors.ts'
import { asStorageError, codeOf, isMissing } from './file-errors.ts'
import { readFileBytes } from './file-reader.ts'
import { keepInFolder } from './filesystem-quarantine.ts'
import { removeBlob } from './filesystem-removal.ts'
import { fileUploads } from './filesystem-uploads.ts'
import { flush } from './flush.ts'
import { type HashResult, hashStream } from './hashing.ts'
import { removeFile, writeStagingFile } from './staging-file.ts'
import type { BlobInfo, BlobStore, Digest, StagedBlob } from './store.ts'

const shards = Array.from({ length: 256 }, (_, index) => index.toString(16).padStart(2, '0'))

interface Layout {
  readonly root: string
  /** `blobs/sha256`: 256 directories named by the first two digits, files in them by all 64. */
  readonly blobs: string
  readonly staging: string
}

/**
 * Blobs as files below `dir`, which is made if it is missing; `unavailable` when it cannot be written. Safe to open
 * in several processes at once. A blob exists once its file was renamed out of `staging`, so a crash leaves at most
 * a staging file, which `sweep` removes.
 */
export async function filesystemBlobStore(options: { dir: string }): Promise<BlobStore> {
  const dir = resolve(options.dir)
  const layout: Layout = { root: dir, blobs: join(dir, 'blobs', 'sha256'), staging: join(dir, 'staging') }
  const pathOf = (digest: Digest) => join(layout.blobs, digest.slice(7, 9), digest.slice(7))
  await makeDirectories(layout)
  return {
    kind: 'filesystem',
    uploads: fileUploads({ dir: layout.staging, staged: (path, facts) => stagedFile(path, facts, pathOf) }),
    async stage(bytes, options = {}) {
      const path = join(layout.staging, randomUUID())
      const hashed = hashStream(bytes, options)
      try {
        await writeStagingFile(path, hashed.pieces)
      } catch (err) {
        throw asStorageError(err)
      }
      return stagedFile(path, hashed.result(), pathOf)
    },
    read: (digest, range) => readFileBytes(pathOf(digest), range),
    stat: (digest) => statBlob(digest, pathOf(digest)),
    delete: (digest, confirm) => removeBlob(pathOf(digest), layout.staging, confirm),
    quarantine: (digest) => keepInFolder(pathOf(digest), join(dir, 'quarantine'), digest.slice(7)),
    list: ({ after, limit = 1000 }) => listBlobs(layout, pathOf, after, Math.min(limit, 1000)),
    sweep: (olderThanSeconds) => sweepStaging(layout, olderThanSeconds),
    localPath: pathOf,
    async ping() {
      const started = performance.now()
      await requireWritable(layout)
      return { latencyMs: performance.now() - started, version: 'filesystem' }
    },
    async close() {},
  }
}

/** All directories are made durable here, so that a commit need only flush the one it renames into. */
async function makeDirectories(layout: Layout): Promise<void> {
  try {
    const made = await mkdir(layout.staging, { recursive: true, mode: 0o700 })
    await mkdir(layout.blobs, { recursive: true, mode: 0o700 })
    const existing = new Set(await readdir(layout.blobs))
    const missing = shards.filter((shard) => !existing.has(shard))
    await Promise.all(missing.map((shard) => mkdir(join(layout.blobs, shard), { recursive: true })))
    await flushUpTo(made ? dirname(made) : layout.root, layout.blobs)
  } catch (err) {
    throw notWritable(layout, err)
  }
  await requireWritable(layout)
}

/** Flushes the directory and those above it, `top` the last. */
async function flushUpTo(top: string, path: string): Promise<void> {
  await flush(path)
  if (path !== top && path !== dirname(path)) await flushUpTo(top, dirname(path))
}

async function requireWritable(layout: Layout): Promise<void> {
  try {
    for (const path of [layout.staging, layout.blobs])
      await access(path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (err) {
    throw notWritable(layout, err)
  }
}

function notWritable(layout: Layout, cause: unknown): RegistryError {
  const message = `The blob directory ${layout.root} cannot be written (${codeOf(cause)}); check its owner, its mode and its mount`
  return new RegistryError('unavailable', message, {}, { cause })
}

function stagedFile(path: string, facts: HashResult, pathOf: (digest: Digest) => string): StagedBlob {
  let isGone = false
  const discard = async () => {
    if (isGone) return
    await removeFile(path)
    isGone = true
  }
  return {
    ...facts,
    discard,
    async commit() {
      const final = pathOf(facts.digest)
      try {
        const known = await statBlob(facts.digest, final)
        if (known?.sizeBytes === facts.sizeBytes) await discard()
        else await rename(path, final)
        isGone = true
        // Also where the file was there before: another process may have renamed it a moment ago.
        await flush(dirname(final))
      } catch (err) {
        throw asStorageError(err)
      }
    },
  }
}

async function statBlob(digest: Digest, path: string): Promise<BlobInfo | undefined> {
  try {
    return { digest, sizeBytes: (await stat(path)).size }
  } catch (err) {
    if (isMissing(err)) return undefined
    throw err
  }
}

async function listBlobs(
  layout: Layout,
  pathOf: (digest: Digest) => string,
  after: Digest | undefined,
  limit: number,
): ReturnType<BlobStore['list']> {
  const found: Digest[] = []
  const afterHex = after?.slice(7) ?? ''
  for (const shard of shards) {
    if (shard < afterHex.slice(0, 2)) continue
    const names = await readdir(join(layout.blobs, shard))
    const hexes = names.filter((name) => /^[0-9a-f]{64}$/.test(name) && name > afterHex).sort()
    for (const hex of hexes) found.push(`sha256:${hex}`)
    if (found.length > limit) break
  }
  const page = found.slice(0, limit)
  const infos = await Promise.all(page.map((digest) => statBlob(digest, pathOf(digest))))
  const items = infos.filter((info) => info !== undefined)
  const next = page.at(-1)
  return found.length > limit && next ? { items, next } : { items }
}

async function sweepStaging(layout: Layout, olderThanSeconds: number): Promise<number> {
  const newestMs = Date.now() - olderThanSeconds * 1000
  let removed = 0
  for (const entry of await readdir(layout.staging, { withFileTypes: true })) {
    if (await removeOlder(entry, newestMs)) removed++
  }
  return removed
}

async function removeOlder(entry: Dirent, newestMs: number): Promise<boolean> {
  const path = join(entry.parentPath, entry.name)
  try {
    if (!entry.isFile() || (await stat(path)).mtimeMs > newestMs) return false
    await unlink(path)
    return true
  } catch (err) {
    if (isMissing(err)) return false // committed or discarded meanwhile
    throw err
  }
}
