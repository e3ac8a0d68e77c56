import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { openTestPackages, type TestPackages } from '../testing/packages.ts'
import type { Told } from './testing.ts'

const namesIn = ({ body }: Told): string[] => body.items.map(({ name }: { name: string }) => name)

async function find(s: TestPackages, query: string, as: string | undefined = s.owner.token): Promise<Told> {
  const answer = await s.t.ask(`GET /packages${query}`, { as })
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer
}

/** The names on each page. */
async function pages(s: TestPackages, query: string, between: (page: number) => Promise<unknown> = async () => {}) {
  const all: string[][] = []
  for (let cursor = ''; ; ) {
    const answer = await find(s, `${query}${cursor}`)
    all.push(namesIn(answer))
    if (answer.body.next === undefined) return all
    await between(all.length)
    cursor = `&cursor=${encodeURIComponent(answer.body.next)}`
  }
}

/** A public repository of another organization, and an internal and a private one of a third. */
async function withPlaces(s: TestPackages) {
  const open = await s.access.organizations.create({ name: 'open', ownerId: s.owner.id })
  const made = { organizationId: open.id, protocol: 'npm', createdBy: s.owner.id }
  for (const visibility of ['public', 'internal', 'private'] as const) {
    await s.access.repositories.create({ ...made, name: visibility, visibility })
    await s.publish(`${visibility}-lib`, '1.0.0', { to: `/npm/open/${visibility}` })
  }
  await s.publish('tools-lib', '1.0.0')
  return open
}

describe('what is found', () => {
  test('is what one may read, by search, listing and look-up alike', async () => {
    await using s = await openTestPackages()
    await withPlaces(s)
    const all = ['internal-lib', 'private-lib', 'public-lib', 'tools-lib']
    const rows: [string | undefined, string[]][] = [
      [undefined, ['public-lib']],
      [s.stranger.token, ['internal-lib', 'public-lib']],
      [s.reader.token, ['internal-lib', 'public-lib', 'tools-lib']],
      [s.owner.token, all],
      [s.root.token, all],
      [(await s.t.aToken(s.root, { actions: ['write'] })).text, []],
      [(await s.t.aToken(s.root, { packages: ['tools-*'] })).text, ['tools-lib']],
      [(await s.t.aToken(s.owner, { repositories: [s.tools.id] })).text, ['tools-lib']],
    ]
    for (const [as, expected] of rows) {
      assert.deepEqual(namesIn(await s.t.ask('GET /packages', { as })).sort(), expected)
      assert.deepEqual(namesIn(await s.t.ask('GET /packages?text=lib', { as })).sort(), expected)
      assert.deepEqual(namesIn(await s.t.ask('GET /packages?sort=name', { as })), expected)
      const inOpen = expected.filter((name) => name !== 'tools-lib')
      assert.deepEqual(namesIn(await s.t.ask('GET /packages?organization=open', { as })).sort(), inOpen)
    }
  })

  test('is nothing for nobody when anonymous access gives nothing, and the answer says to sign in', async () => {
    await using s = await openTestPackages()
    await s.access.platformSettings.change({ anonymousAccess: false })
    assert.equal((await s.t.ask('GET /packages')).status, 401)
  })

  test('of an organization or repository that may not be read is what there is of one that does not exist', async () => {
    await using s = await openTestPackages()
    await s.publish('lib', '1.0.0')
    const told = async (query: string, as?: string) => {
      const { status, headers, body } = await s.t.ask(`GET /packages${query}`, { as })
      const { requestId: _, ...rest } = body
      return [status, [...headers].filter(([name]) => name !== 'x-request-id'), rest]
    }
    const alike: [string, string][] = [
      ['?organization=acme', '?organization=none'],
      [`?organization=${s.acme.id}`, '?organization=org_none'],
      ['?organization=acme&text=lib', '?organization=none&text=lib'],
      [`?repository=${s.tools.id}`, '?repository=repo_none'],
      [`?repository=${s.tools.id}&name=lib`, '?repository=repo_none&name=lib'],
    ]
    for (const as of [undefined, s.stranger.token]) {
      for (const [there, none] of alike) assert.deepEqual(await told(there, as), await told(none, as), there)
      const named = (organization: string) => `?organization=${organization}&protocol=npm&repository=tools&name=lib`
      const [there, none] = [
        JSON.stringify(await told(named('acme'), as)),
        JSON.stringify(await told(named('none'), as)),
      ]
      assert.equal(there, none.replaceAll('none/', 'acme/'))
    }
  })

  test('by its name is one package or none', async () => {
    await using s = await openTestPackages()
    await s.publish('@acme/lib', '1.0.0')
    await s.publish('lib', '1.0.0', { to: '/npm/acme/npm' })
    const rows: [string, string[]][] = [
      [`?repository=${s.tools.id}&name=%40acme%2Flib`, ['@acme/lib']],
      ['?organization=acme&protocol=npm&repository=tools&name=@acme/lib', ['@acme/lib']],
      [`?organization=${s.acme.id}&protocol=npm&repository=tools&name=@acme/lib`, ['@acme/lib']],
      ['?organization=acme&protocol=npm&name=lib', ['lib']],
      ['?organization=acme&protocol=npm&repository=tools&name=lib', []],
      ['?organization=acme&protocol=npm&name=__proto__', []],
      ['?organization=acme&protocol=npm&name=%00', []],
    ]
    for (const [query, expected] of rows) assert.deepEqual(namesIn(await find(s, query)), expected, query)
  })

  test('has what is true of it, escaped as JSON does', async () => {
    await using s = await openTestPackages()
    const manifest = { description: '</script>"\\\u2028 Größe', keywords: ['größe'] }
    await s.publish('lib', '1.0.0', { manifest })
    for (const text of [
      'gr%C3%B6%C3%9Fe',
      'GR%C3%96SSE%20lib',
      'lib+gr%C3%B6',
      '%22%5C%3C',
      '%00',
      '%ff',
      '*',
      '..%2f',
    ]) {
      const { body } = await find(s, `?text=${text}`)
      assert.equal(body.items.length, text.includes('gr') ? 1 : 0, text)
    }
    const [item] = (await find(s, '?text=lib')).body.items
    assert.deepEqual([item.description, item.keywords], [manifest.description, manifest.keywords])
  })

  test('shows a deprecation and the status', async () => {
    await using s = await openTestPackages()
    const path = await s.aPackage('lib', ['1.0.0'])
    await s.t.ask(`PUT ${path}/status`, { as: s.owner.token, body: { status: 'deprecated', reason: 'use other' } })
    const [item] = (await find(s, '')).body.items
    assert.deepEqual([item.status, item.deprecated], ['deprecated', 'use other'])
  })
})

