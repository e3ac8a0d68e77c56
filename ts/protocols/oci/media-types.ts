/** The manifests that this registry takes, and what each is. */
export const manifestTypes = {
  'application/vnd.oci.image.manifest.v1+json': 'image',
  'application/vnd.oci.image.index.v1+json': 'index',
  'application/vnd.docker.distribution.manifest.v2+json': 'image',
  'application/vnd.docker.distribution.manifest.list.v2+json': 'index',
} as const

export type ManifestType = keyof typeof manifestTypes

export const ociIndex = 'application/vnd.oci.image.index.v1+json'

/** The type, when it is one of those above. */
export function manifestType(mediaType: string): ManifestType | undefined {
  return Object.hasOwn(manifestTypes, mediaType) ? (mediaType as ManifestType) : undefined
}

/** Docker's types have no `subject` and no `artifactType`, and must say themselves what they are. */
export function isDockerType(mediaType: string): boolean {
  return mediaType.startsWith('application/vnd.docker.')
}

/** Image manifests of Docker before 1.10, which name no config and whose digest is not over all bytes. */
export function isSchema1Type(mediaType: string): boolean {
  return /^application\/vnd\.docker\.distribution\.manifest\.v1\+/.test(mediaType)
}

const optionalLayers = [
  /^application\/vnd\.oci\.image\.layer\.nondistributable\.v1\.tar(?:\+\w+)?$/,
  /^application\/vnd\.docker\.image\.rootfs\.foreign\.diff\.tar(?:\.\w+)?$/,
]

/** Layers that their licence keeps where they are: no registry need have them. */
export function isOptionalLayer(mediaType: string): boolean {
  return optionalLayers.some((pattern) => pattern.test(mediaType))
}
