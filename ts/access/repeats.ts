import { hash } from 'node:crypto'
import { hasCode, RegistryError } from '../errors.ts'
import type { MetadataEngine, Stored } from '../metadata/engine.ts'
import { type IdempotencyKeyDocument, idempotencyKeys as keysSpec } from '../metadata/sign-in-schema.ts'

const lifetimeSeconds = 24 * 3600
/** A request that has not answered for so long died with its process. */
const abandonedSeconds = 120
const maxBodyBytes = 1024 * 1024
const sweptAtOnce = 20

export interface RepeatableRequest {
  /** Whose key it is; the keys of two principals never meet. */
  readonly principalId: string
  readonly key: string
  readonly route: string
  readonly body: Uint8Array
}

export type RepeatableAnswer = NonNullable<IdempotencyKeyDocument['answer']>

/** Requests that a client may send again without having them done again. */
export interface Repeats {
  /**
   * Does the work, or resolves to what it answered the first time, `isReplay` true. Work that throws may be done again.
   * Throws `unprocessable` for the key of another request, `document_exists` while the first one runs.
   */
  once(
    request: RepeatableRequest,
    work: () => Promise<RepeatableAnswer>,
  ): Promise<{ readonly answer: RepeatableAnswer; readonly isReplay: boolean }>
}

/** Repeats in the collection `idempotencyKeys`, for a day; each new one rids it of some that have expired. */
export function repeatsIn(engine: MetadataEngine): Repeats {
  const keys = engine.collection(keysSpec)

  /** The record to answer into, or what was answered before. */
  async function begin(id: string, route: string, bodyHash: string) {
    for (;;) {
      const now = Date.now()
      const known = await keys.get(id)
      const value = { route, bodyHash, startedAt: now, expiresAt: now + lifetimeSeconds * 1000 }
      if (known && known.value.expiresAt > now) {
        refuseOther(known.value, route, bodyHash)
        if (known.value.answer) return known.value.answer
        if (known.value.startedAt > now - abandonedSeconds * 1000) throw running()
      }
      try {
        return known ? await keys.update(id, known.revision, value) : await keys.insert(id, value)
      } catch (err) {
        if (!hasCode(err, 'revision_stale', 'document_exists')) throw err
      }
    }
  }

  async function finish({ id, revision, value }: Stored<IdempotencyKeyDocument>, answer: RepeatableAnswer) {
    const { body, ...rest } = answer
    const small = body === undefined || Buffer.byteLength(body) <= maxBodyBytes ? answer : rest
    try {
      await keys.update(id, revision, { ...value, answer: small })
    } catch (err) {
      if (!hasCode(err, 'revision_stale')) throw err
    }
  }

  async function sweep(): Promise<void> {
    const { items } = await keys.find('byExpiry', { range: { to: Date.now() }, limit: sweptAtOnce })
    await engine.batch(items.map(({ id }) => ({ kind: 'delete', in: keysSpec, id })))
  }

  return {
    async once({ principalId, key, route, body }, work) {
      const id = hash('sha256', `${principalId} ${key}`)
      const begun = await begin(id, route, hash('sha256', body))
      if ('status' in begun) return { answer: begun, isReplay: true }
      await sweep()
      try {
        const answer = await work()
        await finish(begun, answer)
        return { answer, isReplay: false }
      } catch (err) {
        await keys.delete(id, begun.revision).catch(() => {})
        throw err
      }
    },
  }
}

function refuseOther(known: IdempotencyKeyDocument, route: string, bodyHash: string): void {
  if (known.route === route && known.bodyHash === bodyHash) return
  const message = 'This Idempotency-Key was used for another request. Take a new one for each.'
  throw new RegistryError('unprocessable', message, { field: 'Idempotency-Key' })
}

function running(): RegistryError {
  return new RegistryError('document_exists', 'The request with this Idempotency-Key is still running.', {
    field: 'Idempotency-Key',
    retryAfterSeconds: 1,
  })
}
