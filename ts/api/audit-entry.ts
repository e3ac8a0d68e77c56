import type { AuditEntry } from '../../ts_interfaces/audit.ts'
import type { Stored } from '../metadata/engine.ts'
import type { AuditEntryDocument } from '../metadata/platform-schema.ts'

/** An entry as the API and the command line tell it, without its place in the chain. */
export function shownEntry({ id, value }: Stored<AuditEntryDocument>): AuditEntry {
  const { at, action, outcome, count, address, userAgent, requestId, tokenId, details } = value
  return {
    id,
    at: new Date(at).toISOString(),
    action,
    outcome,
    count,
    actor: {
      kind: value.actorKind,
      id: value.actorId,
      name: value.actorName,
      ...(tokenId !== undefined && { tokenId }),
    },
    target: { kind: value.targetKind, id: value.targetId, name: value.targetName },
    address,
    userAgent,
    requestId,
    ...(isObject(details) && { details }),
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
