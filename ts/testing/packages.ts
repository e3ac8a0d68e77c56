import assert from 'node:assert/strict'
import { openTestApi } from '../api/testing.ts'
import type { PermissionRole } from '../metadata/access-schema.ts'
import { aPublishBody } from '../protocols/npm/publish-builder.ts'
import { ok } from '../protocols/npm/testing.ts'
import type { TestSurroundings } from './app.ts'

type Person = { readonly id: string; readonly token: string }

/**
 * An organization `acme` with the private npm repository `tools`, and one of each who may be asking: `packageOwner` and
 * `otherOwner` read the repository and own `lib` and `other`.
 */
export async function openTestPackages(around?: TestSurroundings) {
  const t = await openTestApi(around)
  const { access } = t
  const owner = await t.someone('owner')
  const acme = await access.organizations.create({ name: 'acme', ownerId: owner.id })
  const place = { organizationId: acme.id, protocol: 'npm', name: 'tools' }
  const tools = await access.repositories.create({ ...place, createdBy: owner.id })

  async function holder(username: string, role: PermissionRole): Promise<Person> {
    const person = await t.someone(username)
    await access.grants.setPermission(tools.id, { holderId: person.id, role })
    return person
  }
  const people = {
    root: await t.someone('root', { isPlatformAdmin: true }),
    owner,
    stranger: await t.someone('stranger'),
    reader: await holder('reader', 'reader'),
    developer: await holder('developer', 'developer'),
    maintainer: await holder('maintainer', 'maintainer'),
    packageOwner: await holder('package-owner', 'reader'),
    otherOwner: await holder('other-owner', 'reader'),
  }

  /** Publishes as npm does, below the repository's address; as the organization's owner unless said otherwise. */
  async function publish(name: string, version: string, more: { as?: string; to?: string; manifest?: object } = {}) {
    const { as = owner.token, to = '/npm/acme/tools', manifest = {} } = more
    const { body } = aPublishBody(name, version).withPackageJson({ ...manifest })
    await ok(await t.request('PUT', `${to}/${name.replace('/', '%2f')}`, { as, body }))
  }

  /** The id of a package that is there. */
  async function idOf(name: string, repositoryId = tools.id): Promise<string> {
    const found = await t.registry.packages.find(repositoryId, name)
    assert.ok(found, name)
    return found.id
  }

  /** A package with these versions, owned by these people alone; resolves to its path. */
  async function aPackage(name: string, versions: readonly string[], ...owners: Person[]): Promise<string> {
    for (const version of versions) await publish(name, version)
    const path = `/packages/${await idOf(name)}`
    if (owners.length > 0) {
      const body = { owners: owners.map(({ id }) => id) }
      assert.equal((await t.ask(`PUT ${path}/owners`, { as: owner.token, body })).status, 200)
    }
    return path
  }

  /** The packument as npm reads it. */
  // biome-ignore lint/suspicious/noExplicitAny: what npm sees is looked at member by member
  async function packument(name: string): Promise<any> {
    return (await ok(await t.request('GET', `/npm/acme/tools/${name}?write=true`, { as: owner.token }))).json()
  }

  return {
    t,
    access,
    acme,
    tools,
    ...people,
    publish,
    idOf,
    aPackage,
    packument,
    [Symbol.asyncDispose]: () => t[Symbol.asyncDispose](),
  }
}
export type TestPackages = Awaited<ReturnType<typeof openTestPackages>>
