import { compare, hash } from 'bcryptjs'
import type { Access } from '../access/access.ts'
import { type AuditTrail, createAuditTrail } from '../access/audit/audit-trail.ts'
import { auditedAccess } from '../access/audited-access.ts'
import { type AccessDeps, createAccess } from '../access/create-access.ts'
import { checkNewPassword, type Passwords } from '../access/passwords.ts'
import type { Principal } from '../access/principal.ts'
import type { NewToken } from '../access/tokens.ts'
import type { UserDocument } from '../metadata/access-schema.ts'
import type { MetadataEngine, Stored } from '../metadata/engine.ts'
import { collections } from '../metadata/schema.ts'
import { openTestEngine } from './stores.ts'

export const testPassword = 'correct horse battery'

/** bcrypt of the least cost, in this thread: the same answers as `workerPasswords`, sooner. */
export function quickPasswords(): Passwords {
  return {
    async hash(password) {
      checkNewPassword(password)
      return hash(password, 4)
    },
    verify: async (password, known) => known !== undefined && compare(password, known),
    remembers: () => false,
    close: async () => {},
  }
}

export interface TestAccess extends AsyncDisposable {
  readonly access: Access
  readonly engine: MetadataEngine
  /** On the bare store; empty unless asked for. */
  readonly trail: AuditTrail
  /** A new user with `testPassword`, and what the gate knows it as. */
  aUser(username: string, more?: { isPlatformAdmin?: boolean }): Promise<Stored<UserDocument> & { as: Principal }>
  /** The principal that a new token of this user makes. Default: may do everything. */
  aToken(user: { id: string }, limits?: Partial<NewToken>): Promise<{ text: string; as: Principal }>
}

/** An access over a fresh embedded store, with `around` around it, whose default organization `main` exists; gone when disposed of. */
export async function openTestAccess(
  deps: Partial<AccessDeps> = {},
  around: (engine: MetadataEngine) => MetadataEngine = (engine) => engine,
  { isAudited = false }: { isAudited?: boolean } = {},
): Promise<TestAccess> {
  const opened = await openTestEngine(collections)
  const engine = deps.engine ?? around(opened.store)
  const trail = createAuditTrail({ engine: opened.store, secretSetting: secretsInMemory(), process: 'a test' })
  const all = {
    engine,
    passwords: quickPasswords(),
    reservedNames: new Set(['api', 'ui']),
    defaultOrganization: 'main',
    anonymousAccess: true,
    reportError(err: unknown) {
      throw err
    },
    jwtSecret: 'a secret of the tests, long enough',
    ...deps,
  }
  const access = isAudited ? auditedAccess(all, trail.record) : createAccess(all)
  await access.setup.prepare()

  return {
    access,
    engine,
    trail,
    async aUser(username, more = {}) {
      const user = await access.users.create({
        username,
        email: `${username.toLowerCase()}@example.com`,
        password: testPassword,
        ...more,
      })
      return { ...user, as: { kind: 'user', user } }
    },
    async aToken({ id }, limits = {}) {
      const actions = ['read', 'write', 'delete', 'admin'] as const
      const { text } = await access.tokens.create({ userId: id, name: 'test', actions, ...limits })
      return { text, as: await access.authenticate({ kind: 'token', token: text }, '127.0.0.1') }
    },
    async [Symbol.asyncDispose]() {
      await access.close()
      await trail.close()
      await opened[Symbol.asyncDispose]()
    },
  }
}

/** Secrets of an installation that lives no longer than its test. */
export function secretsInMemory(): (id: string, make: () => string) => Promise<string> {
  const secrets = new Map<string, string>()
  return async (id, make) => secrets.get(id) ?? secrets.set(id, make()).get(id) ?? ''
}
