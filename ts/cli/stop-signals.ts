export interface StopOptions {
  /** Ends what runs; called once, with the signal that asked for it. */
  stop(signal: NodeJS.Signals): Promise<void>
  /** Called before the exit that a second SIGINT asks for. */
  abandon(): void
  reportError(err: unknown): void
}

/** npm passes a Ctrl-C on to a process that the terminal has told already; the second is no second wish. */
const echoMs = 500

/** The first SIGTERM or SIGINT ends the process orderly, with 0; another SIGINT after that at once, with 130. */
export function exitOnSignals({ stop, abandon, reportError }: StopOptions): void {
  let startedAt: number | undefined
  const begin = (signal: NodeJS.Signals) => {
    startedAt = performance.now()
    stop(signal).then(
      () => process.exit(0),
      (err: unknown) => {
        reportError(err)
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', () => {
    if (startedAt === undefined) begin('SIGTERM')
  })
  process.on('SIGINT', () => {
    if (startedAt === undefined) return begin('SIGINT')
    if (performance.now() - startedAt < echoMs) return
    abandon()
    process.exit(130)
  })
}
