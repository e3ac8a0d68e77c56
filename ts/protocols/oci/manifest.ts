import { createHash } from 'node:crypto'
import { hasCode, RegistryError } from '../../errors.ts'
import { duplicateKey } from '../../http/duplicate-key.ts'
import { parseJson } from '../../http/json.ts'
import type { ManifestFacts, ManifestReference } from '../../registry/images/manifest-facts.ts'
import { type Descriptor, imageShape, indexShape, invalidManifest } from './manifest-shapes.ts'
import {
  isDockerType,
  isOptionalLayer,
  isSchema1Type,
  type ManifestType,
  manifestType,
  manifestTypes,
} from './media-types.ts'
import { parseDigest } from './names.ts'

/** Each becomes a record of the store. */
const maxReferences = 5_000
/** Of a manifest as a whole: listings of referrers repeat them. */
const maxAnnotationBytes = 256 * 1024

/**
 * What the registry must know of a manifest. Fields that are not known here are nobody's business: the bytes are kept as
 * they are. What clients would read differently, or cannot read, is refused. Throws `manifest_invalid` saying what is
 * wrong and, where a field is, which.
 */
export function readManifest(bytes: Uint8Array, contentType: string | undefined): ManifestFacts {
  const value = objectOf(bytes)
  refuseSchema1(value, contentType)
  const mediaType = typeOf(value, contentType)
  requireExactKeys(value, meantByManifest)
  return manifestTypes[mediaType] === 'image' ? readImage(value, mediaType) : readIndex(value, mediaType)
}

type Fields = Readonly<Record<string, unknown>>

function objectOf(bytes: Uint8Array): Fields {
  // Readers in JavaScript pass over it, those in Go do not.
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    throw invalidManifest('it begins with a byte order mark, which clients cannot read; push it without')
  }
  let value: unknown
  try {
    value = parseJson(bytes)
  } catch (err) {
    if (!hasCode(err, 'payload_invalid')) throw err
    throw new RegistryError('manifest_invalid', `The manifest cannot be read: ${err.message}.`, {}, { cause: err })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidManifest('it must be a JSON object')
  }
  const twice = duplicateKey(Buffer.from(bytes).toString())
  if (twice === undefined) return value as Fields
  throw invalidManifest(`the field ${JSON.stringify(twice)} comes twice, and clients differ in which one counts`, twice)
}

function refuseSchema1(value: Fields, contentType: string | undefined): void {
  const types = [essence(contentType), value['mediaType']]
  const named = types.some((type) => typeof type === 'string' && isSchema1Type(type))
  if (!named && value['schemaVersion'] !== 1 && !isPresent(value['fsLayers'])) return
  throw new RegistryError(
    'manifest_invalid',
    "This is an image manifest of Docker's schema 1, which registries do not take any more: push the image with " +
      'Docker 1.10 or later, or convert it with "skopeo copy --format v2s2" or "--format oci".',
    { field: 'schemaVersion' },
  )
}

/** Without parameters, in lower case; `undefined` where there is none. */
function essence(contentType: string | undefined): string | undefined {
  return contentType?.split(';')[0]?.trim().toLowerCase() || undefined
}

/** The header and the field must agree; a client that believed the other one would read another thing. */
function typeOf(value: Fields, contentType: string | undefined): ManifestType {
  const { mediaType } = value
  if (mediaType !== undefined && typeof mediaType !== 'string') {
    throw invalidManifest('mediaType: expected a string', 'mediaType')
  }
  const sent = essence(contentType)
  const declared = mediaType ?? sent
  if (declared === undefined) {
    throw invalidManifest('nothing says of what type it is; send a Content-Type, or the field "mediaType"', 'mediaType')
  }
  if (sent !== undefined && sent !== declared) {
    throw invalidManifest(
      `it came as Content-Type "${sent}", but its mediaType is "${declared}"; they must be the same`,
      'mediaType',
    )
  }
  const known = manifestType(declared)
  if (!known) {
    const types = Object.keys(manifestTypes).join(', ')
    throw invalidManifest(`its type "${declared}" is not one that this registry takes, which are ${types}`, 'mediaType')
  }
  if (isDockerType(known) && mediaType === undefined) {
    throw invalidManifest(`mediaType: it is missing; expected "${known}"`, 'mediaType')
  }
  return known
}

/** Without regard to case, as Go has it: the Kelvin sign is a `k` there, and the long s an `s`. */
const folded = (key: string) => key.toUpperCase().toLowerCase()
const byFolded = (keys: readonly string[]) => new Map(keys.map((key) => [folded(key), key]))

const common = ['mediaType', 'artifactType', 'annotations']
const meantByManifest = byFolded([...common, 'schemaVersion', 'config', 'layers', 'manifests', 'subject'])
const meantByDescriptor = byFolded([...common, 'digest', 'size', 'data', 'urls', 'platform'])

/** Clients in Go read `Layers` as `layers`: what was checked here would not be what they see. */
function requireExactKeys(value: Fields, meant: ReadonlyMap<string, string>, within = ''): void {
  for (const key of Object.keys(value)) {
    const exact = meant.get(folded(key))
    if (exact === undefined || exact === key) continue
    throw invalidManifest(`the field "${within}${key}" must be written "${within}${exact}"`, `${within}${key}`)
  }
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null
}

