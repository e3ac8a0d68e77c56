import { join } from 'node:path'
import type { Hono } from 'hono'
import type { Passwords } from '../access/passwords.ts'
import { createApp } from '../app.ts'
import { filesystemBlobStore } from '../blobs/filesystem.ts'
import type { BlobStore } from '../blobs/store.ts'
import type { Limits } from '../config.ts'
import { addressReader } from '../http/address.ts'
import { createMetrics } from '../http/metrics.ts'
import { roomyLimits, silentLog } from '../http/testing.ts'
import { allJobs, type JobsDeps } from '../jobs/all.ts'
import { auditedJobs } from '../jobs/audit.ts'
import { garbageCollector } from '../jobs/gc.ts'
import { type Job, type Scheduler, startJobs } from '../jobs/scheduler.ts'
import { usageReports } from '../jobs/usage.ts'
import type { Log } from '../log.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import { describeUnit, keepsTombstones } from '../protocols/all.ts'
import { hasImageTags, movingTagsOf } from '../protocols/moving-tags.ts'
import type { Env } from '../protocols/protocol.ts'
import { reservedNames } from '../protocols/root-paths.ts'
import { sharesNames } from '../protocols/shares-names.ts'
import { takesApprovals } from '../protocols/takes-approvals.ts'
import { registryAudit } from '../registry/audit-changes.ts'
import { defaultGraceSeconds } from '../registry/grace.ts'
import { createRegistry, type Registry } from '../registry/registry.ts'
import { openTestAccess, quickPasswords, secretsInMemory, type TestAccess } from './access.ts'
import { openTestFolder } from './stores.ts'

/** What a test sends; `as` is a token. */
export interface TestRequest extends Omit<RequestInit, 'body'> {
  readonly as?: string | undefined
  /** Sent as JSON unless it is bytes already. */
  readonly body?: unknown
}

export interface TestApp extends TestAccess {
  readonly app: Hono<Env>
  readonly registry: Registry
  readonly blobs: BlobStore
  /** All of the server's, each run when it is asked for. */
  readonly jobs: Scheduler
  /** Asks the app at `http://registry.example.com`, without a socket. */
  request(method: string, path: string, request?: TestRequest): Promise<Response>
}

/** What a test puts around the stores, and from where its requests come; default: nothing, and from nowhere. */
export interface TestSurroundings {
  readonly engine?: (engine: MetadataEngine) => MetadataEngine
  readonly blobs?: (blobs: BlobStore) => BlobStore
  readonly passwords?: (passwords: Passwords) => Passwords
  readonly clientAddress?: string
  /** True: downloads are entries of the audit trail. */
  readonly recordsDownloads?: boolean
  /** Of the requests. */
  readonly log?: Log
}

/** Their time does not come within a test. */
function jobsOnRequest(deps: Omit<JobsDeps, 'expireSignIns' | 'auditRetentionDays'>): readonly Job[] {
  const daySeconds = 86_400
  return allJobs({ ...deps, expireSignIns: async () => {}, auditRetentionDays: undefined }).map((job) => ({
    ...job,
    everySeconds: daySeconds,
    firstSeconds: daySeconds,
  }))
}

/** The whole server over fresh embedded stores, without a socket. What is done is recorded. */
export async function openTestApp(limits: Partial<Limits> = {}, around: TestSurroundings = {}): Promise<TestApp> {
  const passwords = around.passwords?.(quickPasswords()) ?? quickPasswords()
  const opened = await openTestAccess(
    { reservedNames, movingTagsOf, hasImageTags, sharesNames, takesApprovals, passwords },
    around.engine,
    {
      isAudited: true,
    },
  )
  const folder = await openTestFolder()
  const plain = await filesystemBlobStore({ dir: join(folder.path, 'packages') })
  const blobs = around.blobs?.(plain) ?? plain
  const readAddress = addressReader({ publicUrl: undefined, trustedProxies: [] })
  const { access, engine, trail } = opened
  const audit = registryAudit(trail)
  const registry = createRegistry({
    engine,
    blobs,
    describe: describeUnit,
    keepsTombstones,
    documentCacheBytes: 1 << 22,
    maxBlobBytes: limits.maxBlobBytes ?? roomyLimits.maxBlobBytes,
    audit,
  })
  const usage = usageReports(engine)
  const garbage = garbageCollector({ engine, blobs, graceSeconds: defaultGraceSeconds })
  const scheduler = startJobs(
    jobsOnRequest({ registry, engine, deletions: access.deletions, blobs, usage, garbage, trail }),
    engine,
    silentLog,
  )
  const jobs = auditedJobs(scheduler, trail.record)
  const app = createApp({
    registry,
    access,
    trail,
    ...(around.recordsDownloads && { recordDownload: audit.download }),
    limits: { ...roomyLimits, ...limits },
    secretSetting: secretsInMemory(),
    log: around.log ?? silentLog,
    metrics: createMetrics(),
    readAddress: (arrival) => {
      const address = readAddress(arrival)
      return { ...address, clientAddress: around.clientAddress ?? address.clientAddress }
    },
    health: { version: '0.0.0', backends: {}, timeoutMs: 1000 },
    metricsToken: undefined,
    jobs,
    usage,
  })
  return {
    ...opened,
    app,
    registry,
    blobs,
    jobs,
    request: async (method, path, { as, body, headers, ...init } = {}) =>
      app.request(`http://registry.example.com${path}`, {
        ...init,
        method,
        headers: {
          ...(as === undefined ? {} : { authorization: `Bearer ${as}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: body instanceof Uint8Array ? body : JSON.stringify(body) }),
      } as RequestInit),
    async [Symbol.asyncDispose]() {
      await jobs.stop()
      await registry.settled()
      await opened[Symbol.asyncDispose]()
      await blobs.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}
