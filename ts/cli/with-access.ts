import type { Access } from '../access/access.ts'
import { createAccess } from '../access/create-access.ts'
import { workerPasswords } from '../access/passwords.ts'
import { loadSecrets } from '../access/secrets.ts'
import type { Environment } from '../config/reader.ts'
import { loadConfig } from '../config.ts'
import type { Stored } from '../metadata/engine.ts'
import type { OrganizationDocument, UserDocument } from '../metadata/schema.ts'
import { reservedNames } from '../protocols/root-paths.ts'
import { openMetadata } from './open-stores.ts'

/** Opens the configured metadata store for one command, beside a running server or without one. */
export async function withAccess<T>(env: Environment, use: (access: Access) => Promise<T>): Promise<T> {
  const { metadata, defaultOrganization, anonymousAccess, dataDir, secrets } = loadConfig(env)
  const { jwtSecret } = await loadSecrets({ dataDir, ...secrets })
  const engine = await openMetadata(metadata)
  const access = createAccess({
    engine,
    passwords: workerPasswords(),
    reservedNames,
    defaultOrganization,
    anonymousAccess,
    jwtSecret,
    reportError(err) {
      throw err
    },
  })
  try {
    return await use(access)
  } finally {
    await access.close()
    await engine.close()
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
