import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import type { Login } from './image-world.ts'

const imageType = 'application/vnd.oci.image.manifest.v1+json'
const indexType = 'application/vnd.oci.image.index.v1+json'
const octets = 'application/octet-stream'

export interface StressSetting {
  /** Servers on the same stores; requests go to any. */
  readonly urls: readonly string[]
  readonly login: Login
  /** `acme/containers/client-1`: this client's alone. */
  readonly image: string
  /** Images of other clients, to mount from. */
  readonly others: readonly string[]
  /** Contents that all clients push, over and over. */
  readonly contents: readonly string[]
  readonly graceSeconds: number
}

interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

interface Pushed {
  readonly body: string
  readonly mediaType: string
  /** What it names. */
  readonly digests: readonly string[]
}

/** A client of one image, and what it was told that there is. Its operations are one after the other. */
export interface StressClient {
  readonly image: string
  /** Manifests that were answered with 201 and not deleted since, by digest. */
  readonly manifests: ReadonlyMap<string, Pushed>
  readonly counts: Readonly<Record<string, number>>
  /** Does something, and requires an answer that is right. */
  step(): Promise<void>
  /** Pulls all that it was told is there, from every server. */
  pullEverything(): Promise<void>
  /** Deletes every manifest. */
  deleteEverything(): Promise<void>
}

