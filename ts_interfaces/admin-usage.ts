import { z } from 'zod'
import { id, time } from './common.ts'

const count = z.int().min(0)

const usage = {
  packages: count,
  versions: count,
  files: count,
  sizeBytes: count.meta({ description: 'Of all files; equal bytes of two files count twice here and are stored once' }),
  downloads: count.meta({ description: 'Of the last 30 days' }),
}

const protocolUsage = z
  .strictObject({ protocol: z.string(), repositories: count, ...usage })
  .meta({ id: 'ProtocolUsage' })

const repositoryUsage = z
  .strictObject({ repositoryId: id, organizationId: id, protocol: z.string(), name: z.string(), ...usage })
  .meta({ id: 'RepositoryUsage' })

const countedAt = time.nullable().meta({ description: 'When a job counted it; null: not yet' })

export const platformStats = z
  .strictObject({
    users: count,
    organizations: count,
    teams: count,
    robots: count,
    tokens: count,
    repositories: count,
    countedAt,
    protocols: z.array(protocolUsage),
  })
  .meta({ id: 'PlatformStats' })
export type PlatformStats = z.output<typeof platformStats>

export const platformStorage = z
  .strictObject({
    countedAt,
    blobs: z.strictObject({ count, sizeBytes: count }).meta({ description: 'What is stored, equal bytes once' }),
    protocols: z.array(z.strictObject({ protocol: z.string(), files: count, sizeBytes: usage.sizeBytes })),
    repositories: z.array(repositoryUsage).meta({ description: 'The hundred largest, the largest first' }),
    disk: z
      .strictObject({ freeBytes: count, totalBytes: count })
      .nullable()
      .meta({ description: 'That holds the artifacts; null where they are in S3' }),
  })
  .meta({ id: 'PlatformStorage' })
export type PlatformStorage = z.output<typeof platformStorage>
