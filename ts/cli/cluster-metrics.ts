import cluster, { type Worker } from 'node:cluster'
import { AggregatorRegistry } from 'prom-client'
import type { Metrics } from '../http/metrics.ts'

const timeoutMs = 5_000

interface Question {
  readonly type: 'stowage:metrics'
  readonly id: number
}
interface Answer extends Question {
  /** Absent when they could not be gathered. */
  readonly text?: string
}

/** In the process that keeps the workers: adds up the metrics of all for whichever of them is asked. */
export function gatherMetrics(reportError: (err: unknown) => void): void {
  const all = new AggregatorRegistry()
  cluster.on('message', (worker: Worker, message: Question) => {
    if (message.type !== 'stowage:metrics') return
    const answer = (text?: string) => {
      if (worker.isConnected()) worker.send({ ...message, ...(text === undefined ? {} : { text }) })
    }
    all.clusterMetrics().then(answer, (err: unknown) => {
      reportError(err)
      answer()
    })
  })
}

/** In a worker: the same metrics, their text that of all workers together. */
export function sharedMetrics(metrics: Metrics): Metrics {
  metrics.share()
  // Answers the other workers' questions for this process's part.
  new AggregatorRegistry()
  let asked = 0
  const waiting = new Map<number, PromiseWithResolvers<string>>()
  process.on('message', (message: Answer) => {
    if (message.type !== 'stowage:metrics') return
    const question = waiting.get(message.id)
    if (message.text === undefined) question?.reject(new Error('The metrics of all processes could not be gathered'))
    else question?.resolve(message.text)
  })
  return {
    ...metrics,
    async text() {
      const id = ++asked
      const question = Promise.withResolvers<string>()
      const late = setTimeout(() => question.reject(new Error('The metrics were not gathered in time')), timeoutMs)
      waiting.set(id, question)
      process.send?.({ type: 'stowage:metrics', id } satisfies Question)
      try {
        return await question.promise
      } finally {
        clearTimeout(late)
        waiting.delete(id)
      }
    },
  }
}
