import { randomUUID } from 'node:crypto'
import * as accessSchema from '../../metadata/access-schema.ts'
import type { MetadataEngine } from '../../metadata/engine.ts'
import { openMongoEngine } from '../../metadata/mongo.ts'
import * as platformSchema from '../../metadata/platform-schema.ts'
import * as signInSchema from '../../metadata/sign-in-schema.ts'
import type { Opened } from '../../testing/contract.ts'
import type { MongoServer } from '../../testing/mongo-server.ts'
import { openTestEngine } from '../../testing/stores.ts'
import { secretSettings } from '../secret-settings.ts'
import { sealerOf } from '../secrets.ts'
import { type AuditTrail, createAuditTrail } from './audit-trail.ts'
import type { NewAuditEntry } from './entries.ts'
import { auditKey, generateAuditKey } from './signing.ts'
import { type AuditStore, auditStore } from './store.ts'

const collections = [
  accessSchema.users,
  signInSchema.settings,
  platformSchema.auditEntries,
  platformSchema.auditStreams,
  platformSchema.auditCheckpoints,
]

export interface TestTrail extends AsyncDisposable {
  readonly engine: MetadataEngine
  readonly trail: AuditTrail
  /** Behind the trail's back, as somebody with access to the database has it. */
  readonly store: AuditStore
  /** A time that stands still until it is moved. */
  readonly clock: { now: number }
  /** The trail of another process on the same store. */
  another(engine?: MetadataEngine): AuditTrail
  /** Records this many entries at one time and signs them. */
  recordAndSign(count: number, overrides?: Partial<NewAuditEntry>): Promise<void>
}

/** A trail on a fresh embedded store, or on this engine; gone when disposed of. */
export async function openTestTrail(
  open: () => Promise<Opened<MetadataEngine>> = () => openTestEngine(collections),
): Promise<TestTrail> {
  const opened = await open()
  const engine = opened.store
  const clock = { now: Date.UTC(2026, 10, 21, 12) }
  const now = () => clock.now
  const secretSetting = secretSettings(engine, sealerOf('s'.repeat(32)))
  const another = (on = engine) => createAuditTrail({ engine: on, secretSetting, process: 'a test', now })
  const trail = another()
  return {
    engine,
    trail,
    store: auditStore(engine, async () => auditKey(await secretSetting('signing-audit', generateAuditKey)), now),
    clock,
    another,
    async recordAndSign(count, overrides = {}) {
      await Promise.all(Array.from({ length: count }, () => trail.record(anEntry(overrides))))
      await trail.checkpoint()
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  }
}

/** A fresh database on a MongoDB server that runs. */
export async function openMongoTrailEngine(server: MongoServer): Promise<Opened<MetadataEngine>> {
  const database = `test-${randomUUID()}`
  const engine = await openMongoEngine({ url: server.url, database, collections, schemaVersion: 1 })
  return { store: engine, [Symbol.asyncDispose]: () => engine.close() }
}

/** A publish by jane. */
export function anEntry(overrides: Partial<NewAuditEntry> = {}): NewAuditEntry {
  return {
    action: 'package.publish',
    actor: { kind: 'user', id: 'usr_jane', name: 'jane' },
    target: { kind: 'package', id: 'pkg_tools', name: '@acme/tools' },
    outcome: 'success',
    requestId: randomUUID(),
    address: '192.0.2.7',
    userAgent: 'npm/12.0.0',
    ...overrides,
  }
}

/** A refusal of jane. */
export function aRefusal(overrides: Partial<NewAuditEntry> = {}): NewAuditEntry {
  return anEntry({ action: 'access.refused', outcome: 'refused', ...overrides })
}

/** The engine, whose writes fail after this many. */
export function stoppingEngine(real: MetadataEngine, writes: number): MetadataEngine {
  let left = writes
  const stopped = <R>(write: () => Promise<R>) => (left-- > 0 ? write() : Promise.reject(new Error('stopped')))
  return {
    ...real,
    batch: (all) => stopped(() => real.batch(all)),
    collection(spec) {
      const collection = real.collection(spec)
      return {
        ...collection,
        insert: (id, value, options) => stopped(() => collection.insert(id, value, options)),
        update: (id, revision, value) => stopped(() => collection.update(id, revision, value)),
      }
    },
  }
}
