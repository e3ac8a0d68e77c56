import { z } from 'zod'
import { time } from './common.ts'

const run = z
  .strictObject({
    startedAt: time,
    durationMs: z.int().min(0),
    outcome: z.enum(['success', 'failure']),
    error: z.string().optional().meta({ description: 'Why it failed; the log has all of it' }),
    process: z.string().meta({ description: 'Where it ran: host and process' }),
  })
  .meta({ id: 'JobRun' })

/** Something that the server does again and again. */
export const job = z
  .strictObject({
    name: z.string(),
    summary: z.string(),
    everySeconds: z.number(),
    exclusive: z.boolean().meta({ description: 'One process runs it for all; else each has a share of its own' }),
    running: z.strictObject({ startedAt: time, process: z.string() }).optional(),
    last: run.optional().meta({
      description: 'The last run that ended; of runs in other processes that ended alike it may be five minutes old',
    }),
    nextAt: time.meta({ description: 'When its time comes next in the process that answers' }),
  })
  .meta({ id: 'Job' })
export type Job = z.output<typeof job>

/** All of them: there are few. */
export const jobList = z.strictObject({ items: z.array(job) }).meta({ id: 'JobList' })
