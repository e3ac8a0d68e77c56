import { AsyncLocalStorage } from 'node:async_hooks'
import type { AuditActor, AuditTarget, NewAuditEntry } from './entries.ts'

/** Writes one entry, as `AuditTrail.record` does. */
export type RecordEntry = (entry: NewAuditEntry) => Promise<void>

/** What a request is known by, whoever asks. */
export interface Occasion {
  readonly requestId: string
  /** The client's; empty where there is none. */
  readonly address: string
  readonly userAgent: string
}

/** What was refused, told apart from other errors by being this one: a refusal that somebody caught is none. */
export interface NotedRefusal {
  readonly error: unknown
  /** What was asked for: an action of the gate. */
  readonly asked: string
  /** Asked only when the refusal is what the request ends with. `undefined`: it was the plain truth, and no refusal. */
  target(): Promise<AuditTarget | undefined>
}

/** Who and where, known while one request is served, whatever serves it. */
export interface Witness extends Occasion {
  /** Anonymous until somebody was found to be signed in. */
  actor: AuditActor
  /** What the gate let the request to last. */
  place?: () => AuditTarget
  /** What the gate refused last. */
  refusal?: NotedRefusal
}

export const anonymousActor: AuditActor = { kind: 'anonymous', id: 'anonymous', name: 'anonymous' }

/** Who does what nobody asked for: jobs and the start of a server. */
export const systemActor: AuditActor = { kind: 'system', id: 'system', name: 'system' }

const witnesses = new AsyncLocalStorage<Witness>()

/** Does the work, and all that it waits for, under the eyes of a witness. */
export function witnessing<T>(occasion: Occasion, actor: AuditActor, work: () => T): T {
  return witnesses.run({ ...occasion, actor }, work)
}

/** Of the request that is served; `undefined` outside of any. */
export function witness(): Witness | undefined {
  return witnesses.getStore()
}

/** What an entry says beside who, where and when. */
export type Happening = Pick<NewAuditEntry, 'action' | 'target'> & Partial<NewAuditEntry>

/** The entry of what happens now, as the witness saw it; outside of any request `system` did it. */
export function attested(happening: Happening): NewAuditEntry {
  const { actor = systemActor, requestId = '', address = '', userAgent = '' } = witness() ?? {}
  return { outcome: 'success', actor, requestId, address, userAgent, ...happening }
}
