/** Turns base64 text that comes in pieces into bytes, strictly: RFC 4648 section 4, padded, no white space. */
export class Base64Decoder {
  #pending = ''

  /** Characters kept back until `take` or `finish`. */
  get pendingLength(): number {
    return this.#pending.length
  }

  /** `text` is one character per byte; anything is taken here and judged by `take` and `finish`. */
  add(text: string): void {
    this.#pending += text
  }

  /** The bytes of all whole groups of four so far; `undefined` when something in them is not base64. */
  take(): Uint8Array | undefined {
    const whole = this.#pending.length & ~3
    // The last group is kept back: only there may padding stand.
    const ready = Math.max(0, whole === this.#pending.length ? whole - 4 : whole)
    const bytes = decode(this.#pending.slice(0, ready), (ready / 4) * 3)
    this.#pending = this.#pending.slice(ready)
    return bytes
  }

  /** The bytes that remain; `undefined` when they are not base64 or the text ends in the middle of a group. */
  finish(): Uint8Array | undefined {
    const text = this.#pending
    this.#pending = ''
    if (text.length % 4 !== 0) return undefined
    const stripped = text.endsWith('==') ? text.slice(0, -2) : text.endsWith('=') ? text.slice(0, -1) : text
    return decode(stripped, Math.floor((stripped.length * 3) / 4))
  }
}

/** Node's decoder skips what is not base64, so a foreign character shows as a missing byte; `-` and `_` it accepts. */
function decode(text: string, sizeBytes: number): Uint8Array | undefined {
  if (text.includes('-') || text.includes('_')) return undefined
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === sizeBytes ? bytes : undefined
}
