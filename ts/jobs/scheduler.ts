import type { Log } from '../log.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import { takeLease } from './lease.ts'

/** Something done again and again; safe to run twice and on two replicas. */
export interface Job {
  readonly name: string
  readonly everySeconds: number
  /** True: only one process of all replicas runs it at a time. False: each process has its own share of it. */
  readonly exclusive: boolean
  run(): Promise<void>
}

export interface Scheduler {
  /** Stops starting jobs, waits for those that run, then runs each job with a final share (`exclusive: false`) once. */
  stop(): Promise<void>
}

/** Starts every job when its time comes; one that fails is logged and tried again at its next time. */
export function startJobs(jobs: readonly Job[], engine: MetadataEngine, log: Log): Scheduler {
  const holder = `${process.pid}.${Math.random().toString(36).slice(2)}`
  const running = new Set<Promise<void>>()

  async function runOnce(job: Job) {
    try {
      if (job.exclusive && !(await takeLease(engine, `job-${job.name}`, holder, job.everySeconds))) return
      await job.run()
    } catch (err) {
      log.error({ err, job: job.name }, 'a job failed and will be tried again')
    }
  }

  const timers = jobs.map((job) => {
    let busy = false
    const timer = setInterval(() => {
      if (busy) return
      busy = true
      const run = runOnce(job).finally(() => {
        busy = false
        running.delete(run)
      })
      running.add(run)
    }, job.everySeconds * 1000)
    return timer.unref()
  })

  return {
    async stop() {
      for (const timer of timers) clearInterval(timer)
      await Promise.all(running)
      for (const job of jobs) if (!job.exclusive) await runOnce(job)
    },
  }
}
