import assert from 'node:assert/strict'
import { test } from 'node:test'
import { timedEngine } from '../metadata/timed-engine.ts'
import { openTestPackages } from '../testing/packages.ts'

/** The world, and what a request reads from the store when nothing is known from before. */
async function openCounted() {
  let reads: string[] = []
  const s = await openTestPackages({
    engine: (engine) =>
      timedEngine(engine, (operation) => {
        if (operation === 'get' || operation === 'find') reads.push(operation)
      }),
  })
  return {
    ...s,
    async readsOf(line: string, as: string | undefined, body?: object): Promise<readonly string[]> {
      await s.access.users.setProfile(s.owner.id, { displayName: 'x' })
      reads = []
      await s.t.ask(line, { as, body })
      return reads.toSorted()
    },
  }
}

test('whoever may not read a package causes the reads that one causes which does not exist', async () => {
  await using s = await openCounted()
  const path = await s.aPackage('lib', ['1.0.0', '2.0.0'])
  for (const name of ['b', 'c']) {
    const made = { organizationId: s.acme.id, protocol: 'npm', name, createdBy: s.owner.id }
    await s.access.repositories.create(made)
    await s.publish(`lib-${name}`, '1.0.0', { to: `/npm/acme/${name}` })
  }
  const tags = { tags: [{ tag: 'latest', version: '1.0.0' }] }
  const alike: [there: string, none: string, body?: object][] = [
    [`GET ${path}`, 'GET /packages/pkg_none'],
    [`GET ${path}/versions/1.0.0/files`, 'GET /packages/pkg_none/versions/1.0.0/files'],
    [`PUT ${path}/tags`, 'PUT /packages/pkg_none/tags', tags],
    [`DELETE ${path}`, 'DELETE /packages/pkg_none'],
    ['GET /packages?organization=acme', 'GET /packages?organization=none'],
    [`GET /packages?organization=${s.acme.id}`, 'GET /packages?organization=org_none'],
    ['GET /packages?organization=acme&text=lib', 'GET /packages?organization=none&text=lib'],
    [`GET /packages?repository=${s.tools.id}&name=lib`, 'GET /packages?repository=repo_none&name=lib'],
    [
      'GET /packages?organization=acme&protocol=npm&repository=tools&name=lib',
      'GET /packages?organization=none&protocol=npm&repository=tools&name=lib',
    ],
  ]
  for (const as of [undefined, s.stranger.token]) {
    for (const [there, none, body] of alike) {
      assert.deepEqual(await s.readsOf(there, as, body), await s.readsOf(none, as, body), there)
    }
  }
})
