import type { AuditCheckpointDocument, AuditStreamDocument } from '../../metadata/platform-schema.ts'
import { chainHash, noHash } from './canonical.ts'
import { type AuditAnchor, type Findings, misplacedWords, missingWords, unreadableWords } from './findings.ts'
import { checkedOne, checkedPage, isEntry, isStream } from './readable.ts'
import { isBaseSigned } from './retention.ts'
import { type AuditStore, checkpointsId } from './store.ts'

type Head = AuditCheckpointDocument['heads'][number]

/**
 * Checks the checkpoints, given in the order of their sequence: chain, signatures, and that each entry they signed is
 * there and is what they signed. A head of each minute, not the last alone: whoever rewrites the end of a stream gets
 * the next checkpoint to sign it, but not those before.
 */
export async function checkpointCheck(store: AuditStore, findings: Findings, anchor: AuditAnchor | undefined) {
  const stream = checkpointsId
  const base = (await store.streams.get(checkpointsId))?.value.base
  const records = recordCheck(store, findings)
  const start = base ? { sequence: base.sequence, hash: base.hash } : { sequence: 0, hash: noHash }
  let last: { readonly sequence: number; readonly hash: string | undefined } = start
  const unreadable = new Set<number>()
  let count = 0
  let anchorSeen = anchor === undefined || (anchor.sequence === start.sequence && anchor.hash === start.hash)
  if (base && !isBaseSigned(await store.key(), stream, base)) {
    const words = `That checkpoints up to ${base.sequence} were removed by retention was not signed with this key.`
    findings.add({ stream, kind: 'forged', sequence: base.sequence, words })
  }

  function passUnreadable(): void {
    while (unreadable.delete(last.sequence + 1)) last = { sequence: last.sequence + 1, hash: undefined }
  }

  return {
    /** A checkpoint that follows and cannot be read. Call before `next` of those behind it. */
    unreadable(sequence: number): void {
      if (sequence <= start.sequence) return
      unreadable.add(sequence)
      findings.add({ stream, kind: 'unreadable', sequence, words: unreadableWords(`Checkpoint ${sequence}`) })
    },

    misplaced(sequence: number): void {
      findings.add({ stream, kind: 'misplaced', sequence, words: misplacedWords(`Checkpoint ${sequence}`) })
    },

    async next(checkpoint: AuditCheckpointDocument): Promise<void> {
      const { sequence, previous, heads } = checkpoint
      if (sequence <= start.sequence) return
      passUnreadable()
      count += 1
      if (!(await store.key()).isSigned(checkpoint)) {
        const words = `Checkpoint ${sequence} was changed after it was signed, or not signed with this key.`
        findings.add({ stream, kind: 'forged', sequence, words })
      }
      if (sequence !== last.sequence + 1) {
        const from = last.sequence + 1
        if (sequence > from) {
          findings.add({
            stream,
            kind: 'missing',
            sequence: from,
            words: missingWords('Checkpoint', from, sequence - 1),
          })
        } else {
          const words = `Checkpoint ${sequence} stands behind checkpoint ${last.sequence}: they are in the wrong order.`
          findings.add({ stream, kind: 'reordered', sequence, words })
        }
      } else if (last.hash !== undefined && previous !== last.hash) {
        const words = `Checkpoint ${last.sequence} is not what checkpoint ${sequence} was chained to.`
        findings.add({ stream, kind: 'changed', sequence: last.sequence, words })
      }
      last = { sequence, hash: chainHash(checkpoint) }
      if (anchor?.sequence === sequence && anchor.hash === last.hash) anchorSeen = true
      await records.checkFollowed()
      await Promise.all(heads.map((head) => records.checkHead(sequence, head)))
    },

    /** Call after the last. Resolves how many there were, and which was the last. */
    end(): { checkpoints: number; anchor?: AuditAnchor } {
      passUnreadable()
      if (anchor && !anchorSeen && anchor.sequence > start.sequence) {
        const words = `Checkpoint ${anchor.sequence} is not the one given: the trail is not the one that was verified then.`
        findings.add({ stream, kind: 'cut', sequence: anchor.sequence, words })
      }
      const { sequence, hash } = last
      return { checkpoints: count, ...(sequence > 0 && hash !== undefined && { anchor: { sequence, hash } }) }
    },
  }
}

const mostRemembered = 10_000

/** Checks what checkpoints signed against the entries and the streams' records. */
function recordCheck(store: AuditStore, findings: Findings) {
  /** The last signed entry that each stream's record names, as last read. */
  const signed = new Map<string, number>()
  let behind: { readonly stream: string; readonly sequence: number }[] = []

  /** Found as lists find it: a record that is hidden from those is lost. */
  function recordOf(stream: string) {
    return checkedOne((query) => store.streams.find('byStream', { equals: { stream }, limit: 1, ...query }), isStream)
  }

  async function signedIn(stream: string, atLeast: number): Promise<number | undefined> {
    const known = signed.get(stream)
    if (known !== undefined && known >= atLeast) return known
    if (signed.size >= mostRemembered) signed.clear()
    const record = await recordOf(stream)
    if (record) signed.set(stream, record.value.sequence)
    return record?.value.sequence
  }

  async function checkEntry(checkpoint: number, [stream, sequence, hash]: Head): Promise<void> {
    const equals = { stream, sequence }
    const { items, unreadable } = await checkedPage(
      (query) => store.entries.find('bySequence', { equals, limit: 1, ...query }),
      isEntry,
    )
    const entry = items[0]
    // What cannot be read is a finding of the stream.
    if (unreadable.length > 0 || (entry && chainHash(entry.value) === hash)) return
    const record = await recordOf(stream)
    if (!record || isRemoved(record.value, sequence, hash)) return
    const words = entry
      ? `Entry ${sequence} is not what checkpoint ${checkpoint} signed: it or one before it was changed.`
      : `Entry ${sequence}, which checkpoint ${checkpoint} signed, is missing.`
    findings.add({ stream, kind: entry ? 'changed' : 'missing', sequence, words })
  }

  return {
    async checkHead(checkpoint: number, head: Head): Promise<void> {
      const [stream, sequence] = head
      const known = await signedIn(stream, sequence)
      if (known === undefined) {
        const words = `The record of the stream is gone, although checkpoint ${checkpoint} signed its entry ${sequence}.`
        return findings.add({ stream, kind: 'lost', words })
      }
      if (known < sequence) behind.push({ stream, sequence })
      await checkEntry(checkpoint, head)
    },

    /** Records may stay behind the last checkpoint alone: whoever writes the next has them follow first. */
    async checkFollowed(): Promise<void> {
      const heads = behind
      behind = []
      for (const { stream, sequence } of heads) {
        if (((await signedIn(stream, sequence)) ?? sequence) >= sequence) continue
        const words = `The record of the stream does not know that entry ${sequence} was signed: it was set back.`
        findings.add({ stream, kind: 'changed', sequence, words })
      }
    },
  }
}

/** Retention took it, as the base says, which is checked with the stream. */
function isRemoved({ base }: AuditStreamDocument, sequence: number, hash: string): boolean {
  if (!base || sequence > base.sequence) return false
  return sequence < base.sequence || hash === base.hash
}
