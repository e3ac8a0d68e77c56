import type { Built } from '../testing/oci-images.ts'
import type { ImageWorld, Login } from './image-world.ts'

/** Pushes an image or index, with what it names, without any client; `name` is as in `acme/containers/app`. */
export async function pushImage(
  { url }: Pick<ImageWorld, 'url'>,
  { username, password }: Login,
  name: string,
  { descriptor, bytes }: Built,
  tags: readonly string[],
): Promise<void> {
  const authorization = `Basic ${btoa(`${username}:${password}`)}`
  const send = async (
    method: string,
    address: string,
    headers: Record<string, string> = {},
    body?: Uint8Array<ArrayBuffer>,
  ) => {
    const answer = await fetch(new URL(address, url), {
      method,
      headers: { authorization, ...headers },
      ...(body !== undefined && { body }),
    })
    if (!answer.ok) throw new Error(`${method} ${address} answered ${answer.status}: ${await answer.text()}`)
    await answer.arrayBuffer()
    return answer
  }
  const manifests = [...bytes].filter(([, content]) => content.includes('"schemaVersion":2'))
  for (const [digest, content] of bytes) {
    const location = (await send('POST', `/v2/${name}/blobs/uploads/`)).headers.get('location') ?? ''
    const separator = location.includes('?') ? '&' : '?'
    const type = { 'content-type': 'application/octet-stream' }
    await send('PUT', `${location}${separator}digest=${digest}`, type, Uint8Array.from(content))
  }
  // What an index names stands before it, and itself is the last.
  const references = manifests.flatMap(([digest]) => (digest === descriptor.digest ? tags : [digest]))
  for (const reference of references) {
    const content = bytes.get(reference) ?? bytes.get(descriptor.digest) ?? Buffer.alloc(0)
    const { mediaType }: { mediaType: string } = JSON.parse(String(content))
    await send('PUT', `/v2/${name}/manifests/${reference}`, { 'content-type': mediaType }, Uint8Array.from(content))
  }
}
