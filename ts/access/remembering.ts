import type { Principal } from './principal.ts'

/**
 * Whether an answer to this principal may be given again from memory while the store is unchanged, and until when (epoch
 * milliseconds): not for a token bound to addresses, nor for passwords and sessions, and no longer than what the request
 * came with is good.
 */
export function rememberedFor(principal: Principal): { remember?: { validUntil?: number } } {
  if (!isRepeatable(principal)) return {}
  const validUntil = expiryOf(principal)
  return { remember: Number.isFinite(validUntil) ? { validUntil } : {} }
}

function isRepeatable(principal: Principal): boolean {
  if (principal.kind === 'anonymous') return true
  if (!principal.token) return principal.grant !== undefined
  return principal.token.value.cidrs.length === 0
}

function expiryOf(principal: Principal): number {
  const never = Number.POSITIVE_INFINITY
  const token = principal.kind === 'anonymous' ? undefined : principal.token?.value
  return Math.min(principal.grant?.expiresAt ?? never, token?.expiresAt ?? never, token?.previousUntil ?? never)
}
