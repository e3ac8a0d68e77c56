import type { AuditEntryDocument } from '../../metadata/platform-schema.ts'
import { type AuditDetails, cleanText, refuseSecrets, storedDetails } from './details.ts'

/** Who did it; `anonymous` and `system` have their kind as id. */
export interface AuditActor {
  /** `user`, `robot`, `anonymous`, `command-line` or `system`. */
  readonly kind: string
  readonly id: string
  /** As it was called then: it may be renamed or deleted later. */
  readonly name: string
  readonly tokenId?: string
}

/** What it was done to. A type, so that details may name one, too. */
export type AuditTarget = {
  /** `package`, `repository`, `organization`, `user`, `token`, … */
  readonly kind: string
  readonly id: string
  readonly name: string
}

/** Something that happened, as its witness tells it. */
export interface NewAuditEntry {
  /** `{what}.{verb}`: `package.publish`, `session.start`, `access.refused`, `token.create`. */
  readonly action: string
  readonly actor: AuditActor
  readonly target: AuditTarget
  readonly outcome: AuditEntryDocument['outcome']
  readonly requestId: string
  /** The client's; empty for what no request asked for. */
  readonly address: string
  readonly userAgent: string
  /** When it happened; default now. */
  readonly at?: number
  readonly details?: AuditDetails
}

/** An entry that has no place in a chain yet. */
export type Fact = Omit<AuditEntryDocument, 'stream' | 'sequence' | 'previous' | 'settled'>

/** Takes an entry in for storage. Texts are cut and cleaned; throws `internal` for details under a secret's name. */
export function factOf(entry: NewAuditEntry, now: number): Fact {
  const { action, actor, target, outcome, details } = entry
  if (details) refuseSecrets(details)
  return {
    at: entry.at ?? now,
    action,
    outcome,
    actorKind: actor.kind,
    actorId: cleanText(actor.id),
    actorName: cleanText(actor.name),
    ...(actor.tokenId !== undefined && { tokenId: cleanText(actor.tokenId) }),
    address: cleanText(entry.address),
    userAgent: cleanText(entry.userAgent),
    targetKind: target.kind,
    targetId: cleanText(target.id),
    targetName: cleanText(target.name),
    requestId: cleanText(entry.requestId),
    count: 1,
    ...(details && { details: storedDetails(details) }),
  }
}
