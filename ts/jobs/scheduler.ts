import { hostname } from 'node:os'
import { RegistryError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import type { JobDocument, JobRun } from '../metadata/platform-schema.ts'
import { isWorthSaving, jobHistory } from './job-history.ts'
import { takeLease } from './lease.ts'
import { watchLongRun } from './long-run.ts'

/** Something done again and again; safe to run twice and on two replicas. */
export interface Job {
  readonly name: string
  /** What it does, a sentence for administrators. */
  readonly summary: string
  readonly everySeconds: number
  /** When it first runs after the start; default: after `everySeconds`. */
  readonly firstSeconds?: number
  /**
   * For what is done more seldom than servers restart: when it is due, epoch milliseconds. Asked every ten minutes, and
   * the job runs when that time has come.
   */
  readonly dueAt?: () => Promise<number>
  /** True: only one process of all replicas runs it at a time. False: each process has its own share of it. */
  readonly exclusive: boolean
  run(turn: JobTurn): Promise<void>
}

export interface JobTurn {
  /** Aborted when the process stops: a job that takes long may end where it is. */
  readonly signal: AbortSignal
  /** Somebody asked for this run. */
  readonly isRequested: boolean
}

export interface JobState extends Pick<Job, 'name' | 'summary' | 'everySeconds' | 'exclusive'> {
  readonly running?: Pick<NonNullable<JobDocument['running']>, 'process' | 'startedAt'>
  /** Of other processes' runs that ended alike it may be five minutes old. */
  readonly last?: JobRun
  /** When its time comes next in this process, epoch milliseconds. */
  readonly nextAt: number
}

export interface Scheduler {
  /** All jobs, in the order in which they were given. */
  list(): Promise<readonly JobState[]>
  /**
   * Begins a run now, beside the timetable, and resolves when it has begun. Throws `job_unknown`; `job_running` while it
   * runs here, or for more than a second elsewhere.
   */
  run(name: string): Promise<JobState>
  /** Stops starting jobs, waits for those that run, then runs each job with a final share (`exclusive: false`) once. */
  stop(): Promise<void>
}

const longestErrorLength = 300
const dueAskedEverySeconds = 600
/** Of jobs that run sooner after the start the history tells soon enough. */
const announcedFromSeconds = 60

interface Slot {
  readonly job: Job
  nextAt: number
  /** Set while it runs here. */
  startedAt?: number
  last?: JobRun
  /** The last run that this process knows to be in the history. */
  saved?: JobRun
}

/** Starts every job when its time comes; one that fails is logged and tried again at its next time. */
export function startJobs(jobs: readonly Job[], engine: MetadataEngine, log: Log): Scheduler {
  const holder = `${process.pid}.${Math.random().toString(36).slice(2)}`
  const processName = `${hostname()} (pid ${process.pid})`
  const history = jobHistory(engine)
  const stopping = new AbortController()
  const runs = new Set<Promise<void>>()
  const slots = jobs.map((job): Slot => ({ job, nextAt: Date.now() + firstMs(job) }))
  const leaseName = ({ name }: Job) => `job-${name}`
  const noteFailure = (job: Job) => (err: unknown) => {
    log.error({ err, job: job.name }, 'the lease or the history of a job could not be written')
  }

  /** Nobody else starts it meanwhile, and everybody can see that it runs. */
  async function tellRunning({ job, startedAt = Date.now() }: Slot, nextSeconds: number): Promise<void> {
    const leaseSeconds = Math.max(stepSeconds(job), 2 * nextSeconds)
    if (job.exclusive) await takeLease(engine, leaseName(job), holder, leaseSeconds)
    const until = Date.now() + 3 * nextSeconds * 1000
    await history.markRunning(job.name, { process: processName, startedAt, until })
  }

  async function attempt({ job }: Slot, startedAt: number, isRequested: boolean): Promise<JobRun> {
    const begun = performance.now()
    const ended = () => ({ startedAt, durationMs: Math.round(performance.now() - begun), process: processName })
    try {
      await job.run({ signal: stopping.signal, isRequested })
      return { ...ended(), outcome: 'success' }
    } catch (err) {
      log.error({ err, job: job.name }, 'a job failed and will be tried again')
      return { ...ended(), outcome: 'failure', error: sentenceOf(err) }
    }
  }

  async function runOnce(slot: Slot, startedAt: number, isRequested: boolean): Promise<void> {
    const { job } = slot
    if (!isRequested && job.dueAt && (await job.dueAt()) > startedAt) return
    const isMine = !job.exclusive || (await takeLease(engine, leaseName(job), holder, stepSeconds(job)))
    // On request it runs beside the timetable: a lease of who ran it last is no reason against it.
    if (!isMine && !isRequested) return
    const long = watchLongRun(job.everySeconds, (nextSeconds) => tellRunning(slot, nextSeconds), noteFailure(job))
    const run = await attempt(slot, startedAt, isRequested)
    slot.last = run
    const isTold = await long.end()
    if (!isRequested && !isTold && !isWorthSaving(run, slot.saved)) return
    await history.save(job.name, run)
    slot.saved = run
  }

  /** Until its first run has ended, the history would not know of the job. */
  async function announce({ job, nextAt }: Slot): Promise<void> {
    if (firstMs(job) < announcedFromSeconds * 1000) return
    await history.announce(job.name, Math.max(nextAt, (await job.dueAt?.()) ?? 0))
  }

  /** Waited for by whoever stops. */
  function watched(job: Job, work: Promise<void>): void {
    const watching = work.catch(noteFailure(job)).finally(() => runs.delete(watching))
    runs.add(watching)
  }

  function begin(slot: Slot, isRequested: boolean): void {
    const startedAt = Date.now()
    slot.startedAt = startedAt
    const run = runOnce(slot, startedAt, isRequested).finally(() => {
      delete slot.startedAt
    })
    watched(slot.job, run)
  }

  for (const slot of slots) watched(slot.job, announce(slot))
  const timers = slots.map((slot) => startTimer(slot, () => slot.startedAt ?? begin(slot, false)))

  function runningOf({ startedAt }: Slot, known: JobDocument | undefined): JobState['running'] {
    if (startedAt !== undefined) return { process: processName, startedAt }
    const elsewhere = known?.running
    return elsewhere && elsewhere.until > Date.now()
      ? { process: elsewhere.process, startedAt: elsewhere.startedAt }
      : undefined
  }

  async function stateOf(slot: Slot, known: JobDocument | undefined): Promise<JobState> {
    const { name, summary, everySeconds, exclusive } = slot.job
    const running = runningOf(slot, known)
    const last = newer(slot.last, known?.last)
    const dueAt = (await slot.job.dueAt?.()) ?? 0
    return {
      name,
      summary,
      everySeconds,
      exclusive,
      ...(running && { running }),
      ...(last && { last }),
      nextAt: Math.max(slot.nextAt, dueAt),
    }
  }

  return {
    async list() {
      const known = new Map((await history.list()).map((job) => [job.name, job]))
      return Promise.all(slots.map((slot) => stateOf(slot, known.get(slot.job.name))))
    },

    async run(name) {
      const slot = slots.find(({ job }) => job.name === name)
      if (!slot) throw unknownJob(name, slots)
      const known = await history.get(name)
      // Nothing is waited for from here until it has begun: of two requests one is refused.
      const running = runningOf(slot, known)
      if (running) throw new RegistryError('job_running', `The job "${name}" runs already: on ${running.process}.`)
      if (stopping.signal.aborted) throw new RegistryError('unavailable', 'The server is stopping.')
      begin(slot, true)
      return stateOf(slot, known)
    },

    async stop() {
      stopping.abort()
      for (const timer of timers) timer.stop()
      await Promise.all(runs)
      for (const slot of slots) {
        if (slot.job.exclusive) continue
        begin(slot, false)
        await Promise.all(runs)
      }
    },
  }
}

function firstMs(job: Job): number {
  return (job.firstSeconds ?? stepSeconds(job)) * 1000
}

function stepSeconds({ dueAt, everySeconds }: Job): number {
  return dueAt ? Math.min(everySeconds, dueAskedEverySeconds) : everySeconds
}

/** Calls `work` when the job's time comes, for the first time and then in steps; notes when the next time is. */
function startTimer(slot: Slot, work: () => void): { stop(): void } {
  const tick = () => {
    const stepMs = stepSeconds(slot.job) * 1000
    slot.nextAt = Date.now() + stepMs
    timer = setTimeout(tick, stepMs).unref()
    work()
  }
  let timer = setTimeout(tick, firstMs(slot.job)).unref()
  return { stop: () => clearTimeout(timer) }
}

function newer(a: JobRun | undefined, b: JobRun | undefined): JobRun | undefined {
  return a && b ? (a.startedAt >= b.startedAt ? a : b) : (a ?? b)
}

function sentenceOf(err: unknown): string {
  const message = err instanceof Error ? err.message : String(err)
  return (message.split('\n', 1)[0] ?? '').slice(0, longestErrorLength)
}

function unknownJob(name: string, slots: readonly Slot[]): RegistryError {
  const names = slots.map(({ job }) => job.name).join(', ')
  return new RegistryError('job_unknown', `There is no job "${name}", but ${names}.`)
}
