import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { tarOf } from '../protocols/npm/tarball-builder.ts'

export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
}

/** What a manifest says of a blob or of another manifest. */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly platform?: Platform
  readonly annotations?: Readonly<Record<string, string>>
  readonly artifactType?: string
  readonly urls?: readonly string[]
}

/** An image, index or artifact: its manifest, and all bytes that it needs, its own included, by digest. */
export interface Built {
  readonly descriptor: Descriptor
  readonly bytes: ReadonlyMap<string, Buffer>
}

export interface ImageOptions {
  /** Absent: linux/amd64. */
  readonly platform?: Platform
  /** One layer for each, with files by path. */
  readonly layers?: readonly Readonly<Record<string, string | Uint8Array>>[]
  readonly labels?: Readonly<Record<string, string>>
  /** Whose media types; absent: OCI's. */
  readonly family?: 'oci' | 'docker'
}

const mediaTypes = {
  oci: {
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    index: 'application/vnd.oci.image.index.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  },
  docker: {
    manifest: 'application/vnd.docker.distribution.manifest.v2+json',
    index: 'application/vnd.docker.distribution.manifest.list.v2+json',
    config: 'application/vnd.docker.container.image.v1+json',
    layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  },
} as const
const amd64: Platform = { os: 'linux', architecture: 'amd64' }

/** `sha256:…` of these bytes. */
export function digestOf(bytes: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** An image whose layers hold these files; equal options make equal bytes. */
export function anImage(options: ImageOptions = {}): Built {
  const { platform = amd64, layers = [{ 'etc/motd': 'hello\n' }], labels = {}, family = 'oci' } = options
  const tars = layers.map(layerTar)
  const config = {
    ...platform,
    created: '2026-01-02T03:04:05Z',
    config: { Env: ['PATH=/bin'], Labels: labels },
    rootfs: { type: 'layers', diff_ids: tars.map(digestOf) },
    history: tars.map((_, i) => ({ created: '2026-01-02T03:04:05Z', created_by: `layer ${i}` })),
  }
  const types = mediaTypes[family]
  const parts = bag()
  const manifest = {
    schemaVersion: 2,
    mediaType: types.manifest,
    config: parts.add(types.config, JSON.stringify(config)),
    layers: tars.map((tar) => parts.add(types.layer, gzipSync(tar))),
  }
  return parts.built(types.manifest, manifest, { platform })
}

/**
 * One name for images of several platforms. With `attestations` each image has a manifest of in-toto statements beside
 * it, for the platform unknown/unknown, as BuildKit makes them.
 */
export function anIndex(
  images: readonly Built[],
  { attestations = false, family = 'oci' }: { attestations?: boolean; family?: 'oci' | 'docker' } = {},
): Built {
  const parts = bag()
  const all = [...images, ...(attestations ? images.map(anAttestation) : [])]
  for (const { bytes } of all) parts.take(bytes)
  const types = mediaTypes[family]
  const index = { schemaVersion: 2, mediaType: types.index, manifests: all.map(({ descriptor }) => descriptor) }
  return parts.built(types.index, index)
}

function anAttestation({ descriptor: { digest } }: Built): Built {
  const types = mediaTypes.oci
  const predicateType = 'https://slsa.dev/provenance/v1'
  const subject = [{ name: '_', digest: { sha256: digest.slice('sha256:'.length) } }]
  const statement = { _type: 'https://in-toto.io/Statement/v0.1', predicateType, subject, predicate: {} }
  const parts = bag()
  const annotations = { 'in-toto.io/predicate-type': predicateType }
  const layer = { ...parts.add('application/vnd.in-toto+json', JSON.stringify(statement)), annotations }
  const platform = { os: 'unknown', architecture: 'unknown' }
  const config = { ...platform, config: {}, rootfs: { type: 'layers', diff_ids: [layer.digest] } }
  const manifest = {
    schemaVersion: 2,
    mediaType: types.manifest,
    config: parts.add(types.config, JSON.stringify(config)),
    layers: [layer],
  }
  return parts.built(types.manifest, manifest, {
    platform,
    annotations: { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': digest },
  })
}

/** Writes an OCI layout in which each of these has its tag. */
export async function writeLayout(folder: string, tagged: Readonly<Record<string, Built>>): Promise<void> {
  await mkdir(join(folder, 'blobs/sha256'), { recursive: true })
  for (const { bytes } of Object.values(tagged)) {
    for (const [digest, content] of bytes) await writeFile(join(folder, 'blobs', digest.replace(':', '/')), content)
  }
  const manifests = Object.entries(tagged).map(([tag, { descriptor }]) => ({
    ...descriptor,
    annotations: { 'org.opencontainers.image.ref.name': tag },
  }))
  await writeFile(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }))
  await writeFile(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
}

/** Writes what the transport `dir:` of skopeo and podman reads: an image or index of any media types. */
export async function writeDirectory(folder: string, { descriptor, bytes }: Built): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'version'), 'Directory Transport Version: 1.1\n')
  for (const [digest, content] of bytes) {
    const hex = digest.slice('sha256:'.length)
    const isManifest = content.includes('"schemaVersion":2')
    const name = digest === descriptor.digest ? 'manifest.json' : isManifest ? `${hex}.manifest.json` : hex
    await writeFile(join(folder, name), content)
  }
}

