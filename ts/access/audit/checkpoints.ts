import { hasCode } from '../../errors.ts'
import type { Stored } from '../../metadata/engine.ts'
import type {
  AuditCheckpointDocument,
  AuditEntryDocument,
  AuditStreamDocument,
} from '../../metadata/platform-schema.ts'
import { chainHash, noHash } from './canonical.ts'
import { type AuditStore, checkpointsId } from './store.ts'
import { changeStream, pages } from './walk.ts'

/** An open stream without entries for this long belongs to a process that is gone or has begun another. */
const abandonedAfterMs = 86_400_000

/** A checkpoint names at most this many streams; those that are left come with the next. */
const mostHeads = 1000

type Head = AuditCheckpointDocument['heads'][number]

/** The id of a checkpoint, in the order of their numbers. */
export function checkpointId(sequence: number): string {
  return String(sequence).padStart(12, '0')
}

/** The last checkpoint, if there is one. */
export async function lastCheckpoint(store: AuditStore): Promise<AuditCheckpointDocument | undefined> {
  const { items } = await store.checkpoints.find('bySequence', { order: 'descending', limit: 1 })
  return items[0]?.value
}

/**
 * Signs the heads of all streams that grew, chained to the checkpoint before; writes none when nothing did. Closes
 * streams that have ended or were abandoned, once their last entry is signed. Of two at once, one writes.
 */
export async function writeCheckpoint(store: AuditStore): Promise<void> {
  const last = await lastCheckpoint(store)
  // Whoever wrote it may have been stopped before the streams' records followed.
  if (last) await follow(store, last)
  const { heads, finished } = await grownHeads(store)
  if (heads.length > 0) {
    const written = await insertNext(store, last, heads)
    if (!written) return
    await follow(store, written)
  }
  for (const id of finished) await changeStream(store, id, closed)
}

function closed(value: AuditStreamDocument): AuditStreamDocument | undefined {
  return value.state === 'open' || value.state === 'ended' ? { ...value, state: 'closed' } : undefined
}

async function grownHeads(store: AuditStore): Promise<{ heads: Head[]; finished: string[] }> {
  const heads: Head[] = []
  const finished: string[] = []
  for (const state of ['open', 'ended'] as const) {
    for await (const stream of pages((page) => store.streams.find('byState', { equals: { state }, ...page }))) {
      if (heads.length === mostHeads) return { heads, finished }
      const { head, newestAt } = await headOf(store, stream)
      if (head) heads.push(head)
      const isAbandoned = store.now() - Math.max(newestAt, stream.value.startedAt) > abandonedAfterMs
      if (state === 'ended' || isAbandoned) finished.push(stream.id)
    }
  }
  return { heads, finished }
}

/**
 * The last entry that nothing is missing before. The newest group may be half written: all before it is there, since
 * its entries say so (`settled`), and of the group itself the beginning without a hole counts.
 */
async function headOf(store: AuditStore, { id, value }: Stored<AuditStreamDocument>) {
  const equals = { stream: id }
  const newest = (await store.entries.find('bySequence', { equals, order: 'descending', limit: 1 })).items[0]?.value
  if (!newest || newest.sequence <= value.sequence) return { newestAt: newest?.at ?? 0 }
  const { settled } = newest
  const { items } = await store.entries.find('bySequence', { equals, range: { from: settled }, limit: 1000 })
  let head: AuditEntryDocument | undefined
  for (const { value: entry } of items) {
    if (entry.sequence === settled || entry.sequence === (head?.sequence ?? settled) + 1) head = entry
  }
  if (!head || head.sequence <= value.sequence) return { newestAt: newest.at }
  return { head: [id, head.sequence, chainHash(head)] satisfies Head, newestAt: newest.at }
}

/** Resolves to `undefined` when another process wrote this checkpoint first: its heads are as good. */
async function insertNext(store: AuditStore, last: AuditCheckpointDocument | undefined, heads: readonly Head[]) {
  const key = await store.key()
  const place = last ? { sequence: last.sequence + 1, previous: chainHash(last) } : { sequence: 1, previous: noHash }
  const checkpoint = key.sign({ ...place, at: store.now(), heads })
  try {
    await store.checkpoints.insert(checkpointId(checkpoint.sequence), checkpoint)
    return checkpoint
  } catch (err) {
    if (hasCode(err, 'document_exists')) return undefined
    throw err
  }
}

/** Notes in the streams' records what a checkpoint signed. */
async function follow(store: AuditStore, { sequence: checkpoint, heads }: AuditCheckpointDocument): Promise<void> {
  for (const [id, sequence, hash] of heads) {
    await changeStream(store, id, (value) =>
      value.checkpoint < checkpoint ? { ...value, sequence, hash, checkpoint } : undefined,
    )
  }
}

/** Makes the record of the checkpoints' own chain if it is missing, so that changes of it can be seen. */
export async function ensureCheckpointsRecord(store: AuditStore): Promise<Stored<AuditStreamDocument>> {
  const known = await store.streams.get(checkpointsId)
  if (known) return known
  const value = {
    state: 'checkpoints',
    process: '',
    startedAt: store.now(),
    sequence: 0,
    hash: '',
    checkpoint: 0,
  } as const
  try {
    return await store.streams.insert(checkpointsId, value)
  } catch (err) {
    const other = hasCode(err, 'document_exists') ? await store.streams.get(checkpointsId) : undefined
    if (!other) throw err
    return other
  }
}
