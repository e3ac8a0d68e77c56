import { RegistryError } from '../../errors.ts'
import { base64Reader, type DataReader, dataField, type ParsedAttachment, textReader } from './attachment-data.ts'
import { AttachmentScanner } from './json-scanner.ts'

export interface PublishBodyLimits {
  /** Of the body without its attachments' data. Parsing it stops the event loop for about 8 ms a megabyte. */
  maxDocumentBytes: number
  /** Of one attachment, decoded. */
  maxAttachmentBytes: number
  /** Of one attachment that is text, as written in JSON. */
  maxTextBytes: number
  maxAttachments: number
  /** Nested objects and arrays. */
  maxDepth: number
  /** Keys and array elements, about. */
  maxValues: number
}

/** Suits a packument of 2,000 versions, which unpublish and deprecate send back whole. */
export const defaultPublishBodyLimits: PublishBodyLimits = {
  maxDocumentBytes: 16 * 1024 * 1024,
  maxAttachmentBytes: 512 * 1024 * 1024,
  maxTextBytes: 1024 * 1024,
  maxAttachments: 4,
  maxDepth: 100,
  maxValues: 500_000,
}

export interface PublishBody<T> {
  /** The body as JSON.parse gives it, the data of the attachments replaced by `""`. */
  document: unknown
  /** By name, those whose data was a string. */
  attachments: Map<string, ParsedAttachment<T>>
}

export interface PublishBodyOptions<T> {
  limits: PublishBodyLimits
  /** True for an attachment whose data is a string of text, not base64, such as `*.sigstore`. */
  isText(name: string): boolean
  /**
   * Gets an attachment's bytes as they arrive; reading is held back until they are taken. Its rejection ends the
   * parsing with the same reason. What it has stored must be dropped when the parsing fails afterwards.
   */
  onAttachment(name: string, bytes: AsyncIterable<Uint8Array>): Promise<T>
}

const windowBytes = 256 * 1024
/** Work done between two turns of the event loop, when the source never makes us wait. */
const bytesPerTurn = 1024 * 1024
const closingQuote = Buffer.from('"')

/**
 * Reads a publish body without ever holding its attachments. Accepts what JSON.parse accepts, except: invalid UTF-8, a
 * byte order mark, `_attachments` or an attachment or its data given twice (elsewhere the last wins), and data that is
 * not base64, all `payload_invalid`; and what exceeds a limit, `payload_too_large` or `payload_invalid`. An error of the
 * source is passed on as it is.
 */
export async function parsePublishBody<T>(
  source: AsyncIterable<Uint8Array>,
  options: PublishBodyOptions<T>,
): Promise<PublishBody<T>> {
  const reader = new BodyReader(options)
  let sinceTurn = 0
  try {
    for await (const chunk of source) {
      for (let at = 0; at < chunk.length; at += windowBytes) {
        const size = Math.min(windowBytes, chunk.length - at)
        await reader.take(Buffer.from(chunk.buffer, chunk.byteOffset + at, size))
        sinceTurn += size
        if (sinceTurn >= bytesPerTurn) sinceTurn = await nextTurn()
      }
    }
    return reader.finish()
  } catch (err) {
    await reader.abandon(err)
    throw err
  }
}

async function nextTurn(): Promise<0> {
  await new Promise(setImmediate)
  return 0
}

class BodyReader<T> {
  readonly #options: PublishBodyOptions<T>
  readonly #scanner: AttachmentScanner
  readonly #rest: Uint8Array[] = []
  #restBytes = 0
  readonly #seen = new Set<string>()
  readonly #attachments = new Map<string, ParsedAttachment<T>>()
  #data: DataReader<T> | undefined

  constructor(options: PublishBodyOptions<T>) {
    this.#options = options
    this.#scanner = new AttachmentScanner(
      options.limits,
      (path) => this.#refuseRepeated(path),
      (why) => refuse(`The body cannot be read: ${why}.`),
    )
  }

  async take(window: Buffer): Promise<void> {
    let from = 0
    while (from < window.length) {
      if (this.#data) from = await this.#takeData(this.#data, window, from)
      else from = this.#takeStructure(window, from)
    }
  }

  finish(): PublishBody<T> {
    if (this.#data) {
      const field = dataField(this.#data.name)
      refuse(`The body ends in the middle of ${field}; it must be sent whole.`, field)
    }
    return { document: parseDocument(Buffer.concat(this.#rest)), attachments: this.#attachments }
  }

  async abandon(reason: unknown): Promise<void> {
    await this.#data?.abandon(reason)
  }

  #takeStructure(window: Buffer, from: number): number {
    const { at, attachment } = this.#scanner.scan(window, from)
    this.#keep(Buffer.from(window.subarray(from, at)))
    if (attachment !== undefined) this.#data = this.#open(attachment)
    return at
  }

  async #takeData(data: DataReader<T>, window: Buffer, from: number): Promise<number> {
    const at = await data.take(window, from)
    if (at === window.length) return at
    this.#attachments.set(data.name, await data.finish())
    this.#data = undefined
    this.#keep(closingQuote)
    return at + 1
  }

  #open(name: string): DataReader<T> {
    const { limits, isText, onAttachment } = this.#options
    if (this.#attachments.size >= limits.maxAttachments) {
      refuse(`_attachments has more than ${limits.maxAttachments} entries; publish one version at a time.`)
    }
    if (isText(name)) return textReader(name, limits.maxTextBytes)
    return base64Reader(name, limits.maxAttachmentBytes, onAttachment)
  }

  #keep(bytes: Uint8Array): void {
    this.#rest.push(bytes)
    this.#restBytes += bytes.length
    const { maxDocumentBytes } = this.#options.limits
    if (this.#restBytes <= maxDocumentBytes) return
    throw new RegistryError(
      'payload_too_large',
      `The body is larger than ${maxDocumentBytes} bytes, attachments not counted; MAX_DOCUMENT_BYTES raises the limit.`,
    )
  }

  #refuseRepeated(path: readonly string[]): void {
    if (path[0] !== '_attachments' || (path.length === 3 && path[2] !== 'data')) return
    const id = JSON.stringify(path)
    if (!this.#seen.has(id)) {
      this.#seen.add(id)
      return
    }
    const field =
      path.length === 1 ? '_attachments' : dataField(path[1] ?? '').slice(0, path.length === 2 ? -5 : undefined)
    refuse(`${field} is given twice; it must be given once.`, field)
  }
}

function parseDocument(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (err) {
    throw new RegistryError('payload_invalid', `The body is not JSON: ${reasonOf(err)}.`, {}, { cause: err })
  }
}

/** Without the piece of the body that the engine quotes. */
function reasonOf(err: unknown): string {
  if (err instanceof SyntaxError) return err.message.replace(/, (\.\.\.)?".*$/s, '')
  return 'it is not UTF-8'
}

function refuse(message: string, field?: string): never {
  throw new RegistryError('payload_invalid', message, field === undefined ? {} : { field })
}
