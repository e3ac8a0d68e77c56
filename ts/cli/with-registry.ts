import type { Access } from '../access/access.ts'
import type { Environment } from '../config/reader.ts'
import { loadConfig } from '../config.ts'
import { describeUnit, keepsTombstones } from '../protocols/all.ts'
import { registryAudit } from '../registry/audit-changes.ts'
import { createRegistry, type Registry } from '../registry/registry.ts'
import { openBlobs } from './open-stores.ts'
import { withAccess } from './with-access.ts'

const documentCacheBytes = 1024 * 1024

/** Opens everything that is configured for one command, as `withAccess` does; packages and images can be changed. */
export async function withRegistry<T>(
  env: Environment,
  use: (registry: Registry, access: Access) => Promise<T>,
): Promise<T> {
  const { blobs: blobConfig, gcGraceSeconds: graceSeconds } = loadConfig(env)
  return withAccess(env, async (access, engine, trail) => {
    const blobs = await openBlobs(blobConfig)
    const audit = registryAudit(trail)
    const described = { describe: describeUnit, keepsTombstones }
    const registry = createRegistry({ engine, blobs, ...described, documentCacheBytes, graceSeconds, audit })
    try {
      return await use(registry, access)
    } finally {
      await registry.settled()
      await blobs.close()
    }
  })
}
