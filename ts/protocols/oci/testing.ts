import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { after, before, describe, test } from 'node:test'
import type { Limits } from '../../config.ts'
import { type HotAnswers, hotAnswers } from '../../http/hot-answers.ts'
import { aServer, silentLog } from '../../http/testing.ts'
import { openTestApp, type TestApp, type TestSurroundings } from '../../testing/app.ts'

export const ociImage = 'application/vnd.oci.image.manifest.v1+json'
export const ociIndex = 'application/vnd.oci.image.index.v1+json'
export const dockerImage = 'application/vnd.docker.distribution.manifest.v2+json'
export const emptyConfig = 'application/vnd.oci.empty.v1+json'

/** `sha256:…` of text or bytes. */
export function digestOf(content: string | Uint8Array, algorithm: 'sha256' | 'sha512' = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(content).digest('hex')}`
}

export interface Sent {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** A token `srg_…` in place of the writer's; `null`: none. */
  readonly as?: string | null
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** As they were on the wire: name, value, name, value. */
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
}

export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

/** A server that listens, and a writer who signs in with a token. */
export interface OciServer extends AsyncDisposable {
  readonly t: TestApp
  /** As the real server answers what it was asked before. */
  readonly hot: HotAnswers
  readonly port: number
  /** The writer's token. */
  readonly token: string
  /** Another writer's. */
  readonly otherToken: string
  /** The name of an image that nobody has used: in the private repository `acme/containers`, or in the public one. */
  anImage(in_?: 'containers' | 'open'): string
  send(sent: Sent): Promise<Answer>
  /** Uploads a blob in one request. */
  pushBlob(image: string, content: string | Uint8Array, algorithm?: 'sha256' | 'sha512'): Promise<Descriptor>
  /** An image of one layer under a tag or its digest; its descriptor. */
  pushImage(image: string, reference?: string, more?: object): Promise<Descriptor>
  /** A manifest as it is, under a tag or its digest. */
  putManifest(image: string, manifest: object, reference?: string): Promise<Answer>
  /** Where a new upload goes on. */
  startUpload(image: string, query?: string): Promise<string>
}

/** Opens a server over fresh stores. */
export async function openOciServer(limits: Partial<Limits> = {}, around: TestSurroundings = {}): Promise<OciServer> {
  const t = await openTestApp(limits, around)
  const hot = hotAnswers({ commitMark: () => t.engine.commitMark(), maxBytes: 1 << 24, log: silentLog })
  const server = await aServer((r, env) => t.app.fetch(r, env), { limits, hot })
  const agent = new Agent({ keepAlive: true })
  const writer = await t.aUser('writer')
  const other = await t.aUser('other')
  const { id: organizationId } = await t.access.organizations.create({ name: 'acme', ownerId: writer.id })
  await t.access.organizations.setMember(organizationId, other.id, 'owner')
  for (const [name, visibility] of [
    ['containers', 'private'],
    ['open', 'public'],
  ] as const) {
    await t.access.repositories.create({ organizationId, protocol: 'oci', name, visibility, createdBy: writer.id })
  }
  const { text: token } = await t.aToken(writer)
  const { text: otherToken } = await t.aToken(other)
  let images = 0

  const send = (sent: Sent) => ask(agent, server.port, token, sent)
  const requireStatus = async (sent: Sent, status: number) => {
    const answer = await send(sent)
    assert.equal(answer.status, status, `${sent.method} ${sent.path}: ${answer.body}`)
    return answer
  }
  const putManifest: OciServer['putManifest'] = (image, manifest, reference) => {
    const body = JSON.stringify(manifest)
    const { mediaType = ociImage } = manifest as { mediaType?: string }
    const path = `/v2/${image}/manifests/${reference ?? digestOf(body)}`
    return send({ method: 'PUT', path, headers: { 'content-type': mediaType }, body })
  }

  const o: OciServer = {
    t,
    hot,
    port: server.port,
    token,
    otherToken,
    anImage: (in_ = 'containers') => `acme/${in_}/image-${images++}`,
    send,
    async pushBlob(image, content, algorithm = 'sha256') {
      const digest = digestOf(content, algorithm)
      await requireStatus({ method: 'POST', path: `/v2/${image}/blobs/uploads/?digest=${digest}`, body: content }, 201)
      return { mediaType: 'application/octet-stream', digest, size: Buffer.byteLength(content) }
    },
    async pushImage(image, reference, more = {}) {
      const config = await o.pushBlob(image, '{}')
      const layer = await o.pushBlob(image, `a layer of ${image} ${reference}`)
      const manifest = { schemaVersion: 2, mediaType: ociImage, config, layers: [layer], ...more }
      const answer = await putManifest(image, manifest, reference)
      assert.equal(answer.status, 201, String(answer.body))
      const body = JSON.stringify(manifest)
      return { mediaType: ociImage, digest: digestOf(body), size: body.length }
    },
    putManifest,
    async startUpload(image, query = '') {
      const { headers } = await requireStatus({ method: 'POST', path: `/v2/${image}/blobs/uploads/${query}` }, 202)
      assert.ok(headers.location)
      return headers.location
    },
    async [Symbol.asyncDispose]() {
      agent.destroy()
      await server[Symbol.asyncDispose]()
      await t[Symbol.asyncDispose]()
    },
  }
  return o
}

function ask(
  agent: Agent,
  port: number,
  token: string,
  { method, path, headers, body, as = token }: Sent,
): Promise<Answer> {
  const hasLength = body !== undefined || method === 'POST' || method === 'PUT'
  const isChunked = headers?.['transfer-encoding'] !== undefined
  const length = hasLength && !isChunked ? { 'content-length': String(Buffer.byteLength(body ?? '')) } : {}
  const authorization = as === null ? {} : { authorization: `Bearer ${as}` }
  return new Promise((resolve, reject) => {
    const sent = request(
      { agent, host: '127.0.0.1', port, method, path, headers: { ...length, ...authorization, ...headers } },
      (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('error', reject)
        incoming.on('end', () => {
          const { statusCode: status = 0, headers: received, rawHeaders } = incoming
          resolve({ status, headers: received, rawHeaders, body: Buffer.concat(chunks) })
        })
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

/** Requires a status and headers: `undefined` for one that must not be there. */
export function requireAnswer(
  answer: Answer,
  status: number,
  headers: Readonly<Record<string, string | RegExp | undefined>> = {},
): void {
  assert.equal(answer.status, status, String(answer.body.subarray(0, 1000)))
  const all: typeof headers = { 'docker-distribution-api-version': 'registry/2.0', ...headers }
  for (const [name, wanted] of Object.entries(all)) {
    const found = answer.headers[name]
    if (wanted instanceof RegExp) assert.match(String(found), wanted, name)
    else assert.equal(found, wanted, name)
  }
}

/** Requires an error as the specification has it: one code, and a message that says what was wrong. */
export function requireError(answer: Answer, status: number, code: string, message: RegExp): void {
  requireAnswer(answer, status, { 'content-type': 'application/json', 'content-length': String(answer.body.length) })
  const { errors } = JSON.parse(String(answer.body)) as { errors: { code: string; message: string }[] }
  assert.deepEqual([errors[0]?.code, errors.length], [code, 1])
  assert.match(errors[0]?.message ?? '', message)
}

/** One row of the conformance table: an endpoint of the specification, what it requires, and the proof. */
export type Row = readonly [endpoint: string, rule: string, proof: (o: OciServer) => Promise<void>]

/** A test for each row, all of them on one server. */
export function testRows(title: string, rows: readonly Row[]): void {
  describe(title, () => {
    let o: OciServer
    before(async () => {
      o = await openOciServer()
    })
    after(() => o[Symbol.asyncDispose]())
    for (const [endpoint, rule, proof] of rows) test(`${endpoint}: ${rule}`, () => proof(o))
  })
}
