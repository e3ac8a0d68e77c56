import { RegistryError } from '../errors.ts'
import type { Stored } from '../metadata/engine.ts'
import type { TokenDocument } from '../metadata/sign-in-schema.ts'

const dayMs = 86_400_000
/** By how much a client's clock may be ahead of ours. */
const toleranceMs = 60_000

/** The platform's maximum; absent: there is none. */
export type MaxDays = number | undefined

/**
 * When the token ends, epoch milliseconds; `Infinity` for never. The maximum counts from when the secret was made, and
 * for tokens that were made before it was set as well: a rotation begins anew, an expiry of the token's own stays.
 */
export function endOf({ createdAt, rotatedAt = createdAt, expiresAt }: TokenTimes, maxDays: MaxDays): number {
  return Math.min(expiresAt ?? Number.POSITIVE_INFINITY, latestFrom(rotatedAt, maxDays))
}

type TokenTimes = Pick<TokenDocument, 'createdAt' | 'rotatedAt' | 'expiresAt'>

/** The token with the expiry that holds for it: what everybody but the store itself is shown. */
export function withEnd(token: Stored<TokenDocument>, maxDays: MaxDays): Stored<TokenDocument> {
  const expiresAt = endOf(token.value, maxDays)
  if (expiresAt === (token.value.expiresAt ?? Number.POSITIVE_INFINITY)) return token
  return { ...token, value: { ...token.value, expiresAt } }
}

/**
 * The expiry of a new token under the maximum: the one asked for, or the latest there may be when it is `shortened`.
 * Throws `payload_invalid` (field `expiresAt`) naming the maximum when it is later or missing otherwise.
 */
export function expiryWithin(
  maxDays: MaxDays,
  { expiresAt, shortened = false, now = Date.now() }: { expiresAt?: number; shortened?: boolean; now?: number },
): number | undefined {
  const latest = latestFrom(now, maxDays)
  if (latest === Number.POSITIVE_INFINITY) return expiresAt
  if (!shortened && (expiresAt ?? Number.POSITIVE_INFINITY) > latest + toleranceMs) {
    const message = `A token lives for at most ${inDays(maxDays)} here. Give it an expiry, ${dayOf(latest)} at the latest.`
    throw new RegistryError('payload_invalid', message, { field: 'expiresAt' })
  }
  return Math.min(expiresAt ?? latest, latest)
}

/** Why a token that has ended did, for whoever presented it. */
export function whyEnded({ expiresAt = Number.POSITIVE_INFINITY }: TokenTimes, maxDays: MaxDays): string {
  if (expiresAt <= Date.now()) return 'The token has expired. Make a new one.'
  return `The token has expired: tokens live for at most ${inDays(maxDays)} here. Make a new one.`
}

function latestFrom(madeAt: number, maxDays: MaxDays): number {
  return maxDays === undefined ? Number.POSITIVE_INFINITY : madeAt + maxDays * dayMs
}

function inDays(days: MaxDays): string {
  return days === 1 ? '1 day' : `${days} days`
}

function dayOf(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16)}Z`
}
