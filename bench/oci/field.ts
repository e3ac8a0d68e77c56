import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Contestant } from '../contestants/contestant.ts'
import { startDistribution } from '../contestants/distribution.ts'
import { type StaticServer, startNginx } from '../contestants/nginx.ts'
import { imageRepository, type StowageOptions, startStowage } from '../contestants/stowage.ts'
import type { Setting } from '../setting.ts'
import { blobOf, type Seeded } from './content.ts'
import { manifestMediaType, manifestOf, paths, type SeededManifest } from './image.ts'
import { pushTags, storeBlobs } from './pushing.ts'

/** Registries that run side by side and have the same images. They and all their bytes are gone when it is disposed. */
export interface ImageField extends AsyncDisposable {
  readonly stowage: Contestant
  readonly twoWorkers: Contestant
  readonly distribution: Contestant
  readonly registries: readonly Contestant[]
  /** The ceiling of pulls, where it is installed; takes the addresses that it was told of. */
  readonly nginx: StaticServer | undefined
  /** All of these. */
  readonly everybody: readonly Contestant[]
  /** Gives everybody a blob, in an image. */
  store(image: string, blob: Seeded): Promise<void>
  /** Gives everybody an image of so many small layers, under a tag. */
  image(image: string, tag: string, layers: number): Promise<SeededManifest>
}

let fields = 0

/** Starts them in a folder of their own. */
export async function openImageField(setting: Setting): Promise<ImageField> {
  await using stack = new AsyncDisposableStack()
  const dir = await freshDir(setting, stack)
  const kept = async <T extends Contestant | undefined>(starting: Promise<T>) => {
    const contestant = await starting
    if (contestant) stack.defer(contestant.stop)
    return contestant
  }
  const starting = [
    kept(startImageStowage(setting, stack)),
    kept(startImageStowage(setting, stack, { workers: 2 })),
    kept(startDistribution(join(dir, 'distribution'), imageRepository)),
    kept(startNginx(join(dir, 'nginx'), imageRepository, manifestMediaType)),
  ] as const
  // When one of them cannot be started, the others are there to be stopped.
  await Promise.allSettled(starting)
  const [stowage, twoWorkers, distribution, nginx] = await Promise.all(starting)
  const registries = [stowage, twoWorkers, distribution]
  for (const each of registries) await requireVerification(each)
  const serve = nginx ? (path: string, pieces: Iterable<Uint8Array>) => serveFile(nginx, dir, path, pieces) : undefined
  const running = stack.move()
  return {
    stowage,
    twoWorkers,
    distribution,
    registries,
    nginx,
    everybody: nginx ? [...registries, nginx] : registries,
    async store(image, blob) {
      for (const each of registries) await storeBlobs(each, image, [blob])
      const made = blobOf(blob)
      await serve?.(paths.blob(image, made), made.pieces())
    },
    async image(image, tag, layers) {
      const { blobs, manifest } = seededImage(image, layers)
      for (const each of registries) {
        await storeBlobs(each, image, blobs)
        const { problem } = await pushTags(each, image, manifest, [tag])
        if (problem !== undefined) throw new Error(`${each.name}: ${problem}`)
      }
      for (const reference of [tag, manifest.digest]) {
        await serve?.(paths.manifest(image, reference), [manifest.bytes])
      }
      return manifest
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** Small blobs, and the manifest that names them: the first is its config. */
export function seededImage(name: string, layers: number): { blobs: Seeded[]; manifest: SeededManifest } {
  const blobs = Array.from({ length: layers + 1 }, (_, i) => ({ seed: `${name}-layer-${i}`, sizeBytes: 2_000 }))
  const [config, ...others] = blobs.map(blobOf)
  if (!config) throw new Error('An image has a config.')
  return { blobs, manifest: manifestOf(config, others) }
}

/** A folder below the bench's, which goes when the stack does. */
export async function freshDir({ dir }: Pick<Setting, 'dir'>, stack: AsyncDisposableStack): Promise<string> {
  fields += 1
  const own = join(dir, `field-${fields}`)
  await mkdir(own, { recursive: true })
  stack.defer(() => rm(own, { recursive: true, force: true }))
  return own
}

/** Stowage on an installation of its own with one public repository of images; its folder goes when the stack does. */
export async function startImageStowage(
  { freshImageStore }: Pick<Setting, 'freshImageStore'>,
  stack: AsyncDisposableStack,
  options: Partial<StowageOptions> = {},
): Promise<Contestant> {
  const data = await freshImageStore()
  stack.defer(() => rm(data.dataDir, { recursive: true, force: true }))
  const server = await startStowage({ ...data, ...options })
  return { ...server, registry: new URL(`/v2/${imageRepository}`, server.registry).href }
}

/** Throws unless the registry looks at what it is sent: one that does not hash would be faster for nothing. */
async function requireVerification(registry: Contestant): Promise<void> {
  const opened = await fetch(registry.registry + paths.uploads('verified'), {
    method: 'POST',
    headers: registry.headers,
  })
  if (opened.status !== 202) throw new Error(`${registry.name} answered ${opened.status} ${await opened.text()}`)
  const place = new URL(opened.headers.get('location') ?? '', registry.registry)
  place.searchParams.set('digest', blobOf({ seed: 'other bytes', sizeBytes: 10 }).digest)
  const headers = { ...registry.headers, 'content-type': 'application/octet-stream' }
  const answered = await fetch(place, { method: 'PUT', headers, body: 'these bytes' })
  if (answered.status !== 400) throw new Error(`${registry.name} took bytes of another digest: ${answered.status}`)
  await answered.arrayBuffer()
}

async function serveFile(nginx: StaticServer, dir: string, path: string, pieces: Iterable<Uint8Array>) {
  const file = join(dir, 'served')
  await writeFile(file, Readable.from(pieces))
  await nginx.serve(file, path)
  await rm(file)
}