/** What `docker save` writes of an image that these options make: for `docker load`, `docker-archive:` and crane. */
export function dockerArchive(name: string, { platform = amd64, layers = [], labels = {} }: ImageOptions): Buffer {
  const tars = layers.map(layerTar)
  const rootfs = { type: 'layers', diff_ids: tars.map(digestOf) }
  const config = JSON.stringify({ ...platform, config: { Labels: labels }, rootfs })
  const configFile = `${digestOf(config).slice('sha256:'.length)}.json`
  const layerFiles = tars.map((body, i) => ({ path: `layer-${i}.tar`, body }))
  const manifest = [{ Config: configFile, RepoTags: [name], Layers: layerFiles.map(({ path }) => path) }]
  return tarOf([
    { path: configFile, body: config },
    ...layerFiles,
    { path: 'manifest.json', body: JSON.stringify(manifest) },
  ])
}

/** The archive of a layer with these files. */
export function layerTar(files: Readonly<Record<string, string | Uint8Array>>): Buffer {
  return tarOf(Object.entries(files).map(([path, body]) => ({ path, body })))
}

/** A chart with one template, a config map that says `greeting`, as `helm package` packs it. */
export function aChart(name: string, version: string): Buffer {
  const chart = `apiVersion: v2\nname: ${name}\nversion: ${version}\ndescription: a chart of the tests\n`
  const template = [
    'apiVersion: v1',
    'kind: ConfigMap',
    'metadata:',
    '  name: {{ .Release.Name }}',
    'data:',
    '  greeting: {{ .Values.greeting }}',
    '',
  ].join('\n')
  const files = { 'Chart.yaml': chart, 'values.yaml': 'greeting: hello\n', 'templates/greeting.yaml': template }
  return gzipSync(tarOf(Object.entries(files).map(([path, body]) => ({ path: `${name}/${path}`, body }))))
}

/** Collects what a manifest names. */
function bag() {
  const bytes = new Map<string, Buffer>()
  const add = (mediaType: string, content: string | Uint8Array): Descriptor => {
    const digest = digestOf(content)
    const kept = Buffer.from(content)
    bytes.set(digest, kept)
    return { mediaType, digest, size: kept.length }
  }
  return {
    add,
    take(more: ReadonlyMap<string, Buffer>) {
      for (const [digest, content] of more) bytes.set(digest, content)
    },
    built: (mediaType: string, manifest: object, more: Partial<Descriptor> = {}): Built => ({
      descriptor: { ...add(mediaType, JSON.stringify(manifest)), ...more },
      bytes,
    }),
  }
}
