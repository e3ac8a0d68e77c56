import { z } from 'zod'
import { action, id, page, pageQuery, time } from './common.ts'

const names = z.array(z.string())
const limit = z.array(z.string().min(1).max(300)).min(1).max(200)

/** A token as it is listed: never with its secret. A limit that is absent is none. */
export const token = z
  .strictObject({
    id,
    ownerId: id.meta({ description: 'The user or robot whose rights it has' }),
    name: z.string(),
    hint: z.string().meta({ description: 'The first characters of the secret' }),
    actions: z.array(action),
    protocols: names.optional(),
    organizations: names.optional().meta({ description: 'Ids' }),
    repositories: names.optional().meta({ description: 'Ids' }),
    packages: names.optional(),
    cidrs: names.meta({ description: 'Addresses it works from; empty: all' }),
    createdAt: time,
    expiresAt: time.optional(),
    lastUsedAt: time.optional().meta({ description: 'To the minute' }),
    lastUsedFrom: z.string().optional(),
    oldSecretUntil: time.optional().meta({ description: 'Until when the secret before the last rotation works' }),
  })
  .meta({ id: 'Token' })
export type Token = z.output<typeof token>

export const tokenPage = page(token).meta({ id: 'TokenPage' })

const whose = {
  user: z.string().min(1).max(100).optional().meta({ description: "A user's id or username, for platform admins" }),
}
export const tokenOwnerQuery = z.strictObject(whose)
export const tokenListQuery = pageQuery.extend(whose)

export const newToken = z
  .strictObject({
    name: z.string().min(1).max(100),
    actions: z.array(action).min(1).default(['read']),
    protocols: limit.optional(),
    organizations: limit.optional().meta({ description: 'Ids or names' }),
    repositories: limit.optional().meta({ description: 'Ids' }),
    packages: limit.optional().meta({ description: 'Names; `*` at the end matches the rest' }),
    cidrs: z
      .array(z.string().min(1).max(300))
      .max(200)
      .optional()
      .meta({ description: 'IPv4 and IPv6 addresses and ranges; none: it works from everywhere' }),
    expiresAt: time.optional(),
  })
  .meta({ id: 'NewToken' })
export type NewToken = z.output<typeof newToken>

export const tokenRotation = z
  .strictObject({
    graceSeconds: z
      .int()
      .min(0)
      .optional()
      .meta({ description: 'How long the old secret works on, at most 30 days; 0' }),
  })
  .meta({ id: 'TokenRotation' })

/** Told once. */
export const madeToken = z.strictObject({ token, secret: z.string() }).meta({ id: 'MadeToken' })
export type MadeToken = z.output<typeof madeToken>