export function stressClient(setting: StressSetting): StressClient {
  const { urls, login, image, others, contents, graceSeconds } = setting
  const authorization = `Basic ${btoa(`${login.username}:${login.password}`)}`
  const manifests = new Map<string, Pushed>()
  const tags = new Map<string, string>()
  /** Blobs that were said to be there, and when that was asked. */
  const told = new Map<string, number>()
  const counts: Record<string, number> = {}
  /** An answer is good for three quarters of the grace period; the rest is for the clocks. */
  const promisedMs = graceSeconds * 700

  const one = <T>(items: readonly T[]): T => items[Math.floor(Math.random() * items.length)] as T
  const note = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1
  }

  async function ask(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: string,
    url = one(urls),
  ) {
    const answer = await fetch(new URL(path, url), {
      method,
      headers: { authorization, ...headers },
      ...(body !== undefined && { body }),
    })
    const bytes = Buffer.from(await answer.arrayBuffer())
    return {
      status: answer.status,
      headers: answer.headers,
      bytes,
      what: `${method} ${path}: ${answer.status} ${bytes}`,
    }
  }

  function require(answer: { status: number; what: string }, ...statuses: number[]): void {
    assert.ok(statuses.includes(answer.status), answer.what.slice(0, 500))
  }

  async function isThere(digest: string): Promise<boolean> {
    const answer = await ask('HEAD', `/v2/${image}/blobs/${digest}`)
    require(answer, 200, 404)
    note(answer.status === 200 ? 'found' : 'not found')
    return answer.status === 200
  }

  async function mounted(digest: string): Promise<boolean> {
    const from = one(others)
    const answer = await ask('POST', `/v2/${image}/blobs/uploads/?mount=${digest}&from=${from}`)
    require(answer, 201, 202)
    note(answer.status === 201 ? 'mounted' : 'not mounted')
    if (answer.status === 202) await ask('DELETE', answer.headers.get('location') ?? '')
    return answer.status === 201
  }

  async function upload(digest: string, content: string): Promise<void> {
    if (Math.random() < 0.5) {
      const path = `/v2/${image}/blobs/uploads/?digest=${digest}`
      return require(await ask('POST', path, { 'content-type': octets }, content), 201)
    }
    const begun = await ask('POST', `/v2/${image}/blobs/uploads/`)
    require(begun, 202)
    const patched = await ask('PATCH', begun.headers.get('location') ?? '', { 'content-type': octets }, content)
    require(patched, 202)
    const location = patched.headers.get('location') ?? ''
    const end = `${location}${location.includes('?') ? '&' : '?'}digest=${digest}`
    require(await ask('PUT', end), 201)
  }

  /** As clients do it: asked for, else mounted, else uploaded. */
  async function pushBlob(content: string): Promise<Descriptor> {
    const digest = digestOf(content)
    const at = Date.now()
    const known = Math.random() < 0.7 && (await isThere(digest))
    if (!known && !(Math.random() < 0.5 && (await mounted(digest)))) {
      await upload(digest, content)
      note('uploaded')
    }
    told.set(digest, at)
    return { mediaType: octets, digest, size: content.length }
  }

  async function putManifest(pushed: Pushed, reference: string, since: number): Promise<boolean> {
    const answer = await ask(
      'PUT',
      `/v2/${image}/manifests/${reference}`,
      { 'content-type': pushed.mediaType },
      pushed.body,
    )
    // A client that took longer than it was promised must upload again.
    if (answer.status !== 201 && Date.now() - since > promisedMs) return false
    require(answer, 201)
    manifests.set(digestOf(pushed.body), pushed)
    if (!reference.startsWith('sha256:')) tags.set(reference, digestOf(pushed.body))
    return true
  }

  async function pushImage(): Promise<void> {
    const since = Date.now()
    const chosen = new Set(Array.from({ length: 1 + Math.floor(Math.random() * 3) }, () => one(contents)))
    if (Math.random() < 0.3) chosen.add(randomBytes(500).toString('hex'))
    const layers: Descriptor[] = []
    for (const content of chosen) layers.push(await pushBlob(content))
    const config = await pushBlob('{}')
    const body = JSON.stringify({ schemaVersion: 2, mediaType: imageType, config, layers })
    const digests = [config, ...layers].map(({ digest }) => digest)
    const reference = Math.random() < 0.7 ? tagName() : digestOf(body)
    note((await putManifest({ body, mediaType: imageType, digests }, reference, since)) ? 'pushed' : 'too slow')
  }

  const tagName = () => `v${Math.floor(Math.random() * 5)}`

  async function pushIndex(): Promise<void> {
    const children = [...manifests].filter(([, { mediaType }]) => mediaType === imageType).slice(0, 2)
    if (children.length === 0) return
    const named = children.map(([digest, { body, mediaType }]) => ({ mediaType, digest, size: body.length }))
    const body = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: named })
    const digests = named.map(({ digest }) => digest)
    await putManifest({ body, mediaType: indexType, digests }, tagName(), Date.now())
    note('index pushed')
  }

  async function retag(): Promise<void> {
    const [digest] = one([...manifests.keys()].map((key) => [key])) ?? []
    const pushed = digest === undefined ? undefined : manifests.get(digest)
    if (!pushed) return
    await putManifest(pushed, tagName(), Date.now())
    note('retagged')
  }

  async function deleteManifest(digest = one([...manifests.keys()])): Promise<void> {
    if (digest === undefined) return
    const answer = await ask('DELETE', `/v2/${image}/manifests/${digest}`)
    const isNamed = [...manifests.values()].some(({ digests }) => digests.includes(digest))
    require(answer, isNamed ? 409 : 202)
    if (isNamed) return
    manifests.delete(digest)
    for (const [tag, target] of tags) if (target === digest) tags.delete(tag)
    note('deleted')
  }

  async function deleteTag(): Promise<void> {
    const tag = one([...tags.keys()])
    if (tag === undefined) return
    require(await ask('DELETE', `/v2/${image}/manifests/${tag}`), 202)
    tags.delete(tag)
    note('tag deleted')
  }

  async function deleteBlob(): Promise<void> {
    const digest = one([...told.keys()])
    if (digest === undefined) return
    const isNamed = [...manifests.values()].some(({ digests }) => digests.includes(digest))
    const answer = await ask('DELETE', `/v2/${image}/blobs/${digest}`)
    require(answer, ...(isNamed ? [409] : [202, 404]))
    if (!isNamed) told.delete(digest)
    note('blob deleted')
  }

  async function abandonUpload(): Promise<void> {
    const begun = await ask('POST', `/v2/${image}/blobs/uploads/`)
    require(begun, 202)
    const location = begun.headers.get('location') ?? ''
    require(await ask('PATCH', location, { 'content-type': octets }, one(contents)), 202)
    note('upload abandoned')
  }

  const steps: readonly (readonly [step: () => Promise<void>, weight: number])[] = [
    [pushImage, 10],
    [pushIndex, 1],
    [retag, 2],
    [() => deleteManifest(), 7],
    [deleteTag, 1],
    [deleteBlob, 1],
    [abandonUpload, 1],
  ]

  async function pullManifest(digest: string, { body, digests }: Pushed, url: string): Promise<void> {
    const answer = await ask('GET', `/v2/${image}/manifests/${digest}`, {}, undefined, url)
    assert.equal(String(answer.bytes), body, answer.what)
    for (const named of digests.filter((name) => !manifests.has(name))) {
      const blob = await ask('GET', `/v2/${image}/blobs/${named}`, {}, undefined, url)
      require(blob, 200)
      assert.equal(digestOf(blob.bytes), named)
    }
  }

  return {
    image,
    manifests,
    counts,
    async step() {
      let left = Math.random() * steps.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [step, weight] of steps) {
        left -= weight
        if (left <= 0) return step()
      }
    },
    async pullEverything() {
      const promised = [...told].filter(([, at]) => Date.now() - at < promisedMs / 2)
      for (const [digest] of promised) require(await ask('HEAD', `/v2/${image}/blobs/${digest}`), 200)
      for (const url of urls) {
        for (const [digest, pushed] of manifests) await pullManifest(digest, pushed, url)
        for (const [tag, digest] of tags) {
          const answer = await ask('GET', `/v2/${image}/manifests/${tag}`, {}, undefined, url)
          assert.equal(digestOf(answer.bytes), digest, answer.what)
        }
      }
    },
    async deleteEverything() {
      // What an index names goes behind it.
      while (manifests.size > 0) for (const digest of manifests.keys()) await deleteManifest(digest)
    },
  }
}

export function digestOf(bytes: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
