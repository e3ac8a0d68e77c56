import {
  grantPointers,
  memberships,
  organizations,
  repositories,
  robots,
  teamPointers,
  teams,
  users,
} from './access-schema.ts'
import type { CollectionSpec } from './engine.ts'
import { blobLinks, imageNames, imageTags, pulls, uploads } from './image-schema.ts'
import { blobs, changes, downloads, files, intents, packages, postings, stages, units } from './package-schema.ts'
import {
  auditCheckpoints,
  auditEntries,
  auditStreams,
  garbageRuns,
  jobs,
  leases,
  usageReports,
} from './platform-schema.ts'
import {
  idempotencyKeys,
  loginRequests,
  platformSettings,
  sessions,
  settings,
  signInFailures,
  tokens,
} from './sign-in-schema.ts'

/** Raised with every change of these collections that old data must be brought along for; see migrate.ts. */
export const schemaVersion = 3

/** Every collection there is; the engines create these and no others. */
export const collections: readonly CollectionSpec<never>[] = [
  users,
  organizations,
  memberships,
  teams,
  teamPointers,
  robots,
  grantPointers,
  repositories,
  tokens,
  sessions,
  signInFailures,
  idempotencyKeys,
  loginRequests,
  platformSettings,
  settings,
  packages,
  units,
  files,
  blobs,
  changes,
  intents,
  postings,
  downloads,
  stages,
  imageTags,
  blobLinks,
  uploads,
  pulls,
  imageNames,
  leases,
  jobs,
  garbageRuns,
  usageReports,
  auditEntries,
  auditStreams,
  auditCheckpoints,
]
