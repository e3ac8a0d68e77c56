import { userInfo } from 'node:os'
import type { Access } from '../access/access.ts'
import type { AuditTrail } from '../access/audit/audit-trail.ts'
import type { AuditActor } from '../access/audit/entries.ts'
import { witnessing } from '../access/audit/witness.ts'
import { auditedAccess } from '../access/audited-access.ts'
import { workerPasswords } from '../access/passwords.ts'
import { loadSecrets } from '../access/secrets.ts'
import type { Environment } from '../config/reader.ts'
import { loadConfig } from '../config.ts'
import { newRequestId } from '../http/request-id.ts'
import type { OrganizationDocument, UserDocument } from '../metadata/access-schema.ts'
import type { MetadataEngine, Stored } from '../metadata/engine.ts'
import { hasImageTags, movingTagsOf } from '../protocols/moving-tags.ts'
import { reservedNames } from '../protocols/root-paths.ts'
import { sharesNames } from '../protocols/shares-names.ts'
import { takesApprovals } from '../protocols/takes-approvals.ts'
import { openMetadata } from './open-stores.ts'
import { openTrail } from './with-audit.ts'

/**
 * Opens the configured metadata store for one command, beside a running server or without one. What the command changes
 * is in the audit trail as done by whoever runs it on this machine.
 */
export async function withAccess<T>(
  env: Environment,
  use: (access: Access, engine: MetadataEngine, trail: AuditTrail) => Promise<T>,
): Promise<T> {
  const { metadata, defaultOrganization, anonymousAccess, dataDir, secrets } = loadConfig(env)
  const { jwtSecret, sealer } = await loadSecrets({ dataDir, ...secrets })
  const engine = await openMetadata(metadata)
  const trail = openTrail(engine, sealer, 'a command')
  const deps = {
    engine,
    passwords: workerPasswords(),
    reservedNames,
    movingTagsOf,
    hasImageTags,
    sharesNames,
    takesApprovals,
    defaultOrganization,
    anonymousAccess,
    jwtSecret,
    reportError(err: unknown) {
      throw err
    },
  }
  const access = auditedAccess(deps, trail.record)
  const occasion = { requestId: newRequestId(), address: '', userAgent: 'stowage' }
  try {
    return await witnessing(occasion, operator(), () => use(access, engine, trail))
  } finally {
    await access.close()
    await trail.close()
    await engine.close()
  }
}

/** Whoever runs the command, as the machine knows them; containers know numbers alone. */
function operator(): AuditActor {
  const name = userName()
  return { kind: 'command-line', id: name, name }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}

/** Throws with one sentence when there is no such organization. */
export async function requireOrganization(access: Access, name: string): Promise<Stored<OrganizationDocument>> {
  const organization = await access.organizations.findByName(name)
  if (!organization) throw new Error(`There is no organization "${name}".`)
  return organization
}

/** Throws with one sentence when there is no such user. */
export async function requireUser(access: Access, username: string): Promise<Stored<UserDocument>> {
  const user = await access.users.findByUsername(username)
  if (!user) throw new Error(`There is no user "${username}".`)
  return user
}
