import { hash } from 'node:crypto'
import { hasCode, RegistryError } from '../errors.ts'
import type { MetadataEngine, Stored } from '../metadata/engine.ts'
import { type LoginRequestDocument, loginRequests as loginRequestsSpec } from '../metadata/sign-in-schema.ts'
import { randomBase62 } from './base62.ts'
import { allActions, type Tokens } from './tokens.ts'
import type { Users } from './users.ts'

const lifetimeSeconds = 5 * 60
const maxPending = 1000
const maxClientLength = 200

/** What a waiting client is told. `gone`: denied, expired, collected before, or never there. */
export type Collected =
  | { readonly state: 'pending' }
  | { readonly state: 'gone' }
  | { readonly state: 'ready'; readonly token: string; readonly userId: string }

/** Command-line clients that wait until their user approves them in a browser. */
export interface LoginRequests {
  /** `code` is for the page's address, `pollSecret` for the client alone. Throws `too_many_requests` while
   *  a thousand wait. */
  start(from: { readonly client: string; readonly address: string }): Promise<{
    readonly code: string
    readonly pollSecret: string
    /** Epoch milliseconds, five minutes ahead. */
    readonly expiresAt: number
  }>
  /** `undefined` for an unknown or expired one. */
  find(code: string): Promise<Stored<LoginRequestDocument> | undefined>
  /** Throws `precondition_failed` when it was answered before or has expired. */
  approve(code: string, userId: string): Promise<void>
  /** Throws `precondition_failed` when it was answered before or has expired. */
  deny(code: string, userId: string): Promise<void>
  /** Hands out a new token of the approving user, to the first who asks after the approval and to nobody else. */
  collect(pollSecret: string): Promise<Collected>
  /** Removes what has expired, at most 1000; resolves to how many. */
  sweep(): Promise<number>
}

/** Login requests in the collection of that name. */
export function loginRequestDirectory(engine: MetadataEngine, users: Users, tokens: Tokens): LoginRequests {
  const requests = engine.collection(loginRequestsSpec)
  const isOpen = (request: Stored<LoginRequestDocument>) => request.value.expiresAt > Date.now()

  async function find(code: string): Promise<Stored<LoginRequestDocument> | undefined> {
    const { items } = await requests.find('byCode', { equals: { code }, limit: 1 })
    return items.find(isOpen)
  }

  async function answer(code: string, userId: string, state: 'approved' | 'denied'): Promise<void> {
    const request = await find(code)
    if (request?.value.state === 'pending' && (await moveOn(request, { state, userId }))) return
    throw new RegistryError(
      'precondition_failed',
      'This login was answered before or has expired. Start it again on the command line.',
    )
  }

  /** False when somebody else was faster. */
  async function moveOn({ id, revision, value }: Stored<LoginRequestDocument>, to: Partial<LoginRequestDocument>) {
    try {
      await requests.update(id, revision, { ...value, ...to })
      return true
    } catch (err) {
      if (hasCode(err, 'revision_stale')) return false
      throw err
    }
  }

  return {
    async start({ client, address }) {
      const now = Date.now()
      if ((await requests.count('byExpiry', { range: { after: now } })) >= maxPending) {
        throw new RegistryError('too_many_requests', 'Too many logins are waiting for their approval.', {
          retryAfterSeconds: lifetimeSeconds,
        })
      }
      const code = randomBase62(16)
      const pollSecret = randomBase62(32)
      const expiresAt = now + lifetimeSeconds * 1000
      const value = { code, state: 'pending', client: printable(client), address, createdAt: now, expiresAt } as const
      await requests.insert(hash('sha256', pollSecret), value)
      return { code, pollSecret, expiresAt }
    },

    find,
    approve: (code, userId) => answer(code, userId, 'approved'),
    deny: (code, userId) => answer(code, userId, 'denied'),

    async collect(pollSecret) {
      const request = await requests.get(hash('sha256', pollSecret))
      if (!request || !isOpen(request)) return { state: 'gone' }
      const { state, userId, client } = request.value
      if (state === 'pending') return { state: 'pending' }
      if (state !== 'approved' || userId === undefined) return { state: 'gone' }
      // Marked first: of two who ask at once, one gets a token, and there is never a second.
      if (!(await moveOn(request, { state: 'collected' }))) return { state: 'gone' }
      if (!(await users.get(userId))?.value.isActive) return { state: 'gone' }
      const name = `login: ${client}`.slice(0, 100)
      const { text } = await tokens.create({ userId, name, actions: allActions, shortened: true })
      return { state: 'ready', token: text, userId }
    },

    async sweep() {
      const { items } = await requests.find('byExpiry', { range: { to: Date.now() }, limit: 1000 })
      for (const { id } of items) await requests.delete(id)
      return items.length
    },
  }
}

/** What a client said of itself, made fit for a page and a token's name. */
function printable(text: string): string {
  const line = text
    .toWellFormed()
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, maxClientLength)
  return line.toWellFormed() || 'a command-line client'
}
