import { createHash } from 'node:crypto'
import type { SeededBlob } from './content.ts'

export const manifestMediaType = 'application/vnd.oci.image.manifest.v1+json'
const layerMediaType = 'application/vnd.oci.image.layer.v1.tar+gzip'

/** What is pushed and pulled by one name: a manifest as it is sent. */
export interface SeededManifest {
  readonly digest: string
  readonly bytes: Buffer
}

/** A descriptor's own fields. */
export interface Described {
  readonly digest: string
  readonly sizeBytes: number
}

/** The manifest of an image, as long as an ordinary one with so many layers. */
export function manifestOf(config: Described, layers: readonly Described[]): SeededManifest {
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestMediaType,
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: layers.map((layer) => descriptor(layerMediaType, layer)),
    annotations: { 'org.opencontainers.image.title': 'measured' },
  }
  const bytes = Buffer.from(JSON.stringify(manifest, null, 2))
  return { digest: sha256(bytes), bytes }
}

/** As registries and layouts name bytes. */
export const sha256 = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

function descriptor(mediaType: string, { digest, sizeBytes }: Described): object {
  return { mediaType, digest, size: sizeBytes }
}

/** Below a repository's address: where a blob, a manifest and the tags of an image are. */
export const paths = {
  blob: (image: string, { digest }: Pick<SeededBlob, 'digest'>) => `/${image}/blobs/${digest}`,
  manifest: (image: string, reference: string) => `/${image}/manifests/${reference}`,
  tags: (image: string, query = '') => `/${image}/tags/list${query}`,
  uploads: (image: string, query = '') => `/${image}/blobs/uploads/${query}`,
} as const