describe('lists', () => {
  const all = ['a', 'b', 'c', 'd', 'e']
  async function withFive() {
    const s = await openTestPackages()
    for (const name of ['c', 'a', 'e', 'b', 'd']) await s.publish(name, '1.0.0')
    return s
  }

  test('are the newest first, or by name within a repository, in pages', async () => {
    await using s = await withFive()
    for (const query of ['?limit=2', '?limit=2&organization=acme', '?limit=2&sort=created', '?limit=2&protocol=npm']) {
      assert.deepEqual(await pages(s, query), [['d', 'b'], ['e', 'a'], ['c']], query)
    }
    for (const query of [
      `?limit=2&repository=${s.tools.id}`,
      '?limit=2&sort=name',
      '?limit=2&organization=acme&sort=name',
    ]) {
      assert.deepEqual(await pages(s, query), [['a', 'b'], ['c', 'd'], ['e']], query)
    }
    assert.deepEqual(await pages(s, `?limit=5&repository=${s.tools.id}`), [all])
    assert.deepEqual(await pages(s, '?limit=5'), [['d', 'b', 'e', 'a', 'c']])
  })

  test('have each package once while others are published and changed', async () => {
    await using s = await withFive()
    let made = 0
    const publish = async () => {
      await s.publish(`${'abcdef'[made]}-new`, '1.0.0')
      await s.publish('c', `1.${++made}.0`)
    }
    for (const query of [
      '?limit=1',
      `?limit=1&repository=${s.tools.id}`,
      '?limit=1&sort=name',
      '?limit=1&text=c&sort=name',
    ]) {
      const found = (await pages(s, query, (page) => (page < 3 ? publish() : Promise.resolve()))).flat()
      assert.equal(new Set(found).size, found.length, query)
      for (const name of query.includes('text') ? ['c'] : all) assert.ok(found.includes(name), `${query}: ${name}`)
    }
  })

  test('are sorted by downloads and by the last change', async () => {
    await using s = await withFive()
    for (const [name, count] of [
      ['b', 3],
      ['e', 2],
    ] as const) {
      const id = await s.idOf(name)
      for (let i = 0; i < count; i++) s.t.registry.downloads.count(id, '1.0.0')
    }
    await s.t.registry.downloads.flush()
    assert.deepEqual(await pages(s, '?limit=2&sort=downloads'), [['b', 'e'], ['a', 'c'], ['d']])
    assert.deepEqual((await find(s, '?sort=downloads')).body.items[0].downloads, 3)
    await setTimeout(2)
    await s.publish('a', '2.0.0')
    assert.deepEqual((await pages(s, `?limit=3&sort=updated&repository=${s.tools.id}`)).flat()[0], 'a')
  })

  test('of a text come by relevance, in pages', async () => {
    await using s = await openTestPackages()
    for (const name of ['my-http', 'http-server', 'http', 'other']) await s.publish(name, '1.0.0')
    for (const limit of [1, 2, 3]) {
      assert.deepEqual((await pages(s, `?text=http&limit=${limit}`)).flat(), ['http', 'http-server', 'my-http'])
    }
    assert.deepEqual(namesIn(await find(s, '?text=http&sort=name')), ['http', 'http-server', 'my-http'])
  })

  test('that cannot be are refused, with the field', async () => {
    await using s = await openTestPackages()
    await s.publish('lib', '1.0.0')
    const rows: [string, string, number?][] = [
      ['?sort=relevance', 'sort'],
      ['?sort=created&text=x', 'sort'],
      ['?sort=rating', 'sort'],
      ['?protocol=nothing', 'protocol'],
      ['?repository=tools', 'repository'],
      [`?repository=${s.tools.id}&organization=acme`, 'repository'],
      ['?name=lib', 'name'],
      ['?name=lib&text=x&organization=acme&protocol=npm', 'text'],
      ['?limit=0', 'limit'],
      ['?user=x', 'user'],
      [`?text=${'x'.repeat(513)}`, 'text'],
      ['?sort=name&cursor=WzFd', 'cursor'],
      ['?text=lib&cursor=pkg_1', 'cursor'],
    ]
    for (const [query, field, status = 400] of rows) {
      const { status: given, body } = await s.t.ask(`GET /packages${query}`, { as: s.owner.token })
      assert.deepEqual([given, body.errors?.[0].field], [status, field], query)
    }
    for (const query of ['?cursor=x', `?repository=${s.tools.id}&cursor=x`]) {
      assert.equal((await s.t.ask(`GET /packages${query}`, { as: s.owner.token })).status, 400, query)
    }
  })
})
