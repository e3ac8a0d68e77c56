/** A fixed number of buffers of one size, made when first needed and used again: no garbage, a known bound. */
export class BufferPool {
  readonly #bufferBytes: number
  readonly #free: Buffer[] = []
  readonly #waiting: ((buffer: Buffer) => void)[] = []
  #unmade: number

  constructor(options: { buffers: number; bufferBytes: number }) {
    this.#unmade = options.buffers
    this.#bufferBytes = options.bufferBytes
  }

  /** A free buffer, which `give` gives back; `undefined` when there is none. */
  tryTake(): Buffer | undefined {
    const free = this.#free.pop()
    if (free || this.#unmade === 0) return free
    this.#unmade--
    return Buffer.allocUnsafeSlow(this.#bufferBytes)
  }

  give(buffer: Buffer): void {
    const next = this.#waiting.shift()
    if (next) next(buffer)
    else this.#free.push(buffer)
  }

  /** Runs with a buffer, waiting for one in the order of asking. */
  async with<T>(run: (buffer: Buffer) => Promise<T>): Promise<T> {
    const buffer = this.tryTake() ?? (await new Promise<Buffer>((resolve) => this.#waiting.push(resolve)))
    try {
      return await run(buffer)
    } finally {
      this.give(buffer)
    }
  }
}
