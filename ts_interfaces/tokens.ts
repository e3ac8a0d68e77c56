import { z } from 'zod'
import { action, id, page, time } from './common.ts'

const list = z.array(z.string().min(1).max(300)).max(200)

/** A token as it is listed: never with its secret. A limit that is absent is none. */
export const token = z
  .strictObject({
    id,
    name: z.string(),
    hint: z.string().meta({ description: 'The first characters of the secret' }),
    actions: z.array(action),
    protocols: list.optional(),
    organizations: list.optional(),
    repositories: list.optional(),
    packages: list.optional(),
    cidrs: list,
    createdAt: time,
    expiresAt: time.optional(),
    lastUsedAt: time.optional(),
    lastUsedFrom: z.string().optional(),
  })
  .meta({ id: 'Token' })
export type Token = z.output<typeof token>

export const tokenPage = page(token).meta({ id: 'TokenPage' })

export const newToken = z
  .strictObject({
    name: z.string().min(1).max(100),
    actions: z.array(action).min(1),
    protocols: list.optional(),
    organizations: list.optional(),
    repositories: list.optional(),
    packages: list.optional().meta({ description: 'Names; `*` at the end matches the rest' }),
    cidrs: list.optional(),
    expiresAt: time.optional(),
  })
  .meta({ id: 'NewToken' })
export type NewToken = z.output<typeof newToken>

export const tokenRotation = z
  .strictObject({
    graceSeconds: z.int().min(0).optional().meta({ description: 'How long the old secret works on; 0' }),
  })
  .meta({ id: 'TokenRotation' })

/** Told once. */
export const madeToken = z.strictObject({ token, secret: z.string() }).meta({ id: 'MadeToken' })
