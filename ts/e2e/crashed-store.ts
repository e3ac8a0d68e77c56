import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { MetadataEngine } from '../metadata/engine.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import * as schema from '../metadata/schema.ts'
import { openSqliteEngine } from '../metadata/sqlite.ts'

/** Opens the embedded store of a server, which may run beside, for the time of `use`. */
export async function withStore<T>(dataDir: string, use: (engine: MetadataEngine) => Promise<T>): Promise<T> {
  const { collections, schemaVersion } = schema
  const engine = await openSqliteEngine({ path: join(dataDir, 'stowage.db'), collections, schemaVersion })
  try {
    return await use(engine)
  } finally {
    await engine.close()
  }
}

/** As if the crash was an hour ago: the completion job leaves alone what may still run. One is surely there. */
export async function ageIntents(engine: MetadataEngine): Promise<void> {
  const intents = engine.collection(packageSchema.intents)
  await intents.insert('unt_lost', { packageId: 'pkg_lost', unitId: 'unt_lost', startedAt: Date.now() })
  for (const { id, revision, value } of (await intents.find('byAge', { limit: 1000 })).items) {
    await intents.update(id, revision, { ...value, startedAt: value.startedAt - 3_600_000 })
  }
}

/** Waits until the completion job of a running server has left no intent. */
export async function untilCompleted(engine: MetadataEngine): Promise<void> {
  const deadline = Date.now() + 45_000
  while ((await engine.collection(packageSchema.intents).find('byAge', { limit: 1 })).items.length > 0) {
    assert.ok(Date.now() < deadline, 'the completion job left intents')
    await wait(100)
  }
}
