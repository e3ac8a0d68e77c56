import { RegistryError } from '../errors.ts'
import { startWorker } from '../worker-source.ts'
import type { Outcome, SentError, WriterAnswer, WriterData, WriterRequest } from './sqlite-writer.ts'
import type { RowWrite, Written } from './sqlite-writes.ts'

/** The most writes that share a transaction. A publish writes a dozen search postings at once, and sixteen publishers
 *  should share one wait for the disk; more would make the first writer wait too long. */
const writesAtOnce = 200

/** The writer's thread as seen from the event loop, which it never blocks. */
export interface WriteQueue {
  /** Resolves once the write is committed and on disk. */
  write(write: RowWrite): Promise<Written>
  /** Creates what is missing of these tables. */
  createStructure(tables: readonly string[]): Promise<void>
  /** Why no write can succeed any more, if so. */
  failure(): RegistryError | undefined
  /** Waits for the writes that were asked for, then ends the thread. */
  close(): Promise<void>
}

interface Waiting {
  readonly write: RowWrite
  resolve(written: Written): void
  reject(err: unknown): void
}

/** Starts the writer's thread. `onCommit` is called before the writes of a group are answered. */
export function startWriteQueue(data: WriterData, onCommit: () => void): WriteQueue {
  const writer = startWriter(data)
  let waiting: Waiting[] = []
  let running: Promise<void> | undefined

  const drain = async () => {
    await undefined
    while (waiting.length > 0) {
      const group = waiting.slice(0, writesAtOnce)
      waiting = waiting.slice(writesAtOnce)
      await writeGroup(group)
    }
    running = undefined
  }
  const writeGroup = async (group: Waiting[]) => {
    try {
      const outcomes = await writer.ask({ kind: 'group', writes: group.map(({ write }) => write) })
      onCommit()
      group.forEach((each, at) => {
        settle(each, outcomes[at])
      })
    } catch (err) {
      for (const each of group) each.reject(err)
    }
  }

  return {
    write: (write) =>
      new Promise((resolve, reject) => {
        waiting.push({ write, resolve, reject })
        running ??= drain()
      }),
    async createStructure(tables) {
      await writer.ask({ kind: 'structure', tables })
    },
    failure: writer.failure,
    async close() {
      await running
      await writer.end()
    },
  }
}

function settle(waiting: Waiting, outcome: Outcome | undefined) {
  if (outcome && 'written' in outcome) waiting.resolve(outcome.written)
  else waiting.reject(outcome ? receivedError(outcome.error) : new RegistryError('internal', 'Internal error'))
}

/** The thread, and the requests that it has not answered; it keeps the process alive only while there is one. */
function startWriter(data: WriterData) {
  const worker = startWorker('sqlite-writer', data)
  const asked: PromiseWithResolvers<readonly Outcome[]>[] = []
  let failure: RegistryError | undefined
  const ended = new Promise<void>((resolve) => {
    worker.once('exit', () => resolve())
  })
  const fail = (cause?: unknown) => {
    failure ??= new RegistryError('unavailable', `The writer of ${data.path} has ended.`, {}, { cause })
    for (const each of asked.splice(0)) each.reject(failure)
  }
  worker.on('error', fail)
  worker.on('exit', () => fail())
  worker.on('message', (answer: WriterAnswer) => {
    const each = asked.shift()
    if (asked.length === 0) worker.unref()
    if ('outcomes' in answer) each?.resolve(answer.outcomes)
    else each?.reject(receivedError(answer.error))
  })
  worker.unref()
  const ask = (request: WriterRequest) => {
    if (failure) return Promise.reject(failure)
    const answer = Promise.withResolvers<readonly Outcome[]>()
    asked.push(answer)
    worker.ref()
    worker.postMessage(request)
    return answer.promise
  }
  return {
    ask,
    failure: () => failure,
    async end() {
      if (failure) return
      await ask({ kind: 'close' })
      worker.ref()
      await ended
    },
  }
}

function receivedError(sent: SentError): RegistryError {
  return new RegistryError(sent.code, sent.message, sent.details, sent.cause ? { cause: sent.cause } : {})
}
