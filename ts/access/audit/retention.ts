import type { Stored } from '../../metadata/engine.ts'
import type { AuditBase, AuditEntryDocument, AuditStreamDocument } from '../../metadata/platform-schema.ts'
import * as platformSchema from '../../metadata/platform-schema.ts'
import { chainHash, noHash } from './canonical.ts'
import { ensureCheckpointsRecord } from './checkpoints.ts'
import type { AuditKey } from './signing.ts'
import { type AuditStore, checkpointsId } from './store.ts'
import { changeStream, pages } from './walk.ts'

/** How far the clocks of replicas may differ: checkpoints stay this much longer than what they signed. */
const marginMs = 86_400_000

/** Part of what is signed, so that no signature of a checkpoint passes for one of a base. */
const says = 'removed up to'

type Cut = Pick<AuditBase, 'sequence' | 'hash'>

/** What retention removed. */
export interface Removed {
  readonly entries: number
  readonly checkpoints: number
  readonly streams: number
}

/** True when this key signed that the chain begins after the base. */
export function isBaseSigned(key: AuditKey, stream: string, base: AuditBase): boolean {
  const signed = { ...base, stream, says }
  return key.isSigned(signed)
}

function signBase(key: AuditKey, stream: string, at: number, { sequence, hash }: Cut): AuditBase {
  const { keyId, signature } = key.sign({ stream, sequence, hash, at, says })
  return { sequence, hash, at, keyId, signature }
}

/**
 * Removes what is older than `before` (epoch milliseconds): of each stream the signed entries before the first that is
 * younger, of the checkpoints those that no remaining entry needs. A signed base takes their place first, so that
 * whoever stops this at any point leaves a trail that verifies, and whoever starts it again finishes. A stream whose
 * chain is broken is evidence, and stays whole.
 */
export async function retainTrail(store: AuditStore, before: number): Promise<Removed> {
  const removed = { entries: 0, checkpoints: 0, streams: 0 }
  const mark = await ensureCheckpointsRecord(store)
  await touch(store, mark.id)
  let needed = Number.POSITIVE_INFINITY
  const done: Stored<AuditStreamDocument>[] = []
  for await (const stream of pages((page) => store.streams.find('byStream', page))) {
    const { id, value } = stream
    const cut = await cutOf(store, stream, before)
    if (cut) await setBase(store, id, cut)
    const gone = cut?.sequence ?? value.base?.sequence ?? 0
    removed.entries += await deleteEntries(store, id, gone)
    if (gone < value.sequence) needed = Math.min(needed, value.checkpoint)
    else if (value.state === 'closed' && value.startedAt < before) done.push(stream)
  }
  removed.checkpoints = await cutCheckpoints(store, before - marginMs, needed)
  removed.streams = await deleteStreams(store, done)
  await touch(store, mark.id)
  return removed
}

/** A change without a change: verification sees by the revision that retention was at work. */
async function touch(store: AuditStore, id: string): Promise<void> {
  await changeStream(store, id, (value) => ({ ...value }))
}

async function setBase(store: AuditStore, id: string, cut: Cut): Promise<void> {
  const base = signBase(await store.key(), id, store.now(), cut)
  await changeStream(store, id, (value) =>
    (value.base?.sequence ?? 0) < cut.sequence ? { ...value, base } : undefined,
  )
}

/** The last of the old entries that may go; absent when there is none, or the chain up to there is broken. */
async function cutOf(store: AuditStore, { id, value }: Stored<AuditStreamDocument>, before: number) {
  const start: Cut = value.base ?? { sequence: 0, hash: noHash }
  let last = start
  const range = { after: start.sequence, to: value.sequence }
  for await (const { value: entry } of pages((page) =>
    store.entries.find('bySequence', { equals: { stream: id }, range, ...page }),
  )) {
    if (entry.at >= before) break
    if (!follows(entry, last)) return undefined
    last = { sequence: entry.sequence, hash: chainHash(entry) }
  }
  const isWhole = last.sequence < value.sequence || last.hash === value.hash
  return last.sequence > start.sequence && isWhole ? last : undefined
}

function follows(entry: AuditEntryDocument, last: Cut): boolean {
  return entry.sequence === last.sequence + 1 && entry.previous === last.hash
}

async function deleteEntries(store: AuditStore, stream: string, to: number): Promise<number> {
  let count = 0
  for (;;) {
    const { items } = await store.entries.find('bySequence', { equals: { stream }, range: { to }, limit: 200 })
    if (items.length === 0) return count
    // One page at a time, from the beginning: a walk that is stopped leaves no hole.
    await deleteAll(store, platformSchema.auditEntries, items)
    count += items.length
  }
}

async function cutCheckpoints(store: AuditStore, before: number, needed: number): Promise<number> {
  const base = (await store.streams.get(checkpointsId))?.value.base
  let last: Cut = base ?? { sequence: 0, hash: noHash }
  let waiting: Cut | undefined
  for await (const { value } of pages((page) =>
    store.checkpoints.find('bySequence', { range: { after: base?.sequence ?? 0 }, ...page }),
  )) {
    // The last one always stays: the next is chained to it.
    if (waiting) last = waiting
    if (value.at >= before || value.sequence >= needed) break
    if (value.previous !== last.hash || value.sequence !== last.sequence + 1) break
    waiting = { sequence: value.sequence, hash: chainHash(value) }
  }
  if (last.sequence > (base?.sequence ?? 0)) await setBase(store, checkpointsId, last)
  let count = 0
  for (;;) {
    const { items } = await store.checkpoints.find('bySequence', { range: { to: last.sequence }, limit: 200 })
    if (items.length === 0) return count
    await deleteAll(store, platformSchema.auditCheckpoints, items)
    count += items.length
  }
}

/** The records of streams whose entries are gone, once no checkpoint names them any more. */
async function deleteStreams(store: AuditStore, done: readonly Stored<AuditStreamDocument>[]): Promise<number> {
  const base = (await store.streams.get(checkpointsId))?.value.base?.sequence ?? 0
  const gone = done.filter(({ value }) => value.checkpoint <= base)
  await deleteAll(store, platformSchema.auditStreams, gone)
  return gone.length
}

type AnyCollection =
  | typeof platformSchema.auditEntries
  | typeof platformSchema.auditCheckpoints
  | typeof platformSchema.auditStreams

async function deleteAll(store: AuditStore, collection: AnyCollection, items: readonly { readonly id: string }[]) {
  const outcomes = await store.engine.batch(items.map(({ id }) => ({ kind: 'delete' as const, in: collection, id })))
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}
