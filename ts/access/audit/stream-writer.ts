import { hasCode } from '../../errors.ts'
import { newId } from '../../ids.ts'
import type { AuditEntryDocument } from '../../metadata/platform-schema.ts'
import * as platformSchema from '../../metadata/platform-schema.ts'
import { chainHash, noHash } from './canonical.ts'
import type { Fact } from './entries.ts'
import { type AuditStore, entryId } from './store.ts'
import { changeStream } from './walk.ts'

/** A stream that got nothing for this long is left to be closed, and its process begins another. */
export const restsAfterMs = 3_600_000

const entriesAtOnce = 100

interface Waiting {
  readonly fact: Fact
  resolve(): void
  reject(err: unknown): void
}

/** A stream of this process; only it writes there. */
interface Stream {
  readonly id: string
  sequence: number
  hash: string
  lastAt: number
  /** Numbered entries that nobody has answered for: they are written before all others, under the same numbers. */
  unanswered: AuditEntryDocument[]
}

export interface StreamWriter {
  /** Chains the fact. Resolves when it is durable; after a rejection it may be written yet, in its place. */
  append(fact: Fact): Promise<void>
  /** True when a rejected fact has its place in the chain already, and so must not be appended again. */
  hasPlace(fact: Fact): boolean
  /** Tries again what was not answered, if there is any. */
  flush(): Promise<void>
  /** Waits for what was asked for, and says that the stream has ended. */
  close(): Promise<void>
}

/**
 * Chains the entries of one process. What comes while a group is on its way is the next group: each entry is one
 * insert, a group is one batch, and the next begins when all of it is durable. So a process that is killed leaves at
 * most its last group with holes, and `settled` of the entries says so; anything else that lacks was taken away.
 */
export function streamWriter(store: AuditStore, process: string): StreamWriter {
  const queue: Waiting[] = []
  let draining: Promise<void> | undefined
  let stream: Stream | undefined
  const placed = new WeakSet<Fact>()

  async function currentStream(): Promise<Stream> {
    if (stream && store.now() - stream.lastAt < restsAfterMs) return stream
    // What is unanswered keeps its place in the old stream, so that is finished first.
    if (stream) await writeUnanswered(stream)
    if (stream) await endStream(store, stream.id)
    const id = newId('strm')
    const startedAt = store.now()
    await store.streams.insert(id, {
      stream: id,
      state: 'open',
      process,
      startedAt,
      sequence: 0,
      hash: '',
      checkpoint: 0,
    })
    stream = { id, sequence: 0, hash: noHash, lastAt: startedAt, unanswered: [] }
    return stream
  }

  async function writeUnanswered(to: Stream): Promise<void> {
    if (to.unanswered.length === 0) return
    const outcomes = await writeAll(store, to.unanswered)
    to.unanswered = to.unanswered.filter((_, i) => outcomes[i] !== undefined)
    const failed = outcomes.find((err) => err !== undefined)
    if (failed !== undefined) throw failed
  }

  async function writeGroup(group: readonly Waiting[]): Promise<void> {
    const to = await currentStream()
    await writeUnanswered(to)
    const documents = chain(to, group, store.now())
    for (const { fact } of group) placed.add(fact)
    to.unanswered = documents
    const outcomes = await writeAll(store, documents)
    to.unanswered = documents.filter((_, i) => outcomes[i] !== undefined)
    group.forEach((waiting, i) => {
      const err = outcomes[i]
      if (err === undefined) waiting.resolve()
      else waiting.reject(err)
    })
  }

  /** Throws only when nothing was asked for but what is unanswered, and that failed again. */
  async function drain(): Promise<void> {
    // What one turn of the loop records is one group.
    await undefined
    try {
      do {
        const group = queue.splice(0, entriesAtOnce)
        if (group.length > 0) await answerGroup(group)
        else if (stream) await writeUnanswered(stream)
      } while (queue.length > 0)
    } finally {
      draining = undefined
      if (queue.length > 0) draining = drain()
    }
  }

  async function answerGroup(group: readonly Waiting[]): Promise<void> {
    try {
      await writeGroup(group)
    } catch (err) {
      for (const waiting of group) waiting.reject(err)
    }
  }

  return {
    append: (fact) =>
      new Promise((resolve, reject) => {
        queue.push({ fact, resolve, reject })
        draining ??= drain()
      }),
    hasPlace: (fact) => placed.has(fact),
    async flush() {
      draining ??= drain()
      await draining
    },
    async close() {
      while (draining) await draining
      if (!stream) return
      await writeUnanswered(stream)
      await endStream(store, stream.id)
      stream = undefined
    },
  }
}

function chain(to: Stream, group: readonly Waiting[], now: number): AuditEntryDocument[] {
  const settled = to.sequence
  to.lastAt = now
  return group.map(({ fact }) => {
    to.sequence += 1
    const document = { ...fact, stream: to.id, sequence: to.sequence, previous: to.hash, settled }
    to.hash = chainHash(document)
    return document
  })
}

/** Resolves to what hindered each, `undefined` for those that are durable. An entry written by an earlier try is. */
async function writeAll(store: AuditStore, documents: readonly AuditEntryDocument[]): Promise<unknown[]> {
  try {
    const outcomes = await store.engine.batch(
      documents.map((value) => ({
        kind: 'insert' as const,
        in: platformSchema.auditEntries,
        id: entryId(value.stream, value.sequence),
        value,
      })),
    )
    return outcomes.map((outcome) =>
      outcome.status === 'fulfilled' || isWritten(outcome.reason) ? undefined : outcome.reason,
    )
  } catch (err) {
    return documents.map(() => err)
  }
}

/** Nobody else writes under the ids of this stream. */
function isWritten(err: unknown): boolean {
  return hasCode(err, 'document_exists') && err.details.conflict === 'id'
}

/** Says that nothing follows in a stream; only a checkpoint closes it. */
function endStream(store: AuditStore, id: string): Promise<void> {
  return changeStream(store, id, (value) => (value.state === 'open' ? { ...value, state: 'ended' } : undefined))
}
