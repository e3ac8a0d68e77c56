import { setTimeout as delay } from 'node:timers/promises'
import { bytesCheck, recordCheck } from './fsck-blobs.ts'
import type { Check, CheckDeps, Finding } from './fsck-finding.ts'
import { linkCheck } from './fsck-links.ts'
import { fileCheck, packageCheck, tagCheck } from './fsck-references.ts'

const atOnce = 10
const lookedAtAgainMs = 2_000

export interface FsckOptions extends CheckDeps {
  readonly signal: AbortSignal
  /** Called between pages. */
  readonly rest: () => Promise<void>
  /** Told of each page, and how many things of its kind were looked at. */
  readonly onProgress?: (thing: string, seen: number) => void
  /** How long what looks wrong is left alone before it is looked at again; 2 s when absent. */
  readonly againMs?: number
}

/**
 * Compares what the metadata store says with what the blob store has, a page at a time, beside running servers: what
 * looks wrong is looked at again a while later, and only then told, or repaired and told.
 */
export async function* checkStores(options: FsckOptions): AsyncGenerator<Finding> {
  // Bytes that come to be recorded here are looked at as records next.
  yield* walk(bytesCheck(options), options)
  yield* walk(recordCheck(options), options)
  yield* walk(fileCheck(options), options)
  yield* walk(linkCheck(options), options)
  yield* walk(tagCheck(options), options)
  yield* walk(packageCheck(options), options)
}

async function* walk<T>(check: Check<T>, options: FsckOptions): AsyncGenerator<Finding> {
  const { signal, rest, onProgress } = options
  let seen = 0
  for (let after: string | undefined; !signal.aborted; ) {
    const page = await check.load(after)
    const suspects: T[] = []
    for (let at = 0; at < page.items.length && !signal.aborted; at += atOnce) {
      const slice = page.items.slice(at, at + atOnce)
      const looks = await Promise.all(slice.map((item) => check.look(item)))
      suspects.push(...slice.filter((_, i) => (looks[i]?.length ?? 0) > 0))
    }
    yield* tellAgain(check, suspects, options)
    seen += page.items.length
    onProgress?.(check.thing, seen)
    after = page.next
    if (after === undefined) return
    await rest()
  }
}

async function* tellAgain<T>(
  check: Check<T>,
  suspects: readonly T[],
  { repairs, signal, againMs = lookedAtAgainMs }: FsckOptions,
): AsyncGenerator<Finding> {
  if (suspects.length === 0) return
  await delay(againMs, undefined, { signal }).catch(() => {})
  for (const suspect of suspects) {
    if (signal.aborted) return
    const item = await check.again(suspect)
    if (item === undefined) continue
    for (const { finding, repair } of await check.look(item)) {
      const repaired = repairs ? await repair?.() : undefined
      yield { ...finding, ...(repaired !== undefined && { repaired }) }
    }
  }
}
