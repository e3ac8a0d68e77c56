import { createHash } from 'node:crypto'
import type { BlobInfo, BlobStore, Digest } from '../blobs/store.ts'
import { hasCode } from '../errors.ts'
import type { Stored } from '../metadata/engine.ts'
import type { BlobDocument } from '../metadata/package-schema.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import { digestOf, isBeingDeleted } from '../registry/blob-records.ts'
import { deletionWatch } from '../registry/garbage/deletion-watch.ts'
import { references } from '../registry/garbage/references.ts'
import { blobRemoval } from '../registry/garbage/remove-blob.ts'
import { takeAwayBlob } from '../registry/garbage/take-away-blob.ts'
import { type Check, type CheckDeps, type Finding, type Found, walkOf } from './fsck-finding.ts'
import { fileNames } from './fsck-names.ts'
import { ago, counted } from './words.ts'

type Blob = Stored<BlobDocument>

/** Every record against its bytes. */
export function recordCheck(deps: CheckDeps): Check<Blob> {
  const { engine, blobs, isFast, now } = deps
  const records = engine.collection(packageSchema.blobs)
  const lostFiles = fileNames(engine)
  const watch = deletionWatch({ now })
  const removeBlob = blobRemoval({ engine, blobs, now, watch })

  function unfinished(blob: Blob): Found {
    const since = blob.value.deletingSince ?? blob.value.touchedAt
    const problem = `its deletion began ${ago(since, now())} and was not ended`
    const advice = 'The next garbage collection ends it.'
    return {
      finding: { kind: 'deletion-unfinished', subject: blob.id, problem, advice },
      async repair() {
        await watch.untilNobodys([blob])
        if (await removeBlob(blob, now() + 1)) return 'Its deletion was ended.'
        return (await records.get(blob.id))?.value.state === 'live' ? 'It is in use, and was kept.' : undefined
      },
    }
  }

  /** The damage itself, then every file that is lost by it; behind a repair the walk over files tells them. */
  async function damage(blob: Blob, kind: Finding['kind'], problem: string): Promise<Found[]> {
    const { files, more } = await lostFiles(blob.id)
    const isNamed = files.length > 0
    const advice = isNamed
      ? 'Push or publish the same bytes again, or restore them from a backup.'
      : 'Nothing names it.'
    const found: Found = { finding: { kind, subject: blob.id, problem, advice }, repair: () => takeAway(blob) }
    if (deps.repairs) return [found]
    const lost = more > 0 ? [...files, counted(more, 'more file')] : files
    return [found, ...lost.map((file): Found => ({ finding: lostFile(file, blob.id) }))]
  }

  async function takeAway(blob: Blob): Promise<string | undefined> {
    const taken = await takeAwayBlob(deps, blob)
    if (!taken) return undefined
    const moved = taken.quarantine === undefined ? '' : `The bytes were moved to ${taken.quarantine}. `
    return `${moved}The record was removed.`
  }

  /** The bytes are right, so the record is wrong. */
  function wrongSize(blob: Blob, sizeBytes: number): Found {
    const problem = `its record says ${counted(blob.value.sizeBytes, 'byte')}, and there are ${sizeBytes.toLocaleString('en')}`
    const finding: Finding = { kind: 'size-wrong', subject: blob.id, problem, advice: 'A repair corrects the record.' }
    return {
      finding,
      repair: () =>
        unlessStale(async () => {
          await records.update(blob.id, blob.revision, { ...blob.value, sizeBytes })
          return 'The record was corrected.'
        }),
    }
  }

  return {
    thing: 'blob record',
    ...walkOf(
      (page) => records.find('byState', page),
      (id) => records.get(id),
    ),
    async look(blob) {
      watch.remainingMs(blob) // its time runs from here
      if (isBeingDeleted(blob, now())) return []
      if (blob.value.state === 'deleting') return [unfinished(blob)]
      const stored = await blobs.stat(digestOf(blob.id))
      if (!stored) return damage(blob, 'bytes-missing', 'there is a record of it, and no bytes')
      const isSized = stored.sizeBytes === blob.value.sizeBytes
      if (isFast && isSized) return []
      const digest = await hashOf(blobs, stored.digest)
      if (digest === undefined) return damage(blob, 'bytes-missing', 'its bytes cannot be found')
      if (digest !== blob.id) return damage(blob, 'bytes-wrong', `its bytes are those of ${digest}`)
      return isSized ? [] : [wrongSize(blob, stored.sizeBytes)]
    },
  }
}

function lostFile(file: string, digest: string): Finding {
  return {
    kind: 'file-lost',
    subject: file,
    problem: `it cannot be downloaded: the bytes of ${digest} are damaged or gone`,
    advice: 'Push or publish the same again, or restore the bytes from a backup.',
  }
}

/** All bytes against their records. */
export function bytesCheck({ engine, blobs, now }: CheckDeps): Check<BlobInfo> {
  const records = engine.collection(packageSchema.blobs)
  const { areThere } = references(engine)

  async function adopt({ digest, sizeBytes }: BlobInfo): Promise<string> {
    await records.insert(digest, { state: 'live', touchedAt: now(), sizeBytes })
    return 'It was recorded again.'
  }

  async function setAside({ digest, sizeBytes }: BlobInfo): Promise<string | undefined> {
    const record = await records.insert(digest, { state: 'condemned', touchedAt: 0, sizeBytes })
    const taken = await takeAwayBlob({ engine, blobs, now }, record)
    return taken && `The bytes were moved to ${taken.quarantine ?? 'nowhere: they were gone'}.`
  }

  return {
    thing: 'stored blob',
    load: (after) => blobs.list({ limit: 500, ...(after !== undefined && { after: digestOf(after) }) }),
    again: ({ digest }) => blobs.stat(digest),
    async look(info) {
      if (await records.get(info.digest)) return []
      const isNamed = await areThere(info.digest)
      const problem = `there are bytes of it, and no record${isNamed ? ', though it is in use' : '; nothing names it'}`
      const advice = isNamed ? 'A repair records it.' : 'A repair moves the bytes to the quarantine.'
      return [
        {
          finding: { kind: 'bytes-unrecorded', subject: info.digest, problem, advice },
          repair: () => unlessStale(() => (isNamed ? adopt(info) : setAside(info))),
        },
      ]
    },
  }
}

/** `undefined` when there are no bytes. */
async function hashOf(blobs: BlobStore, digest: Digest): Promise<string | undefined> {
  const bytes = await blobs.read(digest)
  if (!bytes) return undefined
  const hash = createHash('sha256')
  for await (const chunk of bytes) hash.update(chunk)
  return `sha256:${hash.digest('hex')}`
}

/** What the repair did; `undefined` when somebody else changed the record first. */
export async function unlessStale<T>(repair: () => Promise<T>): Promise<T | undefined> {
  try {
    return await repair()
  } catch (err) {
    if (hasCode(err, 'revision_stale', 'document_exists')) return undefined
    throw err
  }
}
