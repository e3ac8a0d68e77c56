import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { filesystemBlobStore } from '../blobs/filesystem.ts'
import type { BlobStore } from '../blobs/store.ts'
import { newId } from '../ids.ts'
import type { OrganizationDocument, RepositoryDocument } from '../metadata/access-schema.ts'
import * as accessSchema from '../metadata/access-schema.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import * as schema from '../metadata/schema.ts'
import type { OnStep, PublishRequest } from '../registry/publish-request.ts'
import { createRegistry, type Registry } from '../registry/registry.ts'
import type { Repository } from '../registry/store.ts'
import { bytesOf } from './bytes.ts'
import type { Opened } from './contract.ts'
import { openTestEngine, openTestFolder } from './stores.ts'

export interface TestRegistry extends AsyncDisposable {
  readonly engine: MetadataEngine
  readonly blobs: BlobStore
  readonly registry: Registry
  readonly repository: Repository
  /** Resolves to how many intents are left when all tidying up has ended. */
  intents(): Promise<number>
  /**
   * Another process's view: the same stores, nothing remembered, stopped or watched after its steps; its metadata by this
   * engine when one is given.
   */
  another(onStep?: OnStep, engine?: MetadataEngine): Registry
}

/** The domain on fresh embedded stores, or on that of metadata which is given, with one private repository. */
export async function openTestRegistry(opened?: Opened<MetadataEngine>): Promise<TestRegistry> {
  const engine = opened ?? (await openTestEngine(schema.collections))
  const folder = await openTestFolder()
  const blobs = await filesystemBlobStore({ dir: join(folder.path, 'packages') })
  const registries: Registry[] = []
  const open = (onStep?: OnStep, by = engine.store) => {
    const registry = createRegistry({
      engine: by,
      blobs,
      documentCacheBytes: 1 << 20,
      keepsTombstones: (protocol) => protocol !== 'oci',
      describe: (_protocol, unit) => ({ description: `all about ${unit.version}`, keywords: ['tool'], authors: [] }),
      ...(onStep ? { onStep } : {}),
    })
    registries.push(registry)
    return registry
  }
  const repository = await aRepository(engine.store)
  return {
    engine: engine.store,
    blobs,
    registry: open(),
    repository,
    another: open,
    async intents() {
      await Promise.all(registries.map((registry) => registry.settled()))
      return engine.store.collection(packageSchema.intents).count('byAge', {})
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(registries.map((registry) => registry.settled()))
      await engine[Symbol.asyncDispose]()
      await blobs.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** A repository in an organization of its own. */
export async function aRepository(
  engine: MetadataEngine,
  with_: Partial<RepositoryDocument> & { organization?: Partial<OrganizationDocument> } = {},
): Promise<Repository> {
  const { organization, ...overrides } = with_
  const owner = await engine.collection(accessSchema.organizations).insert(newId('org'), {
    name: `org-${randomUUID()}`,
    displayName: 'An organization',
    visibility: 'public',
    createdAt: Date.now(),
    ...organization,
  })
  return engine.collection(accessSchema.repositories).insert(newId('repo'), {
    organizationId: owner.id,
    protocol: 'npm',
    name: 'npm',
    visibility: 'private',
    description: '',
    requiresApproval: false,
    refusesSimilarNames: false,
    createdAt: Date.now(),
    createdBy: 'usr_test',
    ...overrides,
  })
}

/** A publish of one small file under the tag `latest`. */
export async function aPublish(
  to: Pick<TestRegistry, 'blobs' | 'repository'>,
  packageName: string,
  version: string,
  overrides: Partial<PublishRequest> = {},
): Promise<PublishRequest> {
  const staged = await to.blobs.stage(bytesOf(`${packageName}@${version} ${randomUUID()}`))
  const name = `${packageName}-${version}.tgz`
  const { digest, sizeBytes } = staged
  return {
    repository: to.repository,
    packageName,
    nameKey: packageName.toLowerCase().replace(/[-_.]/g, ''),
    unitKey: version,
    version,
    metadata: { name: packageName, version },
    files: [{ name, digest, sizeBytes, mediaType: 'application/octet-stream', staged }],
    tags: ['latest'],
    tagsIfAbsent: ['latest'],
    publisherId: 'usr_test',
    publisherName: 'tess',
    requestId: randomUUID(),
    ...overrides,
  }
}
