import { RegistryError } from '../../errors.ts'
import { Base64Decoder } from './base64-text.ts'
import { type HandOff, handOff } from './hand-off.ts'

/** What became of an attachment's `data`: bytes went to `onAttachment`, which gave `result`; or text was collected. */
export type ParsedAttachment<T> = { kind: 'bytes'; result: T; sizeBytes: number } | { kind: 'text'; text: string }

/** Reads the contents of one JSON string that comes in windows. */
export interface DataReader<T> {
  readonly name: string
  /** Reads from index `from`; gives the index of the closing quote, or `window.length` when there is more to come. */
  take(window: Buffer, from: number): Promise<number>
  /** After the closing quote. Rejects with `payload_invalid` when the data is not what it should be. */
  finish(): Promise<ParsedAttachment<T>>
  /** Ends early; settles when whoever gets the bytes has stopped. Never rejects. */
  abandon(reason: unknown): Promise<void>
}

/** `_attachments["name"].data`, for messages and for the field of an error. */
export function dataField(name: string): string {
  return `_attachments[${JSON.stringify(name)}].data`
}

const quote = 0x22
const backslash = 0x5c
const pieceChars = 64 * 1024

/** Data that is base64: its bytes go to `onAttachment` while they arrive, at most `maxBytes` of them. */
export function base64Reader<T>(
  name: string,
  maxBytes: number,
  onAttachment: (name: string, bytes: AsyncIterable<Uint8Array>) => Promise<T>,
): DataReader<T> {
  const field = dataField(name)
  const channel = handOff()
  const decoder = new Base64Decoder()
  const spans = new StringSpans(field)
  const result = onAttachment(name, channel.bytes)
  result.then(channel.drop, channel.fail)
  let sizeBytes = 0

  async function pass(bytes: Uint8Array | undefined): Promise<void> {
    if (!bytes) refuse(`${field} is not base64; send the tarball's bytes as padded base64 without white space.`, field)
    sizeBytes += bytes.length
    if (sizeBytes > maxBytes) tooLarge(`${field} is larger than ${maxBytes} bytes.`, field)
    if (bytes.length > 0) await channel.write(bytes)
  }
  return {
    name,
    async take(window, from) {
      const at = spans.read(window, from, (text) => decoder.add(text))
      if (decoder.pendingLength >= pieceChars) await pass(decoder.take())
      return at
    },
    async finish() {
      await pass(decoder.take())
      await pass(decoder.finish())
      channel.end()
      return { kind: 'bytes', result: await result, sizeBytes }
    },
    abandon: (reason) => stop(channel, result, reason),
  }
}

async function stop(channel: HandOff, result: Promise<unknown>, reason: unknown): Promise<void> {
  channel.fail(reason)
  await result.catch(() => {})
}

/** Data that is text, at most `maxBytes` of it as written in JSON. */
export function textReader(name: string, maxBytes: number): DataReader<never> {
  const field = dataField(name)
  const parts: Buffer[] = []
  let size = 0
  let escaped = false

  function end(window: Buffer, from: number): number {
    for (let at = from; at < window.length; at++) {
      if (escaped) escaped = false
      else if (window[at] === backslash) escaped = true
      else if (window[at] === quote) return at
    }
    return window.length
  }
  return {
    name,
    async take(window, from) {
      const at = end(window, from)
      size += at - from
      if (size > maxBytes) tooLarge(`${field} is larger than ${maxBytes} bytes.`, field)
      parts.push(Buffer.from(window.subarray(from, at)))
      return at
    },
    async finish() {
      return { kind: 'text', text: parseText(Buffer.concat(parts), field) }
    },
    async abandon() {},
  }
}

function parseText(raw: Buffer, field: string): string {
  try {
    return JSON.parse(`"${new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw)}"`)
  } catch (err) {
    throw new RegistryError(
      'payload_invalid',
      `${field} is not a JSON string of UTF-8 text.`,
      { field },
      { cause: err },
    )
  }
}

/** Cuts a JSON string into runs of plain characters and escapes, for data where escapes are rare. */
class StringSpans {
  readonly #field: string
  /** The escape that a window's end has cut, from its backslash on. */
  #escape = ''

  constructor(field: string) {
    this.#field = field
  }

  /** Gives the index of the closing quote or `window.length`; `add` gets the text, one character per byte. */
  read(window: Buffer, from: number, add: (text: string) => void): number {
    let at = from
    let nextQuote = -1
    let nextBackslash = -1
    while (at < window.length) {
      if (this.#escape) {
        this.#escape += String.fromCharCode(window[at++] ?? 0)
        this.#endEscape(add)
        continue
      }
      // Each is searched again only when passed: data full of escapes must not take quadratic time.
      if (nextQuote < at) nextQuote = found(window, quote, at)
      if (nextBackslash < at) nextBackslash = found(window, backslash, at)
      const end = Math.min(nextQuote, nextBackslash)
      if (end > at) add(window.toString('latin1', at, end))
      if (end === nextQuote) return end
      this.#escape = '\\'
      at = end + 1
    }
    return at
  }

  #endEscape(add: (text: string) => void): void {
    const sequence = this.#escape
    if (sequence.length < (sequence[1] === 'u' ? 6 : 2)) return
    this.#escape = ''
    try {
      add(JSON.parse(`"${sequence}"`))
    } catch (err) {
      const message = `${this.#field} holds the escape ${JSON.stringify(sequence)}, which JSON does not know.`
      throw new RegistryError('payload_invalid', message, { field: this.#field }, { cause: err })
    }
  }
}

function found(window: Buffer, byte: number, from: number): number {
  const at = window.indexOf(byte, from)
  return at === -1 ? window.length : at
}

function refuse(message: string, field: string): never {
  throw new RegistryError('payload_invalid', message, { field })
}

function tooLarge(message: string, field: string): never {
  throw new RegistryError('payload_too_large', message, { field })
}
