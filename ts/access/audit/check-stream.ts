import type { AuditEntryDocument } from '../../metadata/platform-schema.ts'
import { chainHash, noHash } from './canonical.ts'
import { type Findings, misplacedWords, missingWords, unreadableWords } from './findings.ts'

/** What is known of a stream before its entries are read. */
export interface StreamExpectation {
  readonly stream: string
  /** The last entry that retention removed. */
  readonly base?: { readonly sequence: number; readonly hash: string }
  /** The last entry that a checkpoint signed; 0 when none did. */
  readonly signed: number
}

interface Place {
  readonly sequence: number
  /** `undefined` of one that cannot be read. */
  readonly hash: string | undefined
}

/** How many hashes are remembered to tell an entry that was moved from one that was changed. */
const rememberedHashes = 100

/**
 * Checks the entries of one stream, given in the order of their sequence from the base on, and tells `findings`. An
 * entry may lack without being a finding only in the last group of a killed process, and only where nothing signed
 * or later says that it was durable.
 */
export function streamCheck({ stream, base, signed }: StreamExpectation, findings: Findings) {
  const hashes: string[] = []
  const unreadable = new Set<number>()
  let last: Place = base ?? { sequence: 0, hash: noHash }
  let hole: { readonly from: number; readonly to: number } | undefined
  let unsigned = 0

  function checkHole(settled: number): void {
    if (!hole || settled < hole.from) return
    findings.add({ stream, kind: 'missing', sequence: hole.from, words: missingWords('Entry', hole.from, hole.to) })
    hole = undefined
  }

  function checkLink(entry: AuditEntryDocument, hash: string): void {
    if (last.hash === undefined || entry.previous === last.hash) return
    const wasMoved = hashes.includes(entry.previous) || hashes.includes(hash)
    const words = wasMoved
      ? `Entry ${entry.sequence} was chained to another than entry ${last.sequence}: they were reordered.`
      : `Entry ${last.sequence} is not what entry ${entry.sequence} was chained to: one of them was changed.`
    findings.add({ stream, kind: wasMoved ? 'reordered' : 'changed', sequence: last.sequence, words })
  }

  function passUnreadable(): void {
    while (unreadable.delete(last.sequence + 1)) last = { sequence: last.sequence + 1, hash: undefined }
  }

  return {
    /** An entry that follows and cannot be read. Call before `next` of those behind it. */
    unreadable(sequence: number): void {
      if (Number.isSafeInteger(sequence) && sequence > last.sequence) unreadable.add(sequence)
      findings.add({ stream, kind: 'unreadable', sequence, words: unreadableWords(`Entry ${sequence}`) })
    },

    misplaced(sequence: number): void {
      findings.add({ stream, kind: 'misplaced', sequence, words: misplacedWords(`Entry ${sequence}`) })
    },

    /** `sequence` is the place that the entry was read from, which it must name itself. */
    next(sequence: number, entry: AuditEntryDocument): void {
      if (entry.sequence !== sequence || entry.stream !== stream) {
        const words = `Entry ${sequence} is one that was written as entry ${entry.sequence} of ${entry.stream}.`
        findings.add({ stream, kind: 'reordered', sequence, words })
      }
      passUnreadable()
      if (sequence <= last.sequence) {
        const words = `Entry ${sequence} stands behind entry ${last.sequence}: they are in the wrong order.`
        findings.add({ stream, kind: 'reordered', sequence, words })
        return
      }
      checkHole(entry.settled)
      const hash = chainHash(entry)
      if (sequence === last.sequence + 1) checkLink(entry, hash)
      else hole ??= { from: last.sequence + 1, to: sequence - 1 }
      checkHole(Math.max(entry.settled, signed))
      hashes.push(hash)
      if (hashes.length > rememberedHashes) hashes.shift()
      if (sequence > signed) unsigned += 1
      last = { sequence, hash }
    },

    /** Call after the last entry. Resolves how many entries no checkpoint signed. */
    end(): number {
      passUnreadable()
      if (hole)
        findings.note(stream, `${missingWords('Entry', hole.from, hole.to)} Its process stopped while it wrote them.`)
      if (last.sequence < signed) {
        const words = `It ends with entry ${last.sequence}, but a checkpoint signed entry ${signed}: its end was cut off.`
        findings.add({ stream, kind: 'cut', sequence: signed, words })
      }
      return unsigned
    },
  }
}
