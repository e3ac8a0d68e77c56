import type { BlobStore, StagedBlob } from '../../blobs/store.ts'
import { hasCode, RegistryError } from '../../errors.ts'
import type { BlobRecords } from '../blob-records.ts'
import { requireOpen } from '../package-status.ts'
import { packageByName } from '../packages.ts'
import type { Published, PublishHooks } from '../publish.ts'
import type { PublishRequest } from '../publish-request.ts'
import type { Package, RegistryStore } from '../store.ts'
import type { Manifest, ManifestPut } from './images.ts'
import { visibleManifest } from './manifest-reads.ts'
import type { References } from './manifest-references.ts'
import type { Pulls } from './pulls.ts'
import { manifestOf, unitFacts } from './stored-manifest.ts'
import type { TagWriter } from './tags.ts'

const maxAttempts = 20
const noop = () => {}

export interface PutManifestDeps {
  readonly store: RegistryStore
  readonly blobs: BlobStore
  readonly blobRecords: BlobRecords
  readonly references: References
  readonly tags: TagWriter
  readonly pulls: Pick<Pulls, 'renew'>
  readonly publish: (request: PublishRequest, hooks: PublishHooks) => Promise<Published>
}

/** See `Manifests.put`. */
export async function putManifest(deps: PutManifestDeps, request: ManifestPut): Promise<Manifest> {
  let staging: Promise<StagedBlob> | undefined
  const stage = () => {
    staging ??= request.stage()
    return staging
  }
  const put = { ...request, stage }
  try {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const done = await tryPut(deps, put)
      if (done) return done
    }
  } finally {
    await staging?.then((staged) => staged.discard(), noop)
  }
  throw new RegistryError('unavailable', `Others push and delete ${put.digest} at the same time; push it again.`, {
    retryAfterSeconds: 1,
  })
}

/** `undefined` when another push or a deletion of the same manifest came in between. */
async function tryPut(deps: PutManifestDeps, put: ManifestPut): Promise<Manifest | undefined> {
  const pkg = await packageByName(deps.store, put.repository.id, put.image)
  if (pkg) await deps.tags.requireFree(put.repository, pkg, put.tags, put.digest)
  const known = pkg && (await visibleManifest(deps.store, pkg, put.digest))
  if (pkg && known) {
    return (await putAgain(deps, put, pkg, known)) ? known : undefined
  }
  const files = await deps.references.resolve(put, pkg, put.facts)
  try {
    let isTagged = true
    const { unit } = await deps.publish(requestOf(put, await put.stage(), files), {
      confirm: (packageId) => deps.references.confirm(put, packageId, put.facts, files),
      async committed(published) {
        isTagged = await setTags(deps, put, published.package, manifestOf(published.unit))
      },
    })
    return isTagged ? manifestOf(unit) : undefined
  } catch (err) {
    if (hasCode(err, 'version_exists', 'revision_stale')) return undefined
    throw hasCode(err, 'blob_unknown') ? bytesLost(err, files) : err
  }
}

/** The image has the blob, but the store has lost its bytes: the client uploads it again. */
function bytesLost({ message, details }: RegistryError, files: PublishRequest['files']): RegistryError {
  const errors = files
    .filter(({ digest }) => digest === details.field)
    .map(({ name }) => ({ field: name, message: 'Its bytes are lost; upload it again.' }))
  return new RegistryError('reference_unknown', message, { errors })
}

/** What is there already is only tagged, or counts as new without a tag; false as `setTags` says. */
async function putAgain(deps: PutManifestDeps, put: ManifestPut, pkg: Package, manifest: Manifest): Promise<boolean> {
  requireOpen(pkg.value)
  // Bytes that the store has lost are given back to it by whoever brings them.
  if ((await deps.blobs.stat(manifest.blob))?.sizeBytes !== manifest.sizeBytes) {
    await deps.blobRecords.keep([{ digest: manifest.blob, sizeBytes: manifest.sizeBytes, staged: await put.stage() }])
  }
  if (put.tags.length > 0) return setTags(deps, put, pkg, manifest)
  // In this order: whoever removes what is old and untagged marks it and then looks how old it is.
  await deps.pulls.renew(pkg.id, [put.digest])
  return deps.tags.isThere(pkg.id, manifest)
}

function requestOf(put: ManifestPut, staged: StagedBlob, references: PublishRequest['files']): PublishRequest {
  const { repository, image, path, digest, mediaType, facts, publisherId, publisherName, requestId } = put
  const own = { name: digest, digest: staged.digest, sizeBytes: staged.sizeBytes, mediaType, staged }
  return {
    repository,
    packageName: image,
    nameKey: image.toLowerCase().replace(/[-_.]/g, ''),
    path,
    unitKey: digest,
    version: digest,
    ...(facts.subject !== undefined && { subject: facts.subject }),
    metadata: unitFacts(facts),
    files: [own, ...references],
    tags: [],
    tagsIfAbsent: [],
    publisherId,
    publisherName,
    requestId,
  }
}

/** False when the manifest was deleted meanwhile: who pushes an immutable tag is not answered that it is there. */
async function setTags(
  { tags }: PutManifestDeps,
  put: ManifestPut,
  pkg: Package,
  manifest: Manifest,
): Promise<boolean> {
  const { publisherId: actor, publisherName: actorName, requestId } = put
  const author = { actor, actorName, requestId }
  const outcomes = await Promise.all(put.tags.map((tag) => tags.set(pkg, tag, manifest, author)))
  return outcomes.every(Boolean)
}
