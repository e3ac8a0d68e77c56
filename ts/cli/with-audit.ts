import { hostname } from 'node:os'
import { type AuditTrail, createAuditTrail } from '../access/audit/audit-trail.ts'
import { secretSettings } from '../access/secret-settings.ts'
import { loadSecrets, type Sealer } from '../access/secrets.ts'
import type { Environment } from '../config/reader.ts'
import { loadConfig } from '../config.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import { openMetadata } from './open-stores.ts'

/** Opens the configured metadata store and its audit trail for one command, beside a running server or without one. */
export async function withAudit<T>(
  env: Environment,
  use: (trail: AuditTrail, engine: MetadataEngine) => Promise<T>,
): Promise<T> {
  const { metadata, dataDir, secrets } = loadConfig(env)
  const { sealer } = await loadSecrets({ dataDir, ...secrets })
  const engine = await openMetadata(metadata)
  const trail = openTrail(engine, sealer, 'audit')
  try {
    return await use(trail, engine)
  } finally {
    await trail.close()
    await engine.close()
  }
}

/** The trail of this process over the installation's store. */
export function openTrail(engine: MetadataEngine, sealer: Sealer, command: string): AuditTrail {
  return createAuditTrail({ engine, secretSetting: secretSettings(engine, sealer), process: processName(command) })
}

/** What a process is called in the audit trail: `serve on host-1 (pid 17)`. */
function processName(command: string): string {
  return `${command} on ${hostname()} (pid ${process.pid})`
}
