import { type PlatformStorage, platformStats, platformStorage } from '../../ts_interfaces/admin-usage.ts'
import { type DiskSpace, diskSpace } from '../blobs/disk-space.ts'
import type { UsageDocument } from '../metadata/platform-schema.ts'
import { timeOf } from './page-of.ts'
import { permissionsOf } from './permissions.ts'
import { type ApiDeps, type Route, route } from './route.ts'

/** How much there is: counts over indexes, and what a job counted, since no request walks over packages. */
export function usageRoutes({ access, registry, usage }: ApiDeps): Route[] {
  const may = permissionsOf(access)

  return [
    route(
      'GET /admin/stats',
      may.platform('read'),
      { summary: 'How much there is; packages as the job `usage` counted them', answer: platformStats },
      async () => {
        const [counts, report] = await Promise.all([usage.counts(), usage.report()])
        return { body: { ...counts, countedAt: countedAt(report), protocols: [...(report?.protocols ?? [])] } }
      },
    ),
    route(
      'GET /admin/storage',
      may.platform('read'),
      { summary: 'How many bytes there are, as the job `usage` counted them', answer: platformStorage },
      async () => {
        const [report, disk] = await Promise.all([usage.report(), diskSpace(registry.blobs)])
        return { body: storageBody(report, disk) }
      },
    ),
  ]
}

function countedAt(report: UsageDocument | undefined): string | null {
  return report ? timeOf(report.countedAt) : null
}

function storageBody(report: UsageDocument | undefined, disk: DiskSpace | undefined): PlatformStorage {
  const { blobs = { count: 0, sizeBytes: 0 }, protocols = [], repositories = [] } = report ?? {}
  return {
    countedAt: countedAt(report),
    blobs,
    protocols: protocols.map(({ protocol, files, sizeBytes }) => ({ protocol, files, sizeBytes })),
    repositories: [...repositories],
    disk: disk ?? null,
  }
}