/** A manifest that could be taken for both kinds has two meanings (CVE-2021-41190). */
function refuseFields(value: Fields, kind: string, fields: readonly string[]): void {
  const strange = fields.find((field) => isPresent(value[field]))
  if (strange === undefined) return
  throw invalidManifest(`${kind} has no "${strange}", and nothing is an image and an index at once`, strange)
}

/** Before the shape is looked at, so that a million entries cost nothing. */
function requireFew(value: Fields, field: string): void {
  const entries = value[field]
  if (!Array.isArray(entries) || entries.length <= maxReferences) return
  throw invalidManifest(`${field} has ${entries.length} entries; at most ${maxReferences} are taken`, field)
}

function readImage(value: Fields, mediaType: ManifestType): ManifestFacts {
  refuseFields(value, 'an image', ['manifests'])
  requireFew(value, 'layers')
  const image = imageShape(value)
  const layers = image.layers ?? []
  const references = [
    referenceOf(image.config, 'config', 'blob'),
    ...layers.map((layer, at) => referenceOf(layer, `layers[${at}]`, 'blob')),
  ]
  return factsOf(image, 'image', mediaType, references, image.config.mediaType)
}

function readIndex(value: Fields, mediaType: ManifestType): ManifestFacts {
  refuseFields(value, 'an index', ['layers', 'config'])
  requireFew(value, 'manifests')
  const index = indexShape(value)
  // BuildKit keeps its cache in an index of layers.
  const children = (index.manifests ?? []).map((child, at) =>
    referenceOf(child, `manifests[${at}]`, manifestType(child.mediaType) ? 'manifest' : 'blob'),
  )
  return factsOf(index, 'index', mediaType, children, undefined)
}

function referenceOf(descriptor: Descriptor, field: string, kind: ManifestReference['kind']): ManifestReference {
  requireSound(descriptor, field)
  const { digest, size: sizeBytes, mediaType } = descriptor
  const platform = kind === 'manifest' ? platformText(descriptor.platform) : undefined
  const isOptional = kind === 'blob' && isOptionalLayer(mediaType)
  return { kind, digest, sizeBytes, mediaType, isOptional, ...(platform !== undefined && { platform }) }
}

/** For people alone. */
function platformText(platform: Descriptor['platform']): string | undefined {
  if (!platform) return undefined
  const parts = [platform.os, platform.architecture, platform.variant].filter(Boolean)
  return parts.length > 0 ? parts.join('/').slice(0, 100).toWellFormed() : undefined
}

/** Its fields must be written as they are meant, and what it carries with it must be what it describes. */
function requireSound(descriptor: Descriptor, field: string): void {
  requireExactKeys(descriptor, meantByDescriptor, `${field}.`)
  const { data, digest, size } = descriptor
  if (data === undefined || data === null) return
  const bytes = Buffer.from(data, 'base64')
  if (bytes.length !== size) {
    throw invalidManifest(`${field}.data has ${bytes.length} bytes, but ${field}.size is ${size}`, `${field}.data`)
  }
  const { algorithm, hex } = parseDigest(digest)
  if (createHash(algorithm).update(bytes).digest('hex') !== hex)
    throw invalidManifest(`${field}.data is not what ${field}.digest names`, `${field}.data`)
}

interface Shared {
  readonly subject?: Descriptor | null | undefined
  readonly artifactType?: string | null | undefined
  readonly annotations?: Record<string, string> | null | undefined
}

function factsOf(
  { subject, artifactType, annotations }: Shared,
  kind: ManifestFacts['kind'],
  mediaType: ManifestType,
  references: readonly ManifestReference[],
  configType: string | undefined,
): ManifestFacts {
  const isOci = !isDockerType(mediaType)
  const type = (isOci && artifactType) || configType
  if (subject) requireSound(subject, 'subject')
  return {
    kind,
    mediaType,
    references: eachOnce(references),
    ...(isOci && subject && { subject: subject.digest }),
    ...(type !== undefined && { artifactType: type }),
    annotations: boundedAnnotations(annotations ?? {}),
  }
}

/** One digest may be named several times, as an empty layer often is; it is needed when one of them needs it. */
function eachOnce(references: readonly ManifestReference[]): ManifestReference[] {
  const byDigest = new Map<string, ManifestReference>()
  for (const reference of references) {
    const before = byDigest.get(reference.digest)
    if (before && before.sizeBytes !== reference.sizeBytes) {
      const sizes = `${before.sizeBytes} and of ${reference.sizeBytes} bytes`
      throw invalidManifest(`it says that ${reference.digest} is of ${sizes}`)
    }
    if (before && before.kind !== reference.kind) {
      throw invalidManifest(`it names ${reference.digest} as a manifest and as another thing`)
    }
    if (before && reference.kind === 'manifest' && before.mediaType !== reference.mediaType) {
      throw invalidManifest(`it names ${reference.digest} as manifests of two types`)
    }
    if (!before || before.isOptional) byDigest.set(reference.digest, reference)
  }
  return [...byDigest.values()]
}

function boundedAnnotations(annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const bytes = Buffer.byteLength(JSON.stringify(annotations))
  if (bytes <= maxAnnotationBytes) return annotations
  throw invalidManifest(`its annotations have ${bytes} bytes; at most ${maxAnnotationBytes} are taken`, 'annotations')
}
