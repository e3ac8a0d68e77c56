import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import * as accessSchema from '../metadata/access-schema.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import * as schema from '../metadata/schema.ts'
import { openSqliteEngine } from '../metadata/sqlite.ts'
import { openTestFolder } from '../testing/stores.ts'
import { fillNameKeys } from './fill-name-keys.ts'

const { collections } = schema

async function anOldOrganization(engine: MetadataEngine, name: string) {
  const value = { name, displayName: name, visibility: 'public', createdAt: 0 } as const
  await engine.collection(accessSchema.organizations).insert(`org_${name}`, value)
}

async function anOldUser(engine: MetadataEngine, username: string) {
  const flags = { isActive: true, isPlatformAdmin: false, createdAt: 0, passwordHash: '', displayName: username }
  const value = { username, usernameKey: username.toLowerCase(), email: `${username}@example.com`, ...flags }
  await engine.collection(accessSchema.users).insert(`usr_${username}`, value)
}

test('names made before there were keys get one when the store is opened; of two that look alike one stays without', async () => {
  await using folder = await openTestFolder()
  const path = join(folder.path, 'metadata.sqlite')
  const old = await openSqliteEngine({ path, collections, schemaVersion: 2 })
  for (const name of ['acme', 'acrne', 'zoo']) await anOldOrganization(old, name)
  for (const name of ['Jane', 'jim']) await anOldUser(old, name)
  await old.close()
  const engine = await openSqliteEngine({ path, collections, schemaVersion: 3, migrations: [fillNameKeys] })
  const { items: organizations } = await engine.collection(accessSchema.organizations).find('byName', {})
  assert.deepEqual(
    organizations.map(({ value }) => value.nameKey),
    ['acme', undefined, 'zoo'],
  )
  const { items: users } = await engine.collection(accessSchema.users).find('byUsername', {})
  assert.deepEqual(
    users.map(({ value }) => value.nameKey),
    ['jane', 'jlm'],
  )
  // A step that was stopped begins anew.
  await fillNameKeys.run(engine)
  assert.equal((await engine.collection(accessSchema.organizations).get('org_acme'))?.revision, 2)
  await engine.close()
})
