import { runClient } from '../clients.ts'
import type { Contestant } from '../contestants/contestant.ts'
import type { Seeded } from './content.ts'
import { manifestMediaType, paths, type SeededManifest } from './image.ts'
import type { PushOrder, PushReport } from './push-client.ts'
import type { RequestOrder, RequestReport } from './request-client.ts'

/** Pushes blobs from a process of its own, which ends when all are kept. */
export function pushBlobs(to: Contestant, order: Omit<PushOrder, 'registry' | 'headers'>): Promise<PushReport> {
  return runClient<PushOrder, PushReport>('oci/push-client.ts', {
    ...order,
    registry: to.registry,
    headers: to.headers,
  })
}

/** Pushes blobs before anything is measured; throws when one was not kept. */
export async function storeBlobs(to: Contestant, image: string, blobs: readonly Seeded[]): Promise<void> {
  const { problem } = await pushBlobs(to, { image, blobs, clients: 4, how: 'whole' })
  if (problem !== undefined) throw new Error(`${to.name}: ${problem}`)
}

/** Asks for changes from a process of its own; `paths` are below the contestant's address. */
export function changeMany(
  to: Contestant,
  { paths, ...order }: Omit<RequestOrder, 'urls'> & { readonly paths: readonly string[] },
): Promise<RequestReport> {
  const urls = paths.map((path) => to.registry + path)
  return runClient<RequestOrder, RequestReport>('oci/request-client.ts', {
    ...order,
    urls,
    headers: { ...to.headers, ...order.headers },
  })
}

/** Sets tags of an image, so many at a time; the manifest is pushed with each, as clients do. */
export function pushTags(
  to: Contestant,
  image: string,
  manifest: SeededManifest,
  tags: readonly string[],
): Promise<RequestReport> {
  return changeMany(to, {
    method: 'PUT',
    paths: tags.map((tag) => paths.manifest(image, tag)),
    headers: { 'content-type': manifestMediaType },
    body: manifest.bytes.toString(),
    status: 201,
    clients: 16,
    seconds: 600,
  })
}
