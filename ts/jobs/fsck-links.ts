import type { MetadataEngine, Stored } from '../metadata/engine.ts'
import { type BlobLinkDocument, blobLinks, linkId } from '../metadata/image-schema.ts'
import type { FileDocument, PackageDocument } from '../metadata/package-schema.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import { references } from '../registry/garbage/references.ts'
import { linkRemoval } from '../registry/garbage/remove-link.ts'
import { describedManifest } from '../registry/images/stored-manifest.ts'
import { unlessStale } from './fsck-blobs.ts'
import { type Check, type CheckDeps, type Found, walkOf } from './fsck-finding.ts'
import { packageNames } from './fsck-names.ts'

/** Every link of an image against its blob's record. What a manifest names keeps its link: the file is told of as lost. */
export function linkCheck({ engine, now }: CheckDeps): Check<Stored<BlobLinkDocument>> {
  const links = engine.collection(blobLinks)
  const records = engine.collection(packageSchema.blobs)
  const nameOf = packageNames(engine)
  const removeLink = linkRemoval({ engine, now })
  const { isLinkNeeded } = references(engine)
  return {
    thing: 'link',
    ...walkOf(
      (page) => links.find('byAge', page),
      (id) => links.get(id),
    ),
    async look(link) {
      const { repositoryId, image, digest, blob } = link.value
      if ((await records.get(blob)) || (await isLinkNeeded(link.value))) return []
      const subject = `${await nameOf({ repositoryId, name: image })} ${digest}`
      const problem = 'the image is said to have this blob, which there is no record of'
      const advice = 'No manifest names it; a repair removes the link.'
      return [
        {
          finding: { kind: 'link-broken', subject, problem, advice },
          repair: async () => ((await removeLink(link)) ? 'The link was removed.' : undefined),
        },
      ]
    },
  }
}

/** What is wrong when a file is a blob of an image's manifest: that the image has no link to it, so nobody can pull it. */
export function missingLink({
  engine,
  now,
}: Pick<CheckDeps, 'engine' | 'now'>): (file: FileDocument) => Promise<Found[]> {
  const links = engine.collection(blobLinks)
  const nameOf = packageNames(engine)

  /** Also while the bytes are lost, since whoever stores them again knows nothing of this image. */
  function make({ repositoryId, name: image }: PackageDocument, file: FileDocument): Promise<string | undefined> {
    const { name: digest, digest: blob, sizeBytes } = file
    return unlessStale(async () => {
      const link = { repositoryId, image, digest, blob, sizeBytes, touchedAt: now() }
      await links.insert(linkId(repositoryId, image, digest), link)
      return 'The link was made again.'
    })
  }

  return async (file) => {
    const pkg = await imageNaming(engine, file)
    if (!pkg || (await links.get(linkId(pkg.repositoryId, pkg.name, file.name)))) return []
    const problem = 'a manifest names this blob, and nobody can pull it: the image has no link to it'
    const advice = 'A repair makes the link again.'
    return [
      {
        finding: { kind: 'link-missing', subject: `${await nameOf(pkg)} ${file.name}`, problem, advice },
        repair: () => make(pkg, file),
      },
    ]
  }
}

/** The image, when the file is what one of its manifests names as a blob, not the manifest itself. */
async function imageNaming(engine: MetadataEngine, file: FileDocument): Promise<PackageDocument | undefined> {
  // All other files have names that are no digests.
  if (!/^sha(?:256|512):[0-9a-f]+$/.test(file.name)) return undefined
  const [pkg, unit] = await Promise.all([
    engine.collection(packageSchema.packages).get(file.packageId),
    engine.collection(packageSchema.units).get(file.unitId),
  ])
  // Packages with a path are images; see `put`.
  if (pkg?.value.path === undefined || !unit || unit.value.key === file.name) return undefined
  const isBlob = describedManifest(unit).facts.kind === 'image' || !(await isManifest(engine, file))
  return isBlob ? pkg.value : undefined
}

/** An index names manifests, and blobs too. */
async function isManifest(engine: MetadataEngine, { packageId, name: key }: FileDocument): Promise<boolean> {
  const page = await engine.collection(packageSchema.units).find('byKey', { equals: { packageId, key }, limit: 1 })
  return page.items.length > 0
}
