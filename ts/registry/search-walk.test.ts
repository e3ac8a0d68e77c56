import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { MetadataEngine } from '../metadata/engine.ts'
import type { PostingDocument } from '../metadata/package-schema.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import * as schema from '../metadata/schema.ts'
import { openTestEngine } from '../testing/stores.ts'
import { findCandidates } from './search-candidates.ts'
import { type SearchScope, type Terms, walkPostings } from './search-walk.ts'
import { openRegistryStore } from './store.ts'

const nothing = { description: '', keywords: [], authors: [] }
const everything: SearchScope = { kind: 'all' }

/** Postings alone, and how often they were asked for. */
async function openPostings(...postings: readonly Partial<PostingDocument>[][]) {
  const opened = await openTestEngine(schema.collections)
  const { store: engine } = opened
  await insertAll(engine, postings.flat())
  return { store: openRegistryStore(engine, () => nothing), [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() }
}

async function insertAll(engine: MetadataEngine, postings: readonly Partial<PostingDocument>[]) {
  const outcomes = await engine.batch(
    postings.map((posting, i) => {
      const value = {
        audience: 'public',
        repositoryId: 'repo_1',
        term: 'http',
        rank: 2,
        packageId: 'pkg_1',
        ...posting,
      }
      return { kind: 'insert', in: packageSchema.postings, id: `posting-${i}`, value }
    }),
  )
  assert.ok(outcomes.every(({ status }) => status === 'fulfilled'))
}

const packageId = (number: number) => `pkg_${String(number).padStart(6, '0')}`

/** One posting of each of these packages. */
function many(count: number, with_: Partial<PostingDocument>, first = 0): Partial<PostingDocument>[] {
  return Array.from({ length: count }, (_, i) => ({ ...with_, packageId: packageId(first + i) }))
}

async function walked(t: Awaited<ReturnType<typeof openPostings>>, scope: SearchScope, terms: Terms) {
  const walk = walkPostings(t.store, scope, terms)
  const postings: PostingDocument[] = []
  for (;;) {
    const next = await walk.next()
    if (next.done) return { postings, ids: postings.map((posting) => posting.packageId), ...next.value }
    postings.push(next.value)
  }
}

describe('a walk of postings', () => {
  const audiences = (...names: string[]): SearchScope => ({ kind: 'audiences', audiences: names })

  test('the term itself comes before longer ones and the best rank first, whatever the audience', async () => {
    await using t = await openPostings([
      { audience: 'public', term: 'http-server', rank: 0, packageId: 'c' },
      { audience: 'public', term: 'http', rank: 2, packageId: 'b' },
      { audience: 'org_1', term: 'http', rank: 0, packageId: 'a' },
      { audience: 'org_1', term: 'http', rank: 4, packageId: 'd' },
      { audience: 'org_2', term: 'http', rank: 0, packageId: 'not mine' },
    ])
    const { ids, complete } = await walked(t, audiences('public', 'org_1'), { beginsWith: 'http' })
    assert.deepEqual([ids, complete], [['a', 'b', 'd', 'c'], true])
  })

  test('a term alone finds none that begin with it', async () => {
    await using t = await openPostings([
      { term: 'cli', packageId: 'a' },
      { term: 'client', packageId: 'b' },
    ])
    assert.deepEqual((await walked(t, everything, { is: 'cli' })).ids, ['a'])
  })

  test('a repository is an audience as well, by whichever id', async () => {
    await using t = await openPostings([
      { audience: 'org_1', repositoryId: 'repo_1', packageId: 'a' },
      { audience: 'org_1', repositoryId: 'repo_2', packageId: 'b' },
    ])
    assert.deepEqual((await walked(t, audiences('public', 'repo_2'), { is: 'http' })).ids, ['b'])
    assert.deepEqual((await walked(t, { kind: 'repository', repositoryId: 'repo_1' }, { is: 'http' })).ids, ['a'])
  })

  test('pages follow each other without a gap', async () => {
    await using t = await openPostings(many(350, {}), many(250, { audience: 'internal' }, 350))
    const { ids, complete } = await walked(t, audiences('public', 'internal'), { is: 'http' })
    assert.deepEqual([ids, complete], [Array.from({ length: 600 }, (_, i) => packageId(i)), true])
  })

  test('an audience without postings ends nothing', async () => {
    await using t = await openPostings([{ audience: 'org_2', packageId: 'a' }])
    assert.deepEqual((await walked(t, audiences('org_1', 'org_2'), { is: 'http' })).ids, ['a'])
  })

  const hundred = Array.from({ length: 100 }, (_, i) => `org_${i}`)

  test("who has a hundred audiences finds a rare term in all of them, and nobody else's", async () => {
    await using t = await openPostings([
      { audience: 'org_99', packageId: 'a' },
      { audience: 'org_100', packageId: 'b' },
      { audience: 'public', packageId: 'c' },
      { audience: 'org_100', repositoryId: 'repo_7', packageId: 'd' },
    ])
    const { ids, complete } = await walked(t, audiences('public', ...hundred, 'repo_7'), { is: 'http' })
    assert.deepEqual([ids, complete], [['a', 'c', 'd'], true])
  })

  test('and a frequent one, which strangers have by the thousand', async () => {
    await using t = await openPostings(many(1500, { audience: 'org_elsewhere' }), [
      { audience: 'org_99', packageId: 'z' },
    ])
    const { ids, complete } = await walked(t, audiences(...hundred), { is: 'http' })
    assert.deepEqual([ids, complete], [['z'], true])
  })
})

describe('candidates', () => {
  const beginning = (...words: string[]) => words.map((word) => ({ beginsWith: word }))

  test('the rarest of several words decides, however many packages have the others', async () => {
    await using t = await openPostings(many(1500, { term: 'http' }), [{ term: 'rare', packageId: packageId(1499) }])
    const found = await findCandidates(t.store, everything, beginning('http', 'rare'), 400)
    assert.deepEqual(found, { packageIds: [packageId(1499)], complete: true })
  })

  test('what a term alone must be counts among the words', async () => {
    await using t = await openPostings(many(1500, { term: 'http' }), [{ term: 'cli', packageId: packageId(3) }])
    const found = await findCandidates(t.store, everything, [...beginning('http'), { is: 'cli' }], 400)
    assert.deepEqual(found, { packageIds: [packageId(3)], complete: true })
  })

  test('a word that nothing has leaves none', async () => {
    await using t = await openPostings(many(1500, { term: 'http' }))
    const found = await findCandidates(t.store, everything, beginning('http', 'nothing'), 400)
    assert.deepEqual(found, { packageIds: [], complete: true })
  })

  test('too many are cut and said to be incomplete', async () => {
    await using t = await openPostings(many(401, {}))
    const found = await findCandidates(t.store, everything, beginning('http'), 400)
    assert.deepEqual([found.packageIds.length, found.complete], [400, false])
  })

  test('as many as are looked at are complete', async () => {
    await using t = await openPostings(many(400, {}))
    const found = await findCandidates(t.store, everything, beginning('http'), 400)
    assert.deepEqual([found.packageIds.length, found.complete], [400, true])
  })

  test('of words that are all frequent, packages met by several walks come first', async () => {
    await using t = await openPostings(many(1000, { term: 'http' }), many(1000, { term: 'client' }, 990), [
      { term: 'client', rank: 0, packageId: packageId(7) },
    ])
    const found = await findCandidates(t.store, everything, beginning('http', 'client'), 400)
    assert.deepEqual([found.packageIds[0], found.complete], [packageId(7), false])
  })

  test('one package with many longer terms is one candidate', async () => {
    await using t = await openPostings([
      { term: 'http', packageId: 'a' },
      { term: 'https', packageId: 'a' },
    ])
    assert.deepEqual(await findCandidates(t.store, everything, beginning('http'), 400), {
      packageIds: ['a'],
      complete: true,
    })
  })
})
