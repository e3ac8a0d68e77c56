/** A run that takes longer is told to other processes. */
const firstSeconds = 1
const longestStepSeconds = 30

export interface LongRun {
  /** Stops telling; resolves, when what is being told is told, to whether anything was. */
  end(): Promise<boolean>
}

/**
 * While something runs for more than a second, calls `tell` again and again, each time with the seconds until the next
 * time; never twice at once.
 */
export function watchLongRun(
  everySeconds: number,
  tell: (nextSeconds: number) => Promise<void>,
  reportError: (err: unknown) => void,
): LongRun {
  const stepSeconds = Math.min(longestStepSeconds, Math.max(firstSeconds, everySeconds / 2))
  let telling: Promise<void> | undefined
  let isEnded = false
  let timer: NodeJS.Timeout

  function wait(seconds: number): void {
    if (isEnded) return
    timer = setTimeout(() => {
      telling = tell(stepSeconds)
        .catch(reportError)
        .finally(() => wait(stepSeconds))
    }, seconds * 1000).unref()
  }

  wait(firstSeconds)
  return {
    async end() {
      isEnded = true
      clearTimeout(timer)
      await telling
      return telling !== undefined
    },
  }
}
