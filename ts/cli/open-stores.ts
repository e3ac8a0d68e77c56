import { fillNameKeys } from '../access/fill-name-keys.ts'
import type { BlobStore } from '../blobs/store.ts'
import type { BlobConfig, Config, MetadataConfig } from '../config.ts'
import { RegistryError } from '../errors.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import { makeFolder } from '../metadata/make-folder.ts'
import { collections, schemaVersion } from '../metadata/schema.ts'

/** What brings stores of earlier releases up to date. */
const migrations = [fillNameKeys]

/** The one place that knows which backends there are. Each is loaded only when it is chosen. */
export async function openMetadata(config: MetadataConfig): Promise<MetadataEngine> {
  const schema = { collections, schemaVersion, migrations }
  if (config.kind === 'sqlite') {
    const { openSqliteEngine } = await import('../metadata/sqlite.ts')
    return openSqliteEngine({ path: config.path, ...schema })
  }
  const { openMongoEngine } = await import('../metadata/mongo.ts')
  return openMongoEngine({ url: config.url, database: config.database, ...schema })
}

/** Opens the artifacts' store; throws `unavailable` with one sentence when it cannot be used. */
export async function openBlobs(config: BlobConfig): Promise<BlobStore> {
  if (config.kind === 'filesystem') {
    const { filesystemBlobStore } = await import('../blobs/filesystem.ts')
    makeBlobFolder(config.dir)
    return filesystemBlobStore({ dir: config.dir })
  }
  const { s3BlobStore } = await import('../blobs/s3.ts')
  const { endpoint, region, bucket, prefix, keys, forcePathStyle, createBucket } = config
  return s3BlobStore({
    ...(endpoint !== undefined && { endpoint }),
    ...keys,
    region,
    bucket,
    prefix,
    forcePathStyle,
    createBucket,
  })
}

/** Before the store does it, which would never end where no folder can be made. */
function makeBlobFolder(dir: string): void {
  try {
    makeFolder(dir, 0o700)
  } catch (err) {
    const reason = err instanceof Error ? err.message : String(err)
    throw new RegistryError('unavailable', `The artifact folder ${dir} cannot be made: ${reason}.`, {}, { cause: err })
  }
}

export interface Stores {
  readonly engine: MetadataEngine
  readonly blobs: BlobStore
}

/** Opens both, or neither. */
export async function openStores(config: Pick<Config, 'metadata' | 'blobs'>): Promise<Stores> {
  const engine = await openMetadata(config.metadata)
  try {
    return { engine, blobs: await openBlobs(config.blobs) }
  } catch (err) {
    await engine.close()
    throw err
  }
}
