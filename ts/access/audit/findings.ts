/** What does not fit. `stream` is `checkpoints` for the checkpoints' own chain. */
export interface AuditFinding {
  readonly stream: string
  readonly kind: 'changed' | 'missing' | 'reordered' | 'cut' | 'lost' | 'forged' | 'unreadable' | 'misplaced'
  /** The entry or checkpoint; absent where the whole stream is meant. */
  readonly sequence?: number
  /** A sentence for a person. */
  readonly words: string
}

/** What a verification read and found. */
export interface AuditReport {
  readonly streams: number
  readonly entries: number
  readonly checkpoints: number
  /** At most 1000, in the order found; `moreFindings` were left out. */
  readonly findings: readonly AuditFinding[]
  readonly moreFindings: number
  /** Nothing wrong, and worth knowing: groups that a killed process left half written. At most 1000. */
  readonly notes: readonly { readonly stream: string; readonly words: string }[]
  /** Entries that no checkpoint has signed yet; of those only what the chain itself shows is known. */
  readonly unsignedEntries: number
  /** Keep it elsewhere: given to a later verification, it shows whether the trail was put back to an earlier state. */
  readonly anchor?: AuditAnchor
}

/** A checkpoint by its number and hash. */
export interface AuditAnchor {
  readonly sequence: number
  readonly hash: string
}

const mostListed = 1000

/** Gathers what a verification sees, in bounded memory. One sentence a stream, kind and place. */
export function findingsOf() {
  const findings = new Map<string, AuditFinding>()
  const notes: { stream: string; words: string }[] = []
  let more = 0
  return {
    add(finding: AuditFinding): void {
      const key = `${finding.stream} ${finding.kind} ${finding.sequence}`
      if (findings.has(key)) return
      if (findings.size < mostListed) findings.set(key, finding)
      else more += 1
    },
    note(stream: string, words: string): void {
      if (notes.length < mostListed) notes.push({ stream, words })
    },
    result: () => ({ findings: [...findings.values()], moreFindings: more, notes }),
  }
}
export type Findings = ReturnType<typeof findingsOf>

/** `Entry 5 is missing.`, `Checkpoints 5 to 7 are missing.` */
export function missingWords(what: 'Entry' | 'Checkpoint', from: number, to: number): string {
  if (from === to) return `${what} ${from} is missing.`
  return `${what === 'Entry' ? 'Entries' : 'Checkpoints'} ${from} to ${to} are missing.`
}

/** Of a record whose index fields are not those of its text. */
export function misplacedWords(what: string): string {
  return `${what} was hidden or moved in lists: what it is found by was changed, and is not what it says itself.`
}

/** Of a record that is no document. */
export function unreadableWords(what: string): string {
  return `${what} cannot be read: it was overwritten or damaged.`
}
