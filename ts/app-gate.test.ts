import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openPlaces, type Place } from './gate-walk/bounds.ts'
import { kinds } from './gate-walk/kinds.ts'
import type { Shown } from './gate-walk/model.ts'
import { recording } from './gate-walk/recording.ts'
import { astray, unlisted } from './gate-walk/routes.ts'
import { allRows, comparedRowsFor, rowsFor } from './gate-walk/rows.ts'
import { compareWithNothing } from './gate-walk/strangers.ts'
import { type Walked, walk } from './gate-walk/walk.ts'
import { openWorld } from './gate-walk/world.ts'
import { aPublishBody } from './protocols/npm/publish-builder.ts'
import { openTestApp, type TestApp } from './testing/app.ts'

const shownFaults = 60

/** Shows the first of what is wrong, and how much it is. */
function requireNone({ faults, requests }: Walked): void {
  if (faults.length === 0) return
  assert.fail(`${faults.length} faults in ${requests} requests:\n${faults.slice(0, shownFaults).join('\n')}`)
}

test('every route has a row in the table, and every row its route', async () => {
  await using world = await openWorld('public')
  const rows = allRows()
  assert.deepEqual(unlisted(world.t.app, rows), [])
  assert.deepEqual(astray(world.t.app, rows, world.names), [])
})

describe('every route, for every kind of principal', () => {
  for (const shown of ['private', 'public', 'internal', 'disabled', 'closed'] satisfies Shown[]) {
    test(`where repositories are ${shown}`, async (context) => {
      const record = recording()
      await using world = await openWorld(shown, record)
      const rows = rowsFor(shown)
      await context.test('decides by the rules', async (inner) => {
        const walked = await walk(world, rows)
        inner.diagnostic(`${rows.length} rows, ${kinds.length} principals, ${walked.requests} requests`)
        requireNone(walked)
      })
      await context.test('answers of what may not be read as of what never was', async (inner) => {
        const compared = await compareWithNothing(world, comparedRowsFor(shown), record)
        inner.diagnostic(`${compared.requests} requests`)
        requireNone(compared)
      })
    })
  }
})

describe('a repository shows no more than its organization', () => {
  /** Who reads what, by what both are. */
  const readers: Record<string, (place: Place) => boolean> = {
    nobody: ({ shown }) => shown.every((visibility) => visibility === 'public'),
    robot: ({ shown }) => shown.every((visibility) => visibility === 'public'),
    outsider: ({ shown }) => !shown.includes('private'),
    'private-organization': ({ shown, organization }) =>
      organization === 'private-organization' || !shown.includes('private'),
  }

  test('to whom it is asked for, found in a search or listed', async () => {
    await using world = await openPlaces()
    const { t, places, tokens } = world
    for (const [name, reads] of Object.entries(readers)) {
      const as = tokens[name]
      const told = async (path: string) => (await t.request('GET', path, { as })).text()
      const listed = [
        await told('/-/v1/search?text=wombat&size=250'),
        await told('/api/v1/packages?text=wombat'),
        await told('/api/v1/packages'),
      ]
      for (const place of places) {
        const path = `/npm/${place.organization}/${place.repository}/${place.package}`
        for (const method of ['GET', 'HEAD']) {
          const { status } = await t.request(method, path, { as })
          assert.equal(status === 200, reads(place), `${name}: ${method} ${path} is ${status}`)
        }
        for (const list of listed) assert.equal(list.includes(place.package), reads(place), `${name}: ${place.package}`)
      }
    }
  })
})

/** Every item of a list, in pages; a cursor that names a wombat is a failure. */
async function listed(t: TestApp, path: string, as?: string): Promise<string[]> {
  const names: string[] = []
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const more: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const answer = await t.request('GET', path + more, { as })
    const told = JSON.parse(await answer.text()) as { items: { name: string }[]; next?: string }
    names.push(...told.items.map(({ name }) => name))
    cursor = told.next
    for (const part of cursor?.split(' ') ?? []) {
      assert.doesNotMatch(Buffer.from(part, 'base64url').toString(), /wombat/, path)
    }
  }
  return names
}

test('a cursor stands at no package that a token does not reach', async () => {
  await using t = await openTestApp()
  const owner = await t.aUser('owner')
  const { id: organizationId } = await t.access.organizations.create({ name: 'acme', ownerId: owner.id })
  const place = { organizationId, protocol: 'npm', name: 'npm', createdBy: owner.id }
  const { id } = await t.access.repositories.create(place)
  const { text: as } = await t.aToken(owner)
  for (const name of ['lib-a', 'wombat-a', 'wombat-b', 'zoo-a']) {
    const { body } = aPublishBody(name, '1.0.0')
    assert.equal((await t.request('PUT', `/npm/acme/npm/${name}`, { as, body })).status, 201)
  }
  const { text } = await t.aToken(owner, { packages: ['lib-*', 'zoo-*'] })
  for (const limit of [1, 2, 3]) {
    assert.deepEqual(await listed(t, `/api/v1/packages?repository=${id}&limit=${limit}`, text), ['lib-a', 'zoo-a'])
  }
})

test('a cursor stands at no repository that may not be read', async () => {
  await using t = await openTestApp()
  const places = [
    ['a-open', 'public', ['one', 'two']],
    ['b-closed', 'private', ['wombat']],
    ['c-open', 'public', ['three', 'four']],
  ] as const
  for (const [organization, visibility, names] of places) {
    const { id: organizationId } = await t.access.organizations.create({ name: organization, visibility })
    for (const name of names) {
      await t.access.repositories.create({
        organizationId,
        protocol: 'npm',
        name,
        visibility: 'public',
        createdBy: 'usr_nobody',
      })
    }
  }
  for (const limit of [1, 2, 3, 4]) {
    const found = await listed(t, `/api/v1/repositories?limit=${limit}`)
    assert.deepEqual(found.toSorted(), ['four', 'one', 'three', 'two'])
  }
})
