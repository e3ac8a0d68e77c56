import { hostname } from 'node:os'
import type { BlobStore } from '../blobs/store.ts'
import { RegistryError } from '../errors.ts'
import type { Collection, MetadataEngine, Page, Stored } from '../metadata/engine.ts'
import * as imageSchema from '../metadata/image-schema.ts'
import type { BlobDocument, BlobState } from '../metadata/package-schema.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import type { GarbageRunDocument, GarbageTotals } from '../metadata/platform-schema.ts'
import { type DeletionWatch, deletionWatch } from '../registry/garbage/deletion-watch.ts'
import { blobRemoval, type RemovalDeps } from '../registry/garbage/remove-blob.ts'
import { linkRemoval } from '../registry/garbage/remove-link.ts'
import { expireUploads } from '../registry/images/upload-expiry.ts'
import { usualLeaseTimes } from '../registry/images/upload-lease.ts'
import { type GarbageProgress, lastGarbageRun, openGarbageProgress } from './gc-progress.ts'
import { paced } from './pace.ts'

const pageLength = 500
const atOnce = 25
const mostFailures = 100

export interface GarbageDeps {
  readonly engine: MetadataEngine
  readonly blobs: BlobStore
  /** How long what nothing refers to is kept. */
  readonly graceSeconds: number
  readonly now?: () => number
  /** For tests. */
  readonly elapsedMs?: () => number
  readonly onStep?: NonNullable<RemovalDeps['onStep']>
}

export interface GarbageTurn {
  /** Aborted: it ends where it is, and the next run goes on there. */
  readonly signal: AbortSignal
  /** It rests so many times as long as it works. */
  readonly restShare: number
  /** Another than the installation's; such a run begins anew instead of going on with an unfinished one. */
  readonly graceSeconds?: number
  readonly onProgress?: (run: GarbageRunDocument) => void
}

/** Removes what nothing refers to; see DESIGN.md "Blobs". */
export interface GarbageCollector {
  /**
   * Collects; resolves to the run, `phase` `done` unless it was told to stop. Throws `job_running` while another process
   * collects, and `unavailable` when something could not be removed; what could was.
   */
  collect(turn: GarbageTurn): Promise<GarbageRunDocument>
  /** When the last run ended, epoch milliseconds; `undefined` when none has, or one waits to be gone on with. */
  finishedAt(): Promise<number | undefined>
}

/** The collector of all blobs, links and uploads of the store. Safe at any time, beside anybody. */
export function garbageCollector(deps: GarbageDeps): GarbageCollector {
  const { engine, now = Date.now, elapsedMs = () => performance.now() } = deps
  const watch = deletionWatch({ now, elapsedMs })
  return {
    finishedAt: async () => (await lastGarbageRun(engine))?.finishedAt,

    async collect(turn) {
      const { graceSeconds = deps.graceSeconds } = turn
      const startedAt = now()
      const removed = { uploads: 0, links: 0, blobs: 0, sizeBytes: 0 }
      const cutoff = startedAt - graceSeconds * 1000
      const processName = `${hostname()} (pid ${process.pid})`
      const fresh: GarbageRunDocument = { startedAt, cutoff, phase: 'uploads', seen: 0, removed, process: processName }
      await using progress = await openGarbageProgress(engine, fresh, turn.graceSeconds !== undefined)
      // Awaited here: the right is given back behind it.
      return await collectFrom({ ...deps, watch }, turn, progress)
    },
  }
}

interface WatchingDeps extends GarbageDeps {
  readonly watch: DeletionWatch
}

