const quote = 0x22
const backslash = 0x5c
const trackedDepth = 3

export interface ScannerLimits {
  /** Nested objects and arrays. */
  maxDepth: number
  /** Keys and array elements, about. */
  maxValues: number
}

/**
 * Follows the structure of a JSON text that comes in pieces, just well enough to stop at the start of every string at
 * `_attachments.<name>.data`. Whether the text is JSON it leaves to JSON.parse: taking the contents out of a string
 * makes no text valid that was not, nor the reverse.
 */
export class AttachmentScanner {
  readonly #limits: ScannerLimits
  #depth = 0
  #values = 0
  #inString = false
  #escaped = false
  #awaits: 'key' | 'value' | 'other' = 'value'
  readonly #isObject: boolean[] = []
  /** Keys of the outermost levels, decoded; deeper ones do not matter. */
  readonly #keys: string[] = []
  #keyParts: Uint8Array[] | undefined
  readonly #onKey: (path: readonly string[]) => void
  readonly #refuse: (why: string) => never

  /**
   * `onKey` hears `[key]` at the top, and `['_attachments', name]` and `['_attachments', name, key]`, each key decoded; the array changes after the call.
   * `refuse` is called, and must throw, when a limit is exceeded.
   */
  constructor(limits: ScannerLimits, onKey: (path: readonly string[]) => void, refuse: (why: string) => never) {
    this.#limits = limits
    this.#onKey = onKey
    this.#refuse = refuse
  }

  /**
   * Reads `bytes` from index `from`. Stops just behind the opening quote of an attachment's data and tells its name, or
   * at the end of `bytes`. After the data call `scan` again, from its closing quote + 1.
   */
  scan(bytes: Uint8Array, from: number): { at: number; attachment?: string } {
    let at = from
    while (at < bytes.length) {
      if (this.#inString) at = this.#skipString(bytes, at)
      else if (bytes[at] !== quote) this.#structure(bytes[at++])
      else if (this.#startString()) return { at: at + 1, attachment: this.#keys[1] ?? '' }
      else at++
    }
    return { at }
  }

  /** True when the string that opens here is an attachment's data. */
  #startString(): boolean {
    const awaited = this.#awaits
    this.#awaits = 'other'
    if (awaited === 'value' && this.#isData()) return true
    this.#inString = true
    if (awaited === 'key' && this.#isTracked()) this.#keyParts = []
    return false
  }

  #isData(): boolean {
    return this.#depth === trackedDepth && this.#isTracked() && this.#keys[2] === 'data'
  }

  #isTracked(): boolean {
    if (this.#depth > trackedDepth) return false
    for (let level = 0; level < this.#depth; level++) if (!this.#isObject[level]) return false
    return this.#depth <= 1 || this.#keys[0] === '_attachments'
  }

  #skipString(bytes: Uint8Array, from: number): number {
    let at = from
    for (; at < bytes.length; at++) {
      if (this.#escaped) this.#escaped = false
      else if (bytes[at] === backslash) this.#escaped = true
      else if (bytes[at] === quote) break
    }
    this.#keyParts?.push(Buffer.from(bytes.subarray(from, at)))
    if (at === bytes.length) return at
    this.#inString = false
    if (this.#keyParts) this.#endKey(this.#keyParts)
    return at + 1
  }

  #endKey(parts: Uint8Array[]): void {
    this.#keyParts = undefined
    this.#keys.length = this.#depth - 1
    this.#keys.push(decodeKey(Buffer.concat(parts)))
    this.#onKey(this.#keys)
  }

  #structure(byte: number | undefined): void {
    switch (byte) {
      case 0x7b: // {
        this.#open(true)
        break
      case 0x5b: // [
        this.#open(false)
        break
      case 0x7d: // }
      case 0x5d: // ]
        this.#depth = Math.max(0, this.#depth - 1)
        this.#awaits = 'other'
        break
      case 0x2c: // ,
        this.#count()
        this.#awaits = this.#isObject[this.#depth - 1] ? 'key' : 'value'
        break
      case 0x3a: // :
        this.#awaits = 'value'
    }
  }

  #open(isObject: boolean): void {
    this.#count()
    this.#isObject[this.#depth++] = isObject
    this.#awaits = isObject ? 'key' : 'value'
    if (this.#depth > this.#limits.maxDepth) this.#refuse(`it is nested deeper than ${this.#limits.maxDepth} levels`)
  }

  #count(): void {
    if (++this.#values > this.#limits.maxValues) this.#refuse(`it has more than ${this.#limits.maxValues} values`)
  }
}

/** A key that JSON.parse would refuse stays as it is: the whole text is refused later. */
function decodeKey(raw: Buffer): string {
  const text = raw.toString()
  if (!text.includes('\\')) return text
  try {
    return JSON.parse(`"${text}"`)
  } catch {
    return text
  }
}
