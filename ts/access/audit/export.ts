import type { AuditEntryDocument, AuditStreamDocument } from '../../metadata/platform-schema.ts'
import { canonical } from './canonical.ts'
import { csvHead, csvLine, csvUnreadable } from './csv.ts'
import { type AuditFilter, queryTrail } from './query.ts'
import { checkedPages, isCheckpoint, isEntry, isStream } from './readable.ts'
import { type AuditStore, checkpointsId } from './store.ts'

export type AuditExportFormat = 'ndjson' | 'csv'

/**
 * The trail as lines with their ends, read in pages. CSV: the entries that match, oldest first. NDJSON, each line an
 * object with `kind`:
 * - first `trail`: the public key, and whether the export is `complete`. With a filter it is not, and only entries,
 *   oldest first, follow: a proof needs all of a chain.
 * - `base` of the checkpoints if retention removed some, then every `checkpoint`;
 * - of each stream a `stream`, with its `base` if entries were removed, then every `entry` in its order.
 * - `unreadable`, in place of an entry or checkpoint that cannot be read: its `id`. In CSV the action says so.
 * An element's hash is the SHA-256 of the canonical text of its `value`. A checkpoint's signature is over the canonical
 * text of its value without `signature`; that of a base over it with `stream` (of checkpoints: `checkpoints`) and
 * `"says":"removed up to"` added. export.test.ts verifies one with nothing but these rules.
 */
export function exportTrail(store: AuditStore, format: AuditExportFormat, filter: AuditFilter): AsyncGenerator<string> {
  return format === 'csv' ? csv(store, filter) : ndjson(store, filter)
}

async function* csv(store: AuditStore, filter: AuditFilter): AsyncGenerator<string> {
  yield csvHead
  for await (const found of matching(store, filter)) {
    yield 'unreadable' in found ? csvUnreadable(found.unreadable) : csvLine(found)
  }
}

async function* ndjson(store: AuditStore, filter: AuditFilter): AsyncGenerator<string> {
  // The key is made with the first checkpoint, so that its being there says that there was one.
  const isBegun = (await store.streams.count('byStream', {})) > 0
  const { keyId, publicKey } = isBegun ? await store.key() : {}
  const complete = Object.values(filter).every((each) => each === undefined)
  yield line({ kind: 'trail', complete, algorithm: 'Ed25519', keyId, publicKey })
  if (complete) yield* proof(store)
  else for await (const found of matching(store, filter)) yield entryLine(found)
}

/** Checkpoints come first: an entry that is written meanwhile is one that they do not know yet, and not the reverse. */
async function* proof(store: AuditStore): AsyncGenerator<string> {
  const base = (await store.streams.get(checkpointsId))?.value.base
  if (base) yield line({ kind: 'base', value: base })
  const range = { after: base?.sequence ?? 0 }
  for await (const page of checkedPages(
    (query) => store.checkpoints.find('bySequence', { range, ...query }),
    isCheckpoint,
  )) {
    for (const id of page.unreadable) yield line({ kind: 'unreadable', id: `${checkpointsId}.${Number(id)}` })
    for (const { value } of page.items) yield line({ kind: 'checkpoint', value })
  }
  for await (const page of checkedPages((query) => store.streams.find('byStream', query), isStream)) {
    for (const id of page.unreadable) yield line({ kind: 'unreadable', id })
    for (const { id, value } of page.items) yield* streamProof(store, id, value)
  }
}

async function* streamProof(store: AuditStore, id: string, { process, base }: AuditStreamDocument) {
  yield line({ kind: 'stream', value: { stream: id, process, ...(base && { base }) } })
  const equals = { stream: id }
  const range = { after: base?.sequence ?? 0 }
  for await (const page of checkedPages(
    (query) => store.entries.find('bySequence', { equals, range, ...query }),
    isEntry,
  )) {
    for (const unreadable of page.unreadable) yield entryLine({ unreadable })
    for (const { value } of page.items) yield entryLine(value)
  }
}

/** An entry, or the id of one that cannot be read. */
type Found = AuditEntryDocument | { readonly unreadable: string }

function entryLine(found: Found): string {
  return line('unreadable' in found ? { kind: 'unreadable', id: found.unreadable } : { kind: 'entry', value: found })
}

async function* matching(store: AuditStore, filter: AuditFilter): AsyncGenerator<Found> {
  for (let after: string | undefined; ; ) {
    const page = await queryTrail(store, {
      ...filter,
      order: 'ascending',
      limit: 500,
      ...(after !== undefined && { after }),
    })
    for (const unreadable of page.unreadable) yield { unreadable }
    for (const { value } of page.items) yield value
    after = page.next
    if (after === undefined) return
  }
}

function line(value: object): string {
  return `${canonical(value)}\n`
}
