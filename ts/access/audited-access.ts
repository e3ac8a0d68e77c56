import type { Access } from './access.ts'
import type { AuditDetails } from './audit/details.ts'
import type { AuditTarget } from './audit/entries.ts'
import { attested, type Happening, type RecordEntry } from './audit/witness.ts'
import { auditedGates } from './audited-gates.ts'
import { auditedPeople } from './audited-people.ts'
import { auditedPlaces } from './audited-places.ts'
import { auditedSignIns } from './audited-sign-ins.ts'
import { auditTargets, platformTarget } from './audited-targets.ts'
import { auditedTokens } from './audited-tokens.ts'
import { type AccessDeps, createAccess } from './create-access.ts'

/** Resolves when the entry of what was done is durable. */
export type Tell = (
  action: string,
  target: AuditTarget,
  details?: AuditDetails,
  more?: Pick<Happening, 'actor' | 'outcome'>,
) => Promise<void>

/**
 * The access of `createAccess`, whose changes are entries of the audit trail before they are answered. What a change
 * brings about inside (a deleted user's memberships, a robot's tokens) is part of its entry. When the trail cannot be
 * written the change stays, and the caller is told of the failure.
 */
export function auditedAccess(deps: AccessDeps, record: RecordEntry): Access {
  const tell: Tell = (action, target, details, more) =>
    record(attested({ action, target, ...(details && Object.keys(details).length > 0 && { details }), ...more }))
  const inner = createAccess({
    ...deps,
    async onDefaultRepository({ id, value: { visibility } }) {
      await tell('repository.create', await targets.repository(id), { visibility, by: 'the first publish' })
    },
  })
  const targets = auditTargets(inner)

  return {
    ...inner,
    ...auditedGates(inner),
    ...auditedSignIns(inner, targets, tell),
    ...auditedPeople(inner, targets, tell),
    ...auditedPlaces(inner, targets, tell),
    tokens: auditedTokens(inner.tokens, targets, tell),
    platformSettings: {
      ...inner.platformSettings,
      async change(changes, revision) {
        const changed = await inner.platformSettings.change(changes, revision)
        await tell('settings.update', platformTarget, { ...changes })
        return changed
      },
    },
  }
}
