import cluster from 'node:cluster'
import type { Access } from '../access/access.ts'
import type { AuditTrail } from '../access/audit/audit-trail.ts'
import { auditedAccess } from '../access/audited-access.ts'
import { workerPasswords } from '../access/passwords.ts'
import { secretSettings } from '../access/secret-settings.ts'
import { loadSecrets } from '../access/secrets.ts'
import { createApp } from '../app.ts'
import { rememberSmallBlobs } from '../blobs/small-blobs.ts'
import { timedBlobs } from '../blobs/timed-blobs.ts'
import type { Config } from '../config.ts'
import { addressReader } from '../http/address.ts'
import { hotAnswers } from '../http/hot-answers.ts'
import { createMetrics } from '../http/metrics.ts'
import { startServer } from '../http/server.ts'
import { allJobs } from '../jobs/all.ts'
import { auditedJobs } from '../jobs/audit.ts'
import { garbageCollector } from '../jobs/gc.ts'
import { startJobs } from '../jobs/scheduler.ts'
import { usageReports } from '../jobs/usage.ts'
import type { Log } from '../log.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import { timedEngine } from '../metadata/timed-engine.ts'
import { describeUnit, keepsTombstones, protocols } from '../protocols/all.ts'
import { hasImageTags, movingTagsOf } from '../protocols/moving-tags.ts'
import { reservedNames } from '../protocols/root-paths.ts'
import { sharesNames } from '../protocols/shares-names.ts'
import { takesApprovals } from '../protocols/takes-approvals.ts'
import { registryAudit } from '../registry/audit-changes.ts'
import { createRegistry } from '../registry/registry.ts'
import { sharedMetrics } from './cluster-metrics.ts'
import { prepareStart } from './first-start.ts'
import { openStores } from './open-stores.ts'
import type { Build } from './version.ts'
import { openTrail } from './with-audit.ts'

const smallBlobBytes = 1024 * 1024
const backendTimeoutMs = 5_000

export interface RunningProcess {
  readonly url: string
  /** The secret of a new setup link, when this process prepared the start and there is no administrator. */
  readonly setupSecret: string | undefined
  /** Stops accepting, finishes what runs, writes what was counted, closes the stores. */
  close(): Promise<void>
}

export interface ProcessOptions {
  readonly config: Config
  readonly build: Build
  readonly log: Log
  /** True in the one process of an installation's start that makes the default organization and the setup link. */
  readonly prepares: boolean
}

/** What `prepares` does, for a process that serves nothing itself. */
export async function prepareInstallation(config: Config, log: Log): Promise<string | undefined> {
  const { engine, blobs } = await openStores(config)
  const { jwtSecret, sealer } = await loadSecrets({ dataDir: config.dataDir, ...config.secrets })
  const trail = openTrail(engine, sealer, 'serve')
  const access = openAccess({ config, engine, trail, jwtSecret, log })
  try {
    return await prepareStart(access, config, log)
  } finally {
    await access.close()
    await trail.close()
    await blobs.close()
    await engine.close()
  }
}

interface OpenAccess {
  readonly config: Config
  readonly engine: MetadataEngine
  readonly trail: AuditTrail
  readonly jwtSecret: string
  readonly log: Log
}

function openAccess({ config, engine, trail, jwtSecret, log }: OpenAccess): Access {
  const deps = {
    engine,
    passwords: workerPasswords(),
    reservedNames,
    movingTagsOf,
    hasImageTags,
    sharesNames,
    takesApprovals,
    defaultOrganization: config.defaultOrganization,
    anonymousAccess: config.anonymousAccess,
    jwtSecret,
    reportError: (err: unknown) => log.error({ err }, 'The last use of a token was not written'),
  }
  return auditedAccess(deps, trail.record)
}

/** One whole server in this process: stores, domain, app, jobs, socket. Throws with one sentence when it cannot be. */
export async function startProcess({ config, build, log, prepares }: ProcessOptions): Promise<RunningProcess> {
  const metrics = cluster.isWorker ? sharedMetrics(createMetrics()) : createMetrics()
  const stores = await openStores(config)
  const engine = timedEngine(stores.engine, (operation, seconds) => metrics.backend('metadata', operation, seconds))
  const timed = timedBlobs(stores.blobs, (operation, seconds) => metrics.backend('blobs', operation, seconds))
  const { sealer, jwtSecret } = await loadSecrets({ dataDir: config.dataDir, ...config.secrets })
  // Remembered answers share their bytes with the two caches below them, so they take little more.
  const cacheBytes = Math.max(2, config.cacheBytes)
  const blobs = rememberSmallBlobs(timed, { maxBytes: cacheBytes / 2, maxBlobBytes: smallBlobBytes })
  const trail = openTrail(engine, sealer, 'serve')
  const access = openAccess({ config, engine, trail, jwtSecret, log })
  const setupSecret = prepares ? await prepareStart(access, config, log) : undefined
  const audit = registryAudit(trail)
  const registry = createRegistry({
    engine,
    blobs,
    describe: describeUnit,
    keepsTombstones,
    documentCacheBytes: cacheBytes / 2,
    graceSeconds: config.gcGraceSeconds,
    maxBlobBytes: config.limits.maxBlobBytes,
    audit,
  })
  const usage = usageReports(engine)
  const garbage = garbageCollector({ engine, blobs, graceSeconds: config.gcGraceSeconds })
  const allDeps = {
    registry,
    engine,
    deletions: access.deletions,
    blobs,
    usage,
    garbage,
    trail,
    auditRetentionDays: config.audit.retentionDays,
    async expireSignIns() {
      await access.sessions.sweep()
      await access.loginRequests.sweep()
      for (const { id } of protocols) await access.nameClaims.forgetEmpty(id)
    },
  }
  const jobs = auditedJobs(startJobs(allJobs(allDeps), engine, log), trail.record)
  const app = createApp({
    registry,
    access,
    trail,
    ...(config.audit.downloads && { recordDownload: audit.download }),
    limits: config.limits,
    secretSetting: secretSettings(engine, sealer),
    log,
    metrics,
    readAddress: addressReader(config),
    health: {
      version: build.version,
      backends: { metadata: () => engine.ping(), blobs: () => blobs.ping() },
      timeoutMs: backendTimeoutMs,
    },
    metricsToken: config.metricsToken,
    jobs,
    usage,
  })
  const hot = hotAnswers({ commitMark: () => engine.commitMark(), maxBytes: cacheBytes, log })
  metrics.cache('documents', registry.documents.counts)
  metrics.cache('blobs', blobs.counts)
  metrics.cache('answers', hot.counts)
  const server = await startServer({ ...config, fetch: app.fetch, hot, log })
  metrics.traffic(server.traffic)
  return {
    url: server.url,
    setupSecret,
    async close() {
      await server.close()
      await jobs.stop()
      await registry.settled()
      await access.close()
      await trail.close()
      await blobs.close()
      await engine.close()
    },
  }
}
