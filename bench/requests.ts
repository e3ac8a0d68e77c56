import type { Reply } from './contestants/bare.ts'
import type { Contestant } from './contestants/contestant.ts'
import { loaded } from './loaded.ts'
import { type RawReply, rawGet } from './raw-get.ts'

/** A request that is repeated, the same for every contestant. */
export interface ReadRequest {
  readonly id: string
  readonly title: string
  /** Below the contestant's `registry`. */
  readonly path: string
  readonly kind: 'identity' | 'gzip' | 'not modified' | 'file'
  readonly connections: number
  /** What is aimed for, as a share of the bare server's rate. */
  readonly share: number
}

const abbreviated = 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*'

/** The reads of the benchmark. */
export const reads: readonly ReadRequest[] = [
  ...packumentReads(loaded.hundred, '100'),
  ...packumentReads(loaded.twoThousand, '2,000'),
  tarballRead('tarball-20k', 'tarball of 20 KB', loaded.smallFile, 32, 0.5),
  tarballRead('tarball-20m', 'tarball of 20 MB', loaded.largeFile, 8, 0.9),
]

function packumentReads(name: string, versions: string): ReadRequest[] {
  const id = `packument-${versions.replace(',', '')}`
  const shared = { path: `/${name}`, connections: 32 }
  const title = `packument of ${versions} versions`
  return [
    { ...shared, id: `${id}-identity`, title, kind: 'identity', share: 0.6 },
    { ...shared, id: `${id}-gzip`, title: `${title}, gzip`, kind: 'gzip', share: 0.5 },
    { ...shared, id: `${id}-304`, title: `${title}, 304`, kind: 'not modified', share: 0.5 },
  ]
}

function tarballRead(id: string, title: string, name: string, connections: number, share: number): ReadRequest {
  return { id, title, path: `/${name}/-/${name}-1.0.0.tgz`, kind: 'file', connections, share }
}

/**
 * The headers that make this contestant give the answer that is to be measured. Asks once, and throws when what
 * comes is another answer.
 */
export async function headersFor(contestant: Contestant, read: ReadRequest): Promise<Record<string, string>> {
  const plain: Record<string, string> = { ...contestant.headers }
  if (read.kind !== 'file') plain['accept'] = abbreviated
  if (read.kind === 'gzip') plain['accept-encoding'] = 'gzip'
  const url = contestant.registry + read.path
  const reply = await rawGet(url, plain)
  expectReply(contestant, read, reply, 200)
  if (read.kind !== 'not modified') return plain
  const conditional = { ...plain, 'if-none-match': header(reply, 'etag') }
  expectReply(contestant, read, await rawGet(url, conditional), 304)
  return conditional
}

function expectReply(contestant: Contestant, read: ReadRequest, reply: RawReply, status: number): void {
  const encoding = header(reply, 'content-encoding')
  if (reply.status === status && encoding === (read.kind === 'gzip' ? 'gzip' : '')) return
  const said = `${reply.status} ${encoding} ${reply.body.subarray(0, 200)}`
  throw new Error(`${contestant.name} answered GET ${read.path} (${read.kind}) with ${said}`)
}

/** What the bare server is to answer: the very bytes that this contestant answers. */
export async function repliesOf(contestant: Contestant): Promise<Reply[]> {
  const replies: Reply[] = []
  for (const read of reads) {
    if (read.kind === 'not modified') continue
    const reply = await rawGet(contestant.registry + read.path, await headersFor(contestant, read))
    const headers: Record<string, string> = { 'content-length': String(reply.body.length) }
    for (const name of ['content-type', 'content-encoding', 'etag', 'vary']) {
      const value = header(reply, name)
      if (value !== '') headers[name] = value
    }
    const encoding = read.kind === 'gzip' ? 'gzip' : 'identity'
    replies.push({ path: read.path, encoding, headers, body: reply.body, streamed: reply.body.length > 2 ** 20 })
  }
  return replies
}

function header(reply: RawReply, name: string): string {
  const value = reply.headers[name]
  return typeof value === 'string' ? value : ''
}
