import { runClient } from '../clients.ts'
import { type Contestant, names } from '../contestants/contestant.ts'
import { drive } from '../load.ts'
import type { Sample } from '../rounds.ts'
import type { PullOrder, PullReport } from './pull-client.ts'

/** What is asked for again and again, by everybody of whom no headers are known. */
export interface ImageRead {
  /** Below the contestant's address. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly connections: number
  readonly seconds: number
  readonly expected: Expected
}

/** What the right answer is like; a digest that is not asked for is not looked at. */
export interface Expected {
  readonly sizeBytes?: number
  readonly digest?: string
}

/** Requests a second, after one answer was looked at. */
export async function readSample(contestant: Contestant, read: ImageRead): Promise<Sample> {
  await requireAnswer(contestant, read)
  const { requestsPerSecond, p99Ms, problem } = await drive({ ...read, url: contestant.registry + read.path })
  return { value: requestsPerSecond, beside: { 'p99 ms': p99Ms }, ...(problem === undefined ? {} : { problem }) }
}

/** The same of HEAD. */
export async function headSample(contestant: Contestant, read: ImageRead): Promise<Sample> {
  await requireAnswer(contestant, read)
  const order = { path: read.path, method: 'HEAD', headers: read.headers, connections: read.connections } as const
  const report = await pull(contestant, { ...order, requestsEach: Number.MAX_SAFE_INTEGER, seconds: read.seconds })
  const { answered, seconds, p99Ms, problem } = report
  return { value: answered / seconds, beside: { 'p99 ms': p99Ms }, ...(problem === undefined ? {} : { problem }) }
}

/** Reads from a process of its own. */
export function pull(
  from: Contestant,
  { path, ...order }: Omit<PullOrder, 'url'> & { readonly path: string },
): Promise<PullReport> {
  return runClient<PullOrder, PullReport>('oci/pull-client.ts', { ...order, url: from.registry + path })
}

/** Throws when a registry answers something else than what is to be measured. */
export async function requireAnswer(contestant: Contestant, { path, headers, expected }: ImageRead): Promise<void> {
  const response = await fetch(contestant.registry + path, { method: 'HEAD', headers })
  const length = response.headers.get('content-length')
  const digest = response.headers.get('docker-content-digest')
  // A server of files knows no digests.
  const isNamed = contestant.name === names.nginx || digest === expected.digest
  if (response.status === 200 && length === String(expected.sizeBytes) && isNamed) return
  throw new Error(`${contestant.name} answered HEAD ${path} with ${response.status}, ${length} bytes, ${digest}`)
}
