import { createHash } from 'node:crypto'
import { actorOf } from '../../access/principal.ts'
import { rememberedFor } from '../../access/remembering.ts'
import { RegistryError } from '../../errors.ts'
import { readWhole } from '../../http/body.ts'
import { sendBlob } from '../../http/send-blob.ts'
import type { Manifest } from '../../registry/images/images.ts'
import type { Package } from '../../registry/store.ts'
import type { ProtocolDeps } from '../protocol.ts'
import { answerEmpty, locationOf, setEach, versionHeader } from './answers.ts'
import { refuseApproval } from './approval.ts'
import { readManifest } from './manifest.ts'
import { findReference, type ImageDigest, parseReference, parseTag, type Reference } from './names.ts'
import { claimName, enterImage, type ImageEntered, type OciContext } from './place.ts'

/** Tags that one push may set. */
const maxTags = 100

/** Manifests by tag and by digest. */
export function manifests(deps: ProtocolDeps) {
  const { registry, limits } = deps
  const { images } = registry

  async function find(
    c: OciContext,
    place: ImageEntered,
  ): Promise<{ package: Package; manifest: Manifest; reference: Reference }> {
    const text = c.req.param('reference') ?? ''
    const reference = findReference(text)
    const pkg = await registry.packages.find(place.repository.id, place.image)
    if (!pkg) throw unknownImage(place)
    const manifest = reference && (await lookUp(pkg, reference))
    if (!reference || !manifest) throw unknownManifest(place, text)
    return { package: pkg, manifest, reference }
  }

  function lookUp(pkg: Package, reference: Reference): Promise<Manifest | undefined> {
    return reference.kind === 'tag'
      ? images.manifests.byTag(pkg, reference.tag)
      : images.manifests.byDigest(pkg, reference.digest.text)
  }

  return {
    /** GET and HEAD. The bytes are those that were pushed, and no `Accept` chooses others. */
    async get(c: OciContext) {
      const place = await enterImage(c, deps, 'pull')
      const { package: pkg, manifest, reference } = await find(c, place)
      const { digest } = manifest
      const counted = reference.kind === 'tag' ? [reference.tag, digest] : [digest]
      const counts = (isPull: boolean) => {
        if (isPull) images.pulls.count(pkg.id, counted)
        else images.pulls.look(pkg.id, counted)
      }
      const isGet = c.req.method === 'GET'
      if (deps.recordDownload && isGet) await deps.recordDownload({ package: pkg, version: digest })
      const remembered = deps.recordDownload ? undefined : rememberedFor(c.var.principal).remember
      const answer = await sendBlob(c, {
        blobs: registry.blobs,
        digest: manifest.blob,
        sizeBytes: manifest.sizeBytes,
        contentType: manifest.mediaType,
        etag: `"${digest}"`,
        headers: { ...versionHeader, 'docker-content-digest': digest },
        ...(remembered && { remember: { ...remembered, onServed: counts } }),
        // Clients push again what is not here, and only that: crane and containerd ask first.
        whenMissing: () => unknownManifest(place, digest),
        readsForHead: true,
      })
      counts(isGet && !c.req.header('if-none-match'))
      return answer
    },

    async put(c: OciContext) {
      const place = await enterImage(c, deps, 'push', () => askedOf(c))
      refuseApproval(place)
      const { reference, tags, asked } = askedOf(c)
      const bytes = await readWhole(c, limits, 'maxManifestBytes')
      const facts = readManifest(bytes, c.req.header('content-type'))
      const digest = digestFor(bytes, reference)
      const { id: publisherId, name: publisherName } = actorOf(c.var.principal)
      // Now, since the body may have come for longer than a claim lasts.
      await claimName(c, deps, place)
      await images.manifests.put({
        repository: place.repository,
        image: place.image,
        path: place.path,
        stage: () => registry.blobs.stage(once(bytes)),
        digest,
        mediaType: facts.mediaType,
        facts,
        tags,
        publisherId,
        publisherName,
        requestId: c.var.requestId,
      })
      setEach(c, 'oci-tag', asked)
      return answerEmpty(c, 201, {
        location: locationOf(c, `${place.name}/manifests/${digest}`),
        'docker-content-digest': digest,
        ...(facts.subject !== undefined && { 'oci-subject': facts.subject }),
      })
    },

    /** A tag goes alone; a digest takes all its tags along. */
    async remove(c: OciContext) {
      const place = await enterImage(c, deps, 'delete')
      const text = c.req.param('reference') ?? ''
      const reference = findReference(text)
      const pkg = await registry.packages.find(place.repository.id, place.image)
      if (!pkg) throw unknownImage(place)
      const author = { actor: actorOf(c.var.principal).id, requestId: c.var.requestId }
      if (reference?.kind === 'digest') {
        if (!(await lookUp(pkg, reference))) throw unknownManifest(place, text)
        await images.manifests.delete(pkg, reference.digest.text, author)
      } else if (!reference || !(await images.tags.delete(pkg, reference.tag, author))) {
        throw unknownManifest(place, text)
      }
      return answerEmpty(c, 202, {})
    },
  }
}

/** Whoever may read the repository may know that it has no such image. */
export function unknownImage({ name }: ImageEntered): RegistryError {
  return new RegistryError('package_unknown', `There is no image "${name}" here, or you may not read it.`)
}

function unknownManifest({ name }: ImageEntered, reference: string): RegistryError {
  const message = `There is no manifest "${reference}" of the image "${name}".`
  return new RegistryError('version_unknown', message, { field: 'reference' })
}

/** What the address says: `asked` are the tags of its query. Throws `digest_invalid`, `name_invalid`. */
function askedOf(c: OciContext): { reference: Reference; tags: string[]; asked: string[] } {
  const reference = parseReference(c.req.param('reference') ?? '')
  const asked = [...new Set((c.req.queries('tag') ?? []).map(parseTag))]
  return { reference, tags: tagsOf(reference, asked), asked }
}

function tagsOf(reference: Reference, asked: readonly string[]): string[] {
  const tags = new Set(reference.kind === 'tag' ? [reference.tag, ...asked] : asked)
  if (tags.size <= maxTags) return [...tags]
  throw new RegistryError('name_invalid', `The push names ${tags.size} tags; at most ${maxTags} are set at once.`)
}

/** The digest that the address names, if these are its bytes; else their SHA-256. */
function digestFor(bytes: Uint8Array, reference: Reference): string {
  if (reference.kind === 'tag') return `sha256:${hexOf('sha256', bytes)}`
  const { algorithm, hex, text } = reference.digest
  const computed = hexOf(algorithm, bytes)
  if (computed === hex) return text
  const message = `The manifest's bytes have the digest ${algorithm}:${computed}, not ${text}; push the bytes as they were hashed.`
  throw new RegistryError('digest_mismatch', message, { field: 'digest' })
}

function hexOf(algorithm: ImageDigest['algorithm'], bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex')
}

async function* once(bytes: Uint8Array) {
  yield bytes
}
