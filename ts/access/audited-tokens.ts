import type { TokenDocument } from '../metadata/sign-in-schema.ts'
import type { AuditTarget } from './audit/entries.ts'
import type { Tell } from './audited-access.ts'
import type { AuditTargets } from './audited-targets.ts'
import type { MadeToken, Tokens } from './tokens.ts'

/** Tokens, each change told once it was made: whose, and what they may; never their text nor a part of it. */
export function auditedTokens(tokens: Tokens, targets: AuditTargets, tell: Tell): Tokens {
  async function tellMade(verb: string, { token }: MadeToken, more: { graceSeconds?: number } = {}): Promise<void> {
    const { id, value } = token
    const holder = await targets.holder(value.userId)
    await tell(`token.${verb}`, { kind: 'token', id, name: value.name }, { holder, ...limitsOf(value), ...more })
  }

  return {
    ...tokens,

    async create(token) {
      const made = await tokens.create(token)
      await tellMade('create', made)
      return made
    },

    async rotate(userId, id, graceSeconds) {
      const made = await tokens.rotate(userId, id, graceSeconds)
      await tellMade('rotate', made, { graceSeconds })
      return made
    },

    async revoke(userId, id) {
      const known = await tokens.get(id)
      await tokens.revoke(userId, id)
      const target: AuditTarget = { kind: 'token', id, name: known?.value.name ?? id }
      await tell('token.revoke', target, { holder: await targets.holder(userId) })
    },

    /** Who holds the text need not be signed in. */
    async endSecret(text) {
      const ended = await tokens.endSecret(text)
      if (!ended) return undefined
      const target: AuditTarget = { kind: 'token', id: ended.id, name: ended.value.name }
      await tell('token.revoke', target, { holder: await targets.holder(ended.value.userId), by: 'its own text' })
      return ended
    },

    async revokeAll(userId) {
      await tokens.revokeAll(userId)
      await tell('token.revoke-all', await targets.holder(userId))
    },
  }
}

/** What narrows the token; absent limits limit nothing. */
function limitsOf({ actions, protocols, organizations, repositories, packages, cidrs, expiresAt }: TokenDocument) {
  return {
    actions,
    ...(protocols && { protocols }),
    ...(organizations && { organizations }),
    ...(repositories && { repositories }),
    ...(packages && { packages }),
    ...(cidrs.length > 0 && { cidrs }),
    ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt).toISOString() }),
  }
}
