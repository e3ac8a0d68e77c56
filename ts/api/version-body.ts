import type { PackageVersion } from '../../ts_interfaces/packages.ts'
import type { DescribedManifest } from '../registry/images/images.ts'
import type { PullCount } from '../registry/images/pulls.ts'
import type { Registry } from '../registry/registry.ts'
import type { Version } from '../registry/versions.ts'
import type { PackageEntered } from './package-entry.ts'
import { timeOf } from './page-of.ts'

const shownTags = 100

type Images = Pick<Registry, 'images'>

/** A version of the package; where versions are manifests, with what those say. */
export async function versionBody(registry: Images, on: PackageEntered, found: Version): Promise<PackageVersion> {
  const [body] = await versionBodies(registry, on, [found])
  return body ?? plainBody(on, found)
}

/** The same of several, in their order. */
export async function versionBodies(
  { images }: Images,
  on: PackageEntered,
  found: readonly Version[],
): Promise<PackageVersion[]> {
  const bodies = found.map((version) => plainBody(on, version))
  if (!on.protocol.rules.hasTagRecords) return bodies
  const digests = found.map(({ version }) => version)
  const pulled = await images.pulls.of(on.package.id, digests)
  return Promise.all(
    bodies.map(async (body) => {
      const manifest = await images.manifests.described(on.package, body.version)
      if (!manifest) return body
      const tags = (await images.tags.of(manifest)).slice(0, shownTags).map(({ tag }) => tag)
      return { ...body, tags, manifest: manifestBody(manifest), ...pullsBody(pulled.get(body.version)) }
    }),
  )
}

function plainBody({ package: { value } }: PackageEntered, found: Version): PackageVersion {
  const { version, units, facts, deprecated, yanked } = found
  const [first] = units
  const files = units.flatMap((unit) => unit.value.files)
  return {
    version,
    description: facts.description,
    keywords: [...facts.keywords],
    publishedAt: timeOf(first.value.createdAt),
    publisher: { id: first.value.publisherId, name: first.value.publisherName },
    tags: value.tags.filter(([, named]) => named === version).map(([tag]) => tag),
    files: files.length,
    sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
    ...(deprecated !== undefined && { deprecated }),
    ...(yanked !== undefined && { yanked }),
  }
}

function manifestBody({ mediaType, facts }: DescribedManifest): PackageVersion['manifest'] {
  const { kind, artifactType, subject, annotations, platforms } = facts
  return {
    mediaType,
    kind,
    ...(artifactType !== undefined && { artifactType }),
    ...(platforms && { platforms: [...platforms] }),
    ...(subject !== undefined && { subject }),
    annotations: { ...annotations },
  }
}

/** How often a tag or manifest of an image was pulled. */
export function pullsBody(count: PullCount | undefined): { pulls: number; lastPulledAt?: string } {
  return count ? { pulls: count.pulls, lastPulledAt: timeOf(count.lastPulledAt) } : { pulls: 0 }
}
