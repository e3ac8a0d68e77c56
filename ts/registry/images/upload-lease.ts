import { setTimeout as delay } from 'node:timers/promises'
import type { UploadState } from '../../blobs/uploads.ts'
import { hasCode, RegistryError } from '../../errors.ts'
import type { Collection, Stored } from '../../metadata/engine.ts'
import type { UploadDocument } from '../../metadata/image-schema.ts'
import { isHolderDead, leaseHolder } from './lease-holder.ts'

export type Upload = Stored<UploadDocument>

export interface LeaseTimes {
  /** How long a holder that is not heard of keeps others out. */
  readonly leaseMs: number
  /** How often a holder is heard of. */
  readonly renewMs: number
  /** How long another request waits for the holder's end: a client that was cut off is soon back. */
  readonly patienceMs: number
}

export const usualLeaseTimes: LeaseTimes = { leaseMs: 30_000, renewMs: 10_000, patienceMs: 5_000 }
const pollMs = 100

/** An upload that nobody else may write to until this ends. Disposing of it lets go, with nothing changed. */
export interface HeldUpload extends AsyncDisposable {
  readonly id: string
  /** The state that was last accepted. */
  readonly state: UploadState
  readonly document: UploadDocument
  /** The one before did not let go: it may still be writing. */
  readonly takesOver: boolean
  /** Fires when the lease is lost or cannot be kept: then nothing more may be written. */
  readonly signal: AbortSignal
  /** Moves the upload on and lets go. `upload_busy` when another has taken it over: then nothing moved. */
  accept(state: UploadState): Promise<void>
  /** Removes the record. Does nothing when another has taken it over. */
  remove(): Promise<void>
}

/**
 * Takes an upload for one request. `find` reads its record, and throws when it is none of the caller's. Waits a while
 * for another request that writes to it, then throws `upload_busy`; of a process that was killed nothing is waited for.
 */
export async function holdUpload(
  uploads: Collection<UploadDocument>,
  find: () => Promise<Upload>,
  times: LeaseTimes,
  now: () => number,
): Promise<HeldUpload> {
  const startedAt = now()
  for (;;) {
    const known = await find()
    const { lease } = known.value
    const untilEnd = lease && !isHolderDead(lease.holder) ? lease.until - now() : 0
    if (untilEnd <= 0) {
      const held = await tryToHold(uploads, known, times, now)
      if (held) return held
    } else if (now() - startedAt >= times.patienceMs) {
      throw new RegistryError('upload_busy', 'Another request is adding to this upload; wait for it to end.', {
        retryAfterSeconds: Math.ceil(untilEnd / 1000),
      })
    } else {
      await delay(Math.min(pollMs, untilEnd))
    }
  }
}

/** `undefined` when another was faster. */
async function tryToHold(
  uploads: Collection<UploadDocument>,
  known: Upload,
  times: LeaseTimes,
  now: () => number,
): Promise<HeldUpload | undefined> {
  const lease = () => ({ holder: leaseHolder(), until: now() + times.leaseMs })
  const held = await ifUnchanged(uploads.update(known.id, known.revision, { ...known.value, lease: lease() }))
  // Nothing was accepted of an upload without a place: whoever begins there begins elsewhere anyway.
  const takesOver = known.value.lease !== undefined && known.value.place !== ''
  return held && holding(uploads, held, takesOver, times, now)
}

function holding(
  uploads: Collection<UploadDocument>,
  taken: Upload,
  takesOver: boolean,
  times: LeaseTimes,
  now: () => number,
): HeldUpload {
  let current = taken
  let isOver = false
  let renewing: Promise<void> = Promise.resolve()
  const lost = new AbortController()

  function lose(): RegistryError {
    const why = new RegistryError('upload_busy', 'This request has lost the upload to another; ask for its state.')
    lost.abort(why)
    return why
  }

  async function renew(): Promise<void> {
    const { lease } = current.value
    if (!lease || isOver) return
    const until = now() + times.leaseMs
    try {
      current = await uploads.update(taken.id, current.revision, { ...current.value, lease: { ...lease, until } })
    } catch (err) {
      // A store that does not answer is asked again, while there is time.
      if (hasCode(err, 'revision_stale') || now() + times.renewMs >= lease.until) lose()
    }
  }

  const timer = setInterval(() => {
    renewing = renewing.then(renew)
  }, times.renewMs)

  async function end(): Promise<void> {
    isOver = true
    clearInterval(timer)
    await renewing
  }

  async function letGo(state?: UploadState): Promise<boolean> {
    await end()
    const { lease, ...value } = current.value
    // Until something was accepted behind a writer that may still write, the next one must know of it.
    const next = state || !takesOver || !lease ? { ...value, ...state } : { ...value, lease: { ...lease, until: 0 } }
    return (await ifUnchanged(uploads.update(taken.id, current.revision, next))) !== undefined
  }

  return {
    id: taken.id,
    state: { sizeBytes: taken.value.sizeBytes, place: taken.value.place },
    document: taken.value,
    takesOver,
    signal: lost.signal,
    async accept(state) {
      if (!(await letGo(state))) throw lose()
    },
    async remove() {
      await end()
      await ifUnchanged(uploads.delete(taken.id, current.revision).then(() => true))
    },
    async [Symbol.asyncDispose]() {
      if (!isOver) await letGo().catch(() => {}) // the lease ends by itself
    },
  }
}

/** `undefined` for a swap that was lost to another change. */
async function ifUnchanged<T>(swap: Promise<T>): Promise<T | undefined> {
  try {
    return await swap
  } catch (err) {
    if (hasCode(err, 'revision_stale')) return undefined
    throw err
  }
}
