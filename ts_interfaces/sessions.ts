import { z } from 'zod'
import { id, time } from './common.ts'
import { user } from './users.ts'

export const login = z
  .strictObject({
    login: z.string().min(1).max(300).meta({ description: 'A username or an e-mail address' }),
    password: z.string().min(1).max(1000),
  })
  .meta({ id: 'Login' })

const refreshToken = z.string().min(1).max(2000)

export const refresh = z.strictObject({ refreshToken }).meta({ id: 'Refresh' })

export const logout = z
  .strictObject({ refreshToken: refreshToken.optional().meta({ description: 'Of the session to end; this one' }) })
  .meta({ id: 'Logout' })

/** What a client that signed in goes on with: `Authorization: Bearer <accessToken>`. */
export const openedSession = z
  .strictObject({
    sessionId: id,
    accessToken: z.string(),
    accessExpiresAt: time,
    refreshToken: z.string(),
    refreshExpiresAt: time,
    user,
  })
  .meta({ id: 'OpenedSession' })
export type OpenedSession = z.output<typeof openedSession>

export const session = z
  .strictObject({
    id,
    createdAt: time,
    expiresAt: time,
    lastUsedAt: time.optional(),
    address: z.string().optional(),
    agent: z.string().optional(),
    isCurrent: z.boolean(),
  })
  .meta({ id: 'Session' })
export type Session = z.output<typeof session>

/** At most 1000. */
export const sessionList = z.strictObject({ items: z.array(session) }).meta({ id: 'SessionList' })

export const endedSessions = z.strictObject({ ended: z.int() }).meta({ id: 'EndedSessions' })

/** Who asks. */
export const me = z
  .strictObject({
    kind: z.enum(['user', 'robot']),
    id,
    name: z.string(),
    user: user.optional(),
    tokenId: id.optional(),
    sessionId: id.optional(),
    csrf: z.string().optional().meta({ description: 'What a browser sends as X-CSRF-Token with every change' }),
  })
  .meta({ id: 'Me' })
export type Me = z.output<typeof me>

export const providerList = z
  .strictObject({
    items: z.array(z.strictObject({ id: z.string(), kind: z.enum(['password']), name: z.string() })),
  })
  .meta({ id: 'ProviderList' })
