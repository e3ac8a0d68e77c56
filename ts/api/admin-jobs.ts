import { type Job, job, jobList } from '../../ts_interfaces/admin-jobs.ts'
import type { JobState } from '../jobs/scheduler.ts'
import { timeOf } from './page-of.ts'
import { pathParam, permissionsOf } from './permissions.ts'
import { type ApiDeps, type Route, route } from './route.ts'

/** What the server does again and again. */
export function jobRoutes({ access, jobs }: ApiDeps): Route[] {
  const may = permissionsOf(access)

  return [
    route(
      'GET /admin/jobs',
      may.platform('read'),
      { summary: 'The jobs of the server: what runs, when it ran last and how it ended', answer: jobList },
      async () => ({ body: { items: (await jobs.list()).map(jobBody) } }),
    ),
    route(
      'POST /admin/jobs/:name/run',
      may.platform('admin'),
      { summary: 'Begins a run now; 409 while it runs', answer: job, status: 202, refusals: [409] },
      async ({ c }) => ({ body: jobBody(await jobs.run(pathParam(c, 'name'))) }),
    ),
  ]
}

function jobBody({ running, last, nextAt, ...facts }: JobState): Job {
  return {
    ...facts,
    ...(running && { running: { ...running, startedAt: timeOf(running.startedAt) } }),
    ...(last && { last: { ...last, startedAt: timeOf(last.startedAt) } }),
    nextAt: timeOf(nextAt),
  }
}
