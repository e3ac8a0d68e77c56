import { isGone } from '../access/gone.ts'
import * as accessSchema from '../metadata/access-schema.ts'
import type { MetadataEngine, Page, Stored } from '../metadata/engine.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import type * as platformSchema from '../metadata/platform-schema.ts'
import { paced } from './pace.ts'

const packagesAtOnce = 20
const pageLength = 1000
const largestShown = 100
const downloadDays = 30
/** It rests so many times as long as it works: one part in twenty of a processor is what it takes from requests. */
const restShare = 19
const dayMs = 86_400_000

type Found = Omit<platformSchema.UsageDocument, 'countedAt' | 'durationMs'>

const nothing: platformSchema.Usage = { packages: 0, versions: 0, files: 0, sizeBytes: 0, downloads: 0 }

/**
 * Counts everything there is, a page at a time, resting in between; a store of a million packages takes minutes.
 * `undefined` when it was told to stop.
 */
export async function countUsage(engine: MetadataEngine, signal: AbortSignal): Promise<Found | undefined> {
  const rest = paced(signal, restShare)
  const repositories: platformSchema.RepositoryUsage[] = []
  const protocols = new Map<string, platformSchema.ProtocolUsage>()
  for await (const repository of every((page) => engine.collection(accessSchema.repositories).find('byName', page))) {
    if (isGone(repository.value)) continue
    const usage = await repositoryUsage(engine, repository.id, signal, rest)
    if (!usage) return undefined
    const { organizationId, protocol, name } = repository.value
    repositories.push({ repositoryId: repository.id, organizationId, protocol, name, ...usage })
    if (repositories.length > 10 * largestShown) keepLargest(repositories)
    const sum = protocols.get(protocol) ?? { protocol, repositories: 0, ...nothing }
    protocols.set(protocol, { ...sum, ...added(sum, usage), repositories: sum.repositories + 1 })
  }
  keepLargest(repositories)
  const blobs = await blobUsage(engine, signal, rest)
  return blobs && { blobs, protocols: [...protocols.values()].sort(byProtocol), repositories }
}

async function repositoryUsage(
  engine: MetadataEngine,
  repositoryId: string,
  signal: AbortSignal,
  rest: () => Promise<void>,
): Promise<platformSchema.Usage | undefined> {
  const packages = engine.collection(packageSchema.packages)
  let sum = nothing
  for (let after: string | undefined; ; ) {
    const more = after === undefined ? {} : { after }
    const page = await packages.find('byName', { equals: { repositoryId }, limit: packagesAtOnce, ...more })
    const published = page.items.filter(({ value }) => value.published > 0)
    for (const usage of await Promise.all(published.map((pkg) => packageUsage(engine, pkg)))) sum = added(sum, usage)
    await rest()
    if (signal.aborted) return undefined
    after = page.next
    if (after === undefined) return sum
  }
}

async function packageUsage(
  engine: MetadataEngine,
  { id, value }: Stored<packageSchema.PackageDocument>,
): Promise<platformSchema.Usage> {
  const deleted = value.marks.filter(([, { deletedAt }]) => deletedAt !== undefined).length
  const versions = value.published - (value.removed ?? 0) - deleted
  const usage = { ...nothing, packages: versions > 0 ? 1 : 0, versions }
  const ofPackage = { equals: { packageId: id } }
  for await (const file of every((page) =>
    engine.collection(packageSchema.files).find('byName', { ...ofPackage, ...page }),
  )) {
    usage.files += 1
    usage.sizeBytes += file.value.sizeBytes
  }
  const range = { from: new Date(Date.now() - (downloadDays - 1) * dayMs).toISOString().slice(0, 10) }
  const downloads = engine.collection(packageSchema.downloads)
  for await (const { value: day } of every((page) => downloads.find('byPackage', { ...ofPackage, range, ...page }))) {
    usage.downloads += day.count
  }
  return usage
}

async function blobUsage(engine: MetadataEngine, signal: AbortSignal, rest: () => Promise<void>) {
  const sum = { count: 0, sizeBytes: 0 }
  for await (const { value } of every((page) => engine.collection(packageSchema.blobs).find('byState', page))) {
    sum.count += 1
    sum.sizeBytes += value.sizeBytes
    if (sum.count % pageLength !== 0) continue
    await rest()
    if (signal.aborted) return undefined
  }
  return sum
}

async function* every<T>(load: (page: { limit: number; after?: string }) => Promise<Page<T>>) {
  for (let after: string | undefined; ; ) {
    const page = await load({ limit: pageLength, ...(after !== undefined && { after }) })
    yield* page.items
    after = page.next
    if (after === undefined) return
  }
}

function added(a: platformSchema.Usage, b: platformSchema.Usage): platformSchema.Usage {
  return {
    packages: a.packages + b.packages,
    versions: a.versions + b.versions,
    files: a.files + b.files,
    sizeBytes: a.sizeBytes + b.sizeBytes,
    downloads: a.downloads + b.downloads,
  }
}

function keepLargest(repositories: platformSchema.RepositoryUsage[]): void {
  repositories.sort((a, b) => b.sizeBytes - a.sizeBytes || (a.repositoryId < b.repositoryId ? -1 : 1))
  repositories.length = Math.min(repositories.length, largestShown)
}

const byProtocol = (a: platformSchema.ProtocolUsage, b: platformSchema.ProtocolUsage) =>
  a.protocol < b.protocol ? -1 : 1
