import { rememberedFor } from '../../access/remembering.ts'
import { RegistryError } from '../../errors.ts'
import { sendBlob } from '../../http/send-blob.ts'
import type { ProtocolDeps } from '../protocol.ts'
import { answerEmpty, versionHeader } from './answers.ts'
import { parseDigest } from './names.ts'
import { enterImage, type ImageEntered, type OciContext } from './place.ts'

/** Blobs by digest, each in an image that has it. */
export function blobs(deps: ProtocolDeps) {
  const { registry } = deps
  const { images } = registry
  const digestOf = (c: OciContext) => parseDigest(c.req.param('digest') ?? '').text

  async function record(c: OciContext, place: ImageEntered, digest: string): Promise<void> {
    if (!deps.recordDownload || c.req.method !== 'GET') return
    const pkg = await registry.packages.find(place.repository.id, place.image)
    if (pkg) await deps.recordDownload({ package: pkg, version: digest })
  }

  return {
    /** GET and HEAD. Whoever is told by HEAD that a blob is here need not upload it: it stays for a while. */
    async get(c: OciContext) {
      const place = await enterImage(c, deps, 'pull')
      const digest = digestOf(c)
      const isHead = c.req.method === 'HEAD'
      const found = await (isHead ? images.blobs.promise(place, digest) : images.blobs.find(place, digest))
      if (!found) throw unknownBlob(place, digest)
      await record(c, place, digest)
      const remembered = deps.recordDownload ? undefined : rememberedFor(c.var.principal).remember
      return sendBlob(c, {
        blobs: registry.blobs,
        digest: found.blob,
        sizeBytes: found.sizeBytes,
        contentType: 'application/octet-stream',
        etag: `"${digest}"`,
        cacheControl: 'private, max-age=31536000, immutable',
        headers: { ...versionHeader, 'docker-content-digest': digest },
        ...(remembered && { remember: { ...remembered, getOnly: true } }),
        // Who uploads lost bytes to any image makes all of them whole.
        whenMissing: () => unknownBlob(place, digest),
      })
    },

    async remove(c: OciContext) {
      const place = await enterImage(c, deps, 'delete')
      const digest = digestOf(c)
      if (!(await images.blobs.delete(place, digest))) throw unknownBlob(place, digest)
      return answerEmpty(c, 202, {})
    },
  }
}

function unknownBlob({ name }: ImageEntered, digest: string): RegistryError {
  return new RegistryError('blob_unknown', `The image "${name}" has no blob ${digest}.`, { field: 'digest' })
}
