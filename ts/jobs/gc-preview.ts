import type { MetadataEngine, Page, Stored } from '../metadata/engine.ts'
import * as imageSchema from '../metadata/image-schema.ts'
import type { BlobDocument } from '../metadata/package-schema.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import { isBeingDeleted } from '../registry/blob-records.ts'
import { references } from '../registry/garbage/references.ts'
import { ago } from './words.ts'

const pageLength = 500

/** Something that a garbage collection would remove. */
export interface GarbageItem {
  readonly kind: 'upload' | 'link' | 'blob'
  /** The digest; of an upload its id. */
  readonly name: string
  /** Of uploads and links, where they are. */
  readonly repositoryId?: string
  readonly image?: string
  readonly sizeBytes: number
  /** Epoch milliseconds; of an upload when it began. */
  readonly touchedAt: number
  /** For people: `nothing refers to it; last touched 3 days ago`. */
  readonly reason: string
}

export interface PreviewOptions {
  readonly graceSeconds: number
  /** Epoch milliseconds. */
  readonly now: number
  /** Called between pages. */
  readonly rest: () => Promise<void>
}

/** What a collection would remove if it ran now, a page at a time; reads alone, and changes nothing. */
export async function* previewGarbage(engine: MetadataEngine, options: PreviewOptions): AsyncGenerator<GarbageItem> {
  const { now, graceSeconds, rest } = options
  const cutoff = now - graceSeconds * 1000
  const uploads = engine.collection(imageSchema.uploads)
  const links = engine.collection(imageSchema.blobLinks)
  const blobs = engine.collection(packageSchema.blobs)
  const { isLinkNeeded, willStay } = references(engine)

  for await (const upload of every((page) => uploads.find('byExpiry', { range: { before: now }, ...page }), rest)) {
    yield uploadItem(upload, now)
  }
  for await (const link of every((page) => links.find('byAge', { range: { before: cutoff }, ...page }), rest)) {
    if (!(await isLinkNeeded(link.value))) yield linkItem(link, now)
  }
  for (const state of ['condemned', 'deleting', 'live'] as const) {
    const load = (page: PageQuery) => blobs.find('byState', { equals: { state }, range: { before: cutoff }, ...page })
    for await (const blob of every(load, rest)) {
      if (!isBeingDeleted(blob, now) && !(await willStay(blob.id, cutoff))) yield blobItem(blob, now)
    }
  }
}

interface PageQuery {
  readonly limit: number
  readonly after?: string
}

async function* every<T>(load: (page: PageQuery) => Promise<Page<T>>, rest: () => Promise<void>) {
  for (let after: string | undefined; ; ) {
    const page = await load({ limit: pageLength, ...(after !== undefined && { after }) })
    yield* page.items
    after = page.next
    if (after === undefined) return
    await rest()
  }
}

function uploadItem({ id, value }: Stored<imageSchema.UploadDocument>, now: number): GarbageItem {
  const { repositoryId, image, sizeBytes, startedAt, expiresAt } = value
  const reason = `nobody finished it in time; its time was over ${ago(expiresAt, now)}`
  return { kind: 'upload', name: id, repositoryId, image, sizeBytes, touchedAt: startedAt, reason }
}

function linkItem({ value }: Stored<imageSchema.BlobLinkDocument>, now: number): GarbageItem {
  const { digest, repositoryId, image, sizeBytes, touchedAt } = value
  const reason = `no manifest of the image names it; last touched ${ago(touchedAt, now)}`
  return { kind: 'link', name: digest, repositoryId, image, sizeBytes, touchedAt, reason }
}

const begun = {
  live: '',
  condemned: ', and an earlier run has begun to remove it',
  deleting: ', and an earlier run has not ended its removal',
}

function blobItem({ id, value }: Stored<BlobDocument>, now: number): GarbageItem {
  const { sizeBytes, touchedAt, state } = value
  const reason = `nothing refers to it${begun[state]}; last touched ${ago(touchedAt, now)}`
  return { kind: 'blob', name: id, sizeBytes, touchedAt, reason }
}
