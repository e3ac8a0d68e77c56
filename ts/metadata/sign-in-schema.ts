// What stands in the store of ways in, and of what the platform decided: tokens, sessions, failures, settings.

import type { Action } from './access-schema.ts'
import type { Json } from './engine.ts'
import { defineCollection } from './engine.ts'

export interface TokenDocument {
  /** SHA-256 of the token, hex. */
  hash: string
  /** The first characters of the token, to recognise it by. */
  hint: string
  /** Whose rights it has: a user's id, or a robot's. */
  userId: string
  name: string
  /** The client that it was made for when its user signed in there with a password. */
  client?: string
  /** The user's when it was made so: another password ends it. A new secret that was asked for takes this away. */
  passwordVersion?: number
  actions: readonly Action[]
  /** Absent: no limit. */
  protocols?: readonly string[]
  organizations?: readonly string[]
  repositories?: readonly string[]
  /** Package names; `*` at the end matches the rest. */
  packages?: readonly string[]
  /** IPv4 and IPv6 ranges; empty: from everywhere. */
  cidrs: readonly string[]
  createdAt: number
  expiresAt?: number
  lastUsedAt?: number
  lastUsedFrom?: string
  /** When the secret was made, if it is not the first. */
  rotatedAt?: number
  /** The secret before the last rotation, and until when it works still. */
  previousHash?: string
  previousUntil?: number
}
export const tokens = defineCollection<TokenDocument>()({
  name: 'tokens',
  indexes: {
    byHash: { fields: ['hash'], unique: true },
    byPreviousHash: { fields: ['previousHash'] },
    byUser: { fields: ['userId', 'createdAt'] },
  },
})

/** A signed-in browser, whose id is made of the SHA-256 of the cookie's value, or a client of the API. */
export interface SessionDocument {
  userId: string
  createdAt: number
  expiresAt: number
  /** The user's when this one signed in; absent: 0. */
  passwordVersion?: number
  /** Of a client of the API: how often its refresh token was rotated. */
  generation?: number
  /** When its last refresh tokens were rotated, newest last, those of the last seconds alone. */
  rotations?: readonly number[]
  lastUsedAt?: number
  address?: string
  /** What the client said of itself. */
  agent?: string
}
export const sessions = defineCollection<SessionDocument>()({
  name: 'sessions',
  indexes: { byUser: { fields: ['userId', 'createdAt'] }, byExpiry: { fields: ['expiresAt'] } },
})

/** Failed sign-ins of one account or from one address; its id is the SHA-256 of which. */
export interface SignInFailuresDocument {
  count: number
  lastAt: number
  /** Of an account: from where all of them came; absent: from several addresses. */
  from?: string
  expiresAt: number
}
export const signInFailures = defineCollection<SignInFailuresDocument>()({
  name: 'signInFailures',
  indexes: { byExpiry: { fields: ['expiresAt'] } },
})

/** A POST that may be repeated; its id is the SHA-256 of the principal and the key. */
export interface IdempotencyKeyDocument {
  route: string
  /** SHA-256, hex. */
  bodyHash: string
  /** Absent while the first request runs. */
  answer?: {
    status: number
    /** JSON text; absent for an answer with a secret. */
    body?: string
    /** What was made. */
    id?: string
    location?: string
  }
  startedAt: number
  expiresAt: number
}
export const idempotencyKeys = defineCollection<IdempotencyKeyDocument>()({
  name: 'idempotencyKeys',
  indexes: { byExpiry: { fields: ['expiresAt'] } },
})

/** A command-line client waits while its user approves in a browser; its id is the SHA-256 of the poll secret. */
export interface LoginRequestDocument {
  /** What the approval page is addressed by; not the poll secret. */
  code: string
  state: 'pending' | 'approved' | 'denied' | 'collected'
  userId?: string
  /** What the client said of itself, for the page. */
  client: string
  address: string
  createdAt: number
  expiresAt: number
}
export const loginRequests = defineCollection<LoginRequestDocument>()({
  name: 'loginRequests',
  indexes: { byCode: { fields: ['code'], unique: true }, byExpiry: { fields: ['expiresAt'] } },
})

/** What platform admins decide for everybody, in the one document `platform`; see platform-settings.ts. */
export interface PlatformSettingsDocument {
  anonymousAccess: boolean
  /** Who is not signed in may make an account. */
  signUp: boolean
  /** Absent: tokens live for as long as they like. */
  maxTokenLifetimeDays?: number
  /** Lower case, in order: no organization and no user is made with them. */
  reservedNames: readonly string[]
  /** Shown on every page. */
  banner?: Banner
}
export type BannerLevel = 'info' | 'warning' | 'critical'
export type Banner = { readonly text: string; readonly level: BannerLevel }
export const platformSettings = defineCollection<PlatformSettingsDocument>()({ name: 'platformSettings', indexes: {} })

/** Single documents of the platform, by id: `setup` (the one-time link), `signing-npm`, … */
export interface SettingDocument {
  value: Json
}
export const settings = defineCollection<SettingDocument>()({ name: 'settings', indexes: {} })