/** Does the phases that are left; saves where it is when it ends, however that is. */
async function collectFrom(
  deps: WatchingDeps,
  turn: GarbageTurn,
  progress: GarbageProgress,
): Promise<GarbageRunDocument> {
  const { engine, blobs, now = Date.now } = deps
  const walk = walking(deps, turn, progress)
  const { cutoff } = progress.run
  const links = engine.collection(imageSchema.blobLinks)
  const removeLink = linkRemoval({ engine, now })
  const phases: Record<Exclude<GarbageRunDocument['phase'], 'done'>, () => Promise<void>> = {
    async uploads() {
      const records = engine.collection(imageSchema.uploads)
      const uploads = await expireUploads(records, blobs.uploads, usualLeaseTimes, now)
      await progress.move({ removed: added(progress.run.removed, { uploads }) })
    },
    links: () => {
      const load = (page: PageQuery) => links.find('byAge', { range: { before: cutoff }, ...page })
      return walk.pages(load, async (link) => ((await removeLink(link)) ? { links: 1 } : {}))
    },
    condemned: () => walk.blobs('condemned'),
    deleting: () => walk.blobs('deleting'),
    live: () => walk.blobs('live'),
  }
  const names = ['uploads', 'links', 'condemned', 'deleting', 'live'] as const
  for (const [at, phase] of names.entries()) {
    if (phase !== progress.run.phase) continue
    await phases[phase]()
    if (turn.signal.aborted) return progress.run
    await progress.move({ phase: names[at + 1] ?? 'done', after: undefined })
  }
  await progress.move({ finishedAt: now() }, true)
  walk.requireNoFailures()
  return progress.run
}

interface PageQuery {
  readonly limit: number
  readonly after?: string
}

function walking(deps: WatchingDeps, turn: GarbageTurn, progress: GarbageProgress) {
  const { engine } = deps
  const blobs: Collection<BlobDocument, 'byState'> = engine.collection(packageSchema.blobs)
  const removeBlob = blobRemoval(deps)
  const rest = paced(turn.signal, turn.restShare)
  let failures = 0
  let firstFailure: unknown

  function requireNoFailures(): void {
    if (failures === 0) return
    const things = failures === 1 ? 'One thing' : `${failures} things`
    throw new RegistryError(
      'unavailable',
      `${things} could not be removed, and will be tried again: ${messageOf(firstFailure)}`,
      {},
      { cause: firstFailure },
    )
  }

  /** One that fails holds nobody up; many mean that the store is away. */
  async function attempt(work: () => Promise<Partial<GarbageTotals>>): Promise<Partial<GarbageTotals>> {
    try {
      return await work()
    } catch (err) {
      failures += 1
      firstFailure ??= err
      if (failures >= mostFailures) requireNoFailures()
      return {}
    }
  }

  async function pages<T>(
    load: (page: PageQuery) => Promise<Page<T>>,
    work: (item: Stored<T>) => Promise<Partial<GarbageTotals>>,
    seen: (count: number) => number = () => 0,
  ): Promise<void> {
    while (!turn.signal.aborted) {
      const { after } = progress.run
      const page = await load({ limit: pageLength, ...(after !== undefined && { after }) })
      let { removed } = progress.run
      for (let at = 0; at < page.items.length; at += atOnce) {
        const slice = page.items.slice(at, at + atOnce)
        const done = await Promise.all(slice.map((item) => attempt(() => work(item))))
        for (const one of done) removed = added(removed, one)
      }
      const isEnd = page.next === undefined
      const moved = { removed, seen: progress.run.seen + seen(page.items.length) }
      await progress.move({ ...moved, after: page.next }, turn.signal.aborted)
      turn.onProgress?.(progress.run)
      if (isEnd) return
      await rest()
    }
    await progress.move({}, true)
  }

  return {
    pages,
    requireNoFailures,
    async blobs(state: BlobState): Promise<void> {
      const { cutoff } = progress.run
      const range = state === 'live' ? { range: { before: cutoff } } : {}
      const load = async (query: PageQuery) => {
        const page = await blobs.find('byState', { equals: { state }, ...range, ...query })
        // Those of a collector that died: nobody else ends them.
        await deps.watch.untilNobodys(page.items, () => progress.move({}), turn.signal)
        return page
      }
      const work = async (blob: Stored<BlobDocument>) =>
        (await removeBlob(blob, cutoff)) ? { blobs: 1, sizeBytes: blob.value.sizeBytes } : {}
      await pages(load, work, (count) => count)
    },
  }
}

function added(totals: GarbageTotals, more: Partial<GarbageTotals>): GarbageTotals {
  return {
    uploads: totals.uploads + (more.uploads ?? 0),
    links: totals.links + (more.links ?? 0),
    blobs: totals.blobs + (more.blobs ?? 0),
    sizeBytes: totals.sizeBytes + (more.sizeBytes ?? 0),
  }
}

function messageOf(err: unknown): string {
  return err instanceof Error ? err.message : String(err)
}
