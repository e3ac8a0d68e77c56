import type { AuditEntryDocument } from '../../metadata/schema.ts'
import { canonical } from './canonical.ts'
import { csvHead, csvLine } from './csv.ts'
import { type AuditFilter, queryTrail } from './query.ts'
import { type AuditStore, checkpointsId } from './store.ts'
import { pages } from './walk.ts'

export type AuditExportFormat = 'ndjson' | 'csv'

/**
 * The trail as lines with their ends, read in pages. CSV: the entries that match, oldest first. NDJSON, each line an
 * object with `kind`:
 * - first `trail`: the public key, and whether the export is `complete`. With a filter it is not, and only entries,
 *   oldest first, follow: a proof needs all of a chain.
 * - `base` of the checkpoints if retention removed some, then every `checkpoint`;
 * - of each stream a `stream`, with its `base` if entries were removed, then every `entry` in its order.
 * An element's hash is the SHA-256 of the canonical text of its `value`. A checkpoint's signature is over the canonical
 * text of its value without `signature`; that of a base over it with `stream` (of checkpoints: `checkpoints`) and
 * `"says":"removed up to"` added. export.test.ts verifies one with nothing but these rules.
 */
export function exportTrail(store: AuditStore, format: AuditExportFormat, filter: AuditFilter): AsyncGenerator<string> {
  return format === 'csv' ? csv(store, filter) : ndjson(store, filter)
}

async function* csv(store: AuditStore, filter: AuditFilter): AsyncGenerator<string> {
  yield csvHead
  for await (const entry of matching(store, filter)) yield csvLine(entry)
}

async function* ndjson(store: AuditStore, filter: AuditFilter): AsyncGenerator<string> {
  const { keyId, publicKey } = await store.key()
  const complete = Object.values(filter).every((each) => each === undefined)
  yield line({ kind: 'trail', complete, algorithm: 'Ed25519', keyId, publicKey })
  if (complete) yield* proof(store)
  else for await (const value of matching(store, filter)) yield line({ kind: 'entry', value })
}

/** Checkpoints come first: an entry that is written meanwhile is one that they do not know yet, and not the reverse. */
async function* proof(store: AuditStore): AsyncGenerator<string> {
  const base = (await store.streams.get(checkpointsId))?.value.base
  if (base) yield line({ kind: 'base', value: base })
  const range = { after: base?.sequence ?? 0 }
  for await (const { value } of pages((page) => store.checkpoints.find('bySequence', { range, ...page }))) {
    yield line({ kind: 'checkpoint', value })
  }
  for await (const { id, value } of pages((page) => store.streams.find('byStream', page))) {
    yield line({
      kind: 'stream',
      value: { stream: id, process: value.process, ...(value.base && { base: value.base }) },
    })
    const after = value.base?.sequence ?? 0
    for await (const entry of pages((page) =>
      store.entries.find('bySequence', { equals: { stream: id }, range: { after }, ...page }),
    )) {
      yield line({ kind: 'entry', value: entry.value })
    }
  }
}

async function* matching(store: AuditStore, filter: AuditFilter): AsyncGenerator<AuditEntryDocument> {
  for (let after: string | undefined; ; ) {
    const page = await queryTrail(store, {
      ...filter,
      order: 'ascending',
      limit: 500,
      ...(after !== undefined && { after }),
    })
    for (const { value } of page.items) yield value
    after = page.next
    if (after === undefined) return
  }
}

function line(value: object): string {
  return `${canonical(value)}\n`
}
