import type { AuditCheckpointDocument, AuditStreamDocument } from '../../metadata/schema.ts'
import { chainHash, noHash } from './canonical.ts'
import type { AuditAnchor, Findings } from './findings.ts'
import { isBaseSigned } from './retention.ts'
import { type AuditStore, checkpointsId, entryId } from './store.ts'

type Head = AuditCheckpointDocument['heads'][number]

/**
 * Checks the checkpoints, given in the order of their sequence: chain, signatures, and that each entry they signed is
 * there and is what they signed. A head of each minute, not the last alone: whoever rewrites the end of a stream gets
 * the next checkpoint to sign it, but not those before.
 */
export async function checkpointCheck(store: AuditStore, findings: Findings, anchor: AuditAnchor | undefined) {
  const key = await store.key()
  const stream = checkpointsId
  const base = (await store.streams.get(checkpointsId))?.value.base
  const records = recordCheck(store, findings)
  const start = base ? { sequence: base.sequence, hash: base.hash } : { sequence: 0, hash: noHash }
  let last = start
  let count = 0
  let anchorSeen = anchor === undefined || (anchor.sequence === start.sequence && anchor.hash === start.hash)
  if (base && !isBaseSigned(key, stream, base)) {
    const words = `That checkpoints up to ${base.sequence} were removed by retention was not signed with this key.`
    findings.add({ stream, kind: 'forged', sequence: base.sequence, words })
  }

  return {
    async next(checkpoint: AuditCheckpointDocument): Promise<void> {
      const { sequence, previous, heads } = checkpoint
      if (sequence <= start.sequence) return
      count += 1
      if (!key.isSigned(checkpoint)) {
        const words = `Checkpoint ${sequence} was changed after it was signed, or not signed with this key.`
        findings.add({ stream, kind: 'forged', sequence, words })
      }
      if (sequence !== last.sequence + 1) {
        const words = `Checkpoints ${last.sequence + 1} to ${sequence - 1} are missing.`
        findings.add({ stream, kind: 'missing', sequence: last.sequence + 1, words })
      } else if (previous !== last.hash) {
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
      if (anchor && !anchorSeen && anchor.sequence > start.sequence) {
        const words = `Checkpoint ${anchor.sequence} is not the one given: the trail is not the one that was verified then.`
        findings.add({ stream, kind: 'cut', sequence: anchor.sequence, words })
      }
      return { checkpoints: count, ...(last.sequence > 0 && { anchor: last }) }
    },
  }
}

const mostRemembered = 10_000

/** Checks what checkpoints signed against the entries and the streams' records. */
function recordCheck(store: AuditStore, findings: Findings) {
  /** The last signed entry that each stream's record names, as last read. */
  const signed = new Map<string, number>()
  let behind: { readonly stream: string; readonly sequence: number }[] = []

  async function signedIn(stream: string, atLeast: number): Promise<number | undefined> {
    const known = signed.get(stream)
    if (known !== undefined && known >= atLeast) return known
    if (signed.size >= mostRemembered) signed.clear()
    const record = await store.streams.get(stream)
    if (record) signed.set(stream, record.value.sequence)
    return record?.value.sequence
  }

  async function checkEntry(checkpoint: number, [stream, sequence, hash]: Head): Promise<void> {
    const entry = await store.entries.get(entryId(stream, sequence))
    if (entry && chainHash(entry.value) === hash) return
    const record = await store.streams.get(stream)
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
