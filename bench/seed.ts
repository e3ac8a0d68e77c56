import { openStores } from '../ts/cli/open-stores.ts'
import { loadConfig } from '../ts/config.ts'
import { newId } from '../ts/ids.ts'
import type { Json } from '../ts/metadata/engine.ts'
import { describeUnit } from '../ts/protocols/all.ts'
import { packageByName, unitBySequence } from '../ts/registry/packages.ts'
import type { PublishRequest } from '../ts/registry/publish-request.ts'
import { createRegistry, type Registry } from '../ts/registry/registry.ts'
import { openRegistryStore, type RegistryStore, type Repository, type Unit } from '../ts/registry/store.ts'

/** Publishes at a time: what fills the writer's groups. */
const publishers = 64

/**
 * `node seed.ts DATA_DIR TEMPLATE COUNT`: publishes COUNT copies of a package of the default repository under other
 * names, by the domain itself, while no server runs. Their tarballs are shared, so that the disk is not what is
 * measured.
 */
async function main([dataDir = '', template = '', count = '0']: readonly string[]): Promise<void> {
  const { engine, blobs } = await openStores(loadConfig({ DATA_DIR: dataDir }))
  const store = openRegistryStore(engine, describeUnit)
  const registry = createRegistry({ engine, blobs, describe: describeUnit, documentCacheBytes: 1 })
  try {
    const repository = await defaultRepository(store)
    const pkg = await packageByName(store, repository.id, template)
    const unit = pkg && (await unitBySequence(store, pkg.id, 1))
    if (!unit) throw new Error(`There is no package ${template} to copy`)
    await seed(registry, repository, { template, unit, count: Number(count) })
  } finally {
    await blobs.close()
    await engine.close()
  }
}

async function defaultRepository(store: RegistryStore): Promise<Repository> {
  const organization = (await store.organizations.find('byName', { equals: { name: 'main' } })).items[0]
  const address = { organizationId: organization?.id ?? '', protocol: 'npm', name: 'npm' }
  const repository = (await store.repositories.find('byName', { equals: address })).items[0]
  if (!repository) throw new Error('There is no repository main/npm')
  return repository
}

interface Copies {
  readonly template: string
  readonly unit: Unit
  readonly count: number
}

/** Each publisher has a blob of its own: all would wait for each other to touch the record of one. */
async function seed(registry: Registry, repository: Repository, copies: Copies): Promise<void> {
  let next = 0
  const publisher = async (_: unknown, number: number) => {
    const staged = await registry.blobs.stage(bytesOf(`the tarball of publisher ${number}`))
    await staged.commit()
    while (next < copies.count) {
      const name = `seeded-${next}`
      next += 1
      const { digest, sizeBytes } = staged
      await registry.publish(copyOf(copies, repository, name, { digest, sizeBytes }))
    }
  }
  await Promise.all(Array.from({ length: publishers }, publisher))
}

function copyOf(
  { template, unit }: Copies,
  repository: Repository,
  name: string,
  blob: { digest: string; sizeBytes: number },
): PublishRequest {
  const { key, version, tags, tagsIfAbsent, publisherId, publisherName } = unit.value
  const renamed = <T extends Json>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll(template, name))
  const files = unit.value.files.map((file) => ({ name: renamed(file.name), mediaType: file.mediaType, ...blob }))
  return {
    repository,
    packageName: name,
    nameKey: name.replaceAll('-', ''),
    unitKey: key,
    version,
    metadata: renamed(unit.value.metadata),
    files,
    tags,
    tagsIfAbsent,
    publisherId,
    publisherName,
    requestId: newId('req'),
  }
}

async function* bytesOf(text: string) {
  yield Buffer.from(text)
}

await main(process.argv.slice(2))
