import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as accessSchema from '../metadata/access-schema.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import { aPublish, aRepository, openTestRegistry, type TestRegistry } from '../testing/registry.ts'
import type { SearchQuery } from './search.ts'
import { queryTerms, rankOf, termsOf, wordsOf } from './search-terms.ts'

const everything: Omit<SearchQuery, 'text'> = {
  scope: { kind: 'all' },
  protocol: 'npm',
  mayRead: async () => true,
  from: 0,
  size: 20,
}

async function publishAll(t: TestRegistry, ...names: string[]) {
  for (const name of names) await t.registry.publish(await aPublish(t, name, '1.0.0'))
}

async function names(t: TestRegistry, query: Partial<SearchQuery> & { text: string }): Promise<string[]> {
  const result = await t.registry.search({ ...everything, ...query })
  return result.hits.map((hit) => hit.package.value.name)
}

describe('search', () => {
  test('the exact name comes first, then names that begin with the text, then words', async () => {
    await using t = await openTestRegistry()
    await publishAll(t, 'my-http', 'http-server', 'http')
    assert.deepEqual(await names(t, { text: 'http' }), ['http', 'http-server', 'my-http'])
  })

  test('of equal rank, what is downloaded more comes first', async () => {
    await using t = await openTestRegistry()
    await publishAll(t, 'http-a', 'http-b')
    const popular = await t.registry.packages.find(t.repository.id, 'http-b')
    assert.ok(popular)
    for (let i = 0; i < 3; i++) t.registry.downloads.count(popular.id, '1.0.0')
    await t.registry.downloads.flush()
    assert.deepEqual(await names(t, { text: 'http' }), ['http-b', 'http-a'])
  })

  test('every word of the text must match', async () => {
    await using t = await openTestRegistry()
    await publishAll(t, 'http-server', 'http-client')
    assert.deepEqual(await names(t, { text: 'http client' }), ['http-client'])
    assert.deepEqual(await names(t, { text: 'http tool' }), ['http-client', 'http-server'])
  })

  test('names that are also keys of objects are found like others', async () => {
    await using t = await openTestRegistry()
    await publishAll(t, 'constructor', 'hasownproperty')
    assert.deepEqual(await names(t, { text: 'constructor' }), ['constructor'])
  })

  test('each hit asks the gate', async () => {
    await using t = await openTestRegistry()
    await publishAll(t, 'secret-lib', 'open-lib')
    const mayRead: SearchQuery['mayRead'] = async (_repository, pkg) => pkg.name !== 'secret-lib'
    const result = await t.registry.search({ ...everything, text: 'lib', mayRead })
    assert.deepEqual([result.total, result.hits[0]?.package.value.name], [1, 'open-lib'])
  })

  test('an audience finds what its visibility opens, and follows a change of it', async () => {
    await using t = await openTestRegistry()
    await publishAll(t, 'lib')
    const scope = { kind: 'audiences', audiences: ['public'] } as const
    assert.deepEqual(await names(t, { text: 'lib', scope }), [])
    const organization = { kind: 'audiences', audiences: [t.repository.value.organizationId] } as const
    assert.deepEqual(await names(t, { text: 'lib', scope: organization }), ['lib'])
    await t.engine
      .collection(accessSchema.repositories)
      .update(t.repository.id, t.repository.revision, { ...t.repository.value, visibility: 'public', repostSince: 1 })
    await t.registry.postings.followVisibility()
    assert.equal(await t.engine.collection(accessSchema.repositories).count('byRepost', {}), 0)
    assert.deepEqual(await names(t, { text: 'lib', scope }), ['lib'])
    assert.deepEqual(await names(t, { text: 'lib', scope: organization }), [])
  })

  test('a public repository of an internal organization is found by the signed-in alone', async () => {
    await using t = await openTestRegistry()
    const repository = await aRepository(t.engine, { visibility: 'public', organization: { visibility: 'internal' } })
    await t.registry.publish(await aPublish({ ...t, repository }, 'lib', '1.0.0'))
    assert.deepEqual(await names(t, { text: 'lib', scope: { kind: 'audiences', audiences: ['public'] } }), [])
    assert.deepEqual(await names(t, { text: 'lib', scope: { kind: 'audiences', audiences: ['internal'] } }), ['lib'])
  })

  test('one repository finds its own packages alone, all of them for an empty text, in pages', async () => {
    await using t = await openTestRegistry()
    const other = await aRepository(t.engine)
    await t.registry.publish(await aPublish({ ...t, repository: other }, 'elsewhere', '1.0.0'))
    await publishAll(t, 'a', 'b', 'c')
    const scope = { kind: 'repository', repositoryId: t.repository.id } as const
    assert.deepEqual(await names(t, { text: '', scope, size: 2 }), ['a', 'b'])
    assert.deepEqual(await names(t, { text: '', scope, from: 2 }), ['c'])
  })

  test('a deleted package is not found', async () => {
    await using t = await openTestRegistry()
    await publishAll(t, 'lib')
    const pkg = await t.registry.packages.find(t.repository.id, 'lib')
    const unit = pkg && (await t.registry.packages.unit(pkg, '1.0.0'))
    assert.ok(pkg && unit)
    await t.registry.delete(pkg, [unit], { actor: 'usr_test', requestId: 'req' })
    assert.deepEqual(await names(t, { text: 'lib' }), [])
    assert.equal(await t.engine.collection(packageSchema.postings).count('byPackage', {}), 0)
  })
})

describe('search terms', () => {
  const facts = { version: '1.0.0', description: 'Routes HTTP requests', keywords: ['Web'], authors: ['ann'] }

  test('a name ranks by itself, by its beginning, its words, keywords and description, in that order', () => {
    const pkg = { name: '@acme/left-pad', facts }
    const cases = {
      '@acme/left-pad': 0,
      'left-pad': 0,
      lef: 1,
      '@ac': 1,
      pa: 2,
      acme: 2,
      web: 3,
      an: 3,
      routes: 4,
      req: 4,
    }
    for (const [word, rank] of Object.entries(cases)) assert.equal(rankOf(pkg, word), rank, word)
    assert.equal(rankOf(pkg, 'eft'), undefined)
  })

  test('there are at most 64, whatever the publisher wrote', () => {
    const keywords = Array.from({ length: 500 }, (_, i) => `keyword-${i}`)
    const terms = termsOf({ name: 'x'.repeat(214), facts: { ...facts, keywords } })
    assert.ok(terms.size <= 64)
    assert.ok(terms.has('x'.repeat(214)))
  })

  test('words are split at what is no letter or digit, in any script', () => {
    assert.deepEqual(wordsOf('Größe-ändern: Ｗide 包管理'), ['größe', 'ändern', 'wide', '包管理'])
    assert.deepEqual(queryTerms('  Left-Pad  left-pad '), ['left-pad'])
  })
})
