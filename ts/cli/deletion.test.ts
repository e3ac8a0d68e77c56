import assert from 'node:assert/strict'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { deletionsIn } from '../access/deletions.ts'
import { advanceDeletions } from '../jobs/deletions.ts'
import { repositorySweep } from '../registry/sweep-repository.ts'
import { openCommandLine, type TestCommandLine } from '../testing/command-line.ts'
import { confirmName } from './deletion.ts'
import { openMetadata } from './open-stores.ts'

let stowage: TestCommandLine

before(async () => {
  stowage = openCommandLine()
  await stowage.ok('org', 'create', 'acme')
  await stowage.ok('org', 'create', 'globex')
  await stowage.ok('repo', 'create', 'npm/acme/tools')
})
after(() => stowage[Symbol.dispose]())

/** What a server's job does in half a minute. */
async function sweep() {
  const engine = await openMetadata({ kind: 'sqlite', path: join(stowage.env['DATA_DIR'] ?? '', 'stowage.db') })
  const deps = { deletions: deletionsIn(engine, 'main'), sweep: repositorySweep(engine) }
  for (let i = 0; i < 3; i++) await advanceDeletions(deps, Date.now() + 1000, { sweepAfterMs: 0, buryAfterMs: 0 })
  await engine.close()
}

test('a deletion where nobody can be asked needs --yes', async () => {
  const { code, notes } = await stowage.run(['org', 'delete', 'acme'])
  assert.deepEqual([code, /--yes/.test(notes)], [2, true])
  assert.match(await stowage.ok('org', 'list'), /acme/)
})

test('a deletion on a terminal wants the name', async () => {
  const answering = (answer: string) => ({
    env: {},
    stdin: Readable.from([Buffer.from(`${answer}\n`)]),
    isInteractive: true,
    print() {},
    note() {},
  })
  await confirmName(answering('acme'), 'acme', {})
  await assert.rejects(confirmName(answering('acne'), 'acme', {}), /Nothing was deleted/)
})

test('a deleted repository is unknown, keeps its name, and a freed name is used again', async () => {
  const freeing = ['repo', 'free-name', 'npm/acme/tools']
  assert.equal((await stowage.run(freeing)).code, 1)
  await stowage.ok('repo', 'delete', 'npm/acme/tools', '--yes', '--no-wait')
  assert.doesNotMatch(await stowage.ok('repo', 'list', 'acme'), /tools/)
  assert.match((await stowage.run(freeing)).notes, /under way/)
  const early = (await stowage.run(['repo', 'create', 'npm/acme/tools'])).notes
  assert.match(early, /npm repository "tools" is still being deleted/)
  assert.match(await stowage.ok('repo', 'deleted'), /^npm\/acme\/tools +being deleted +20/m)
  await sweep()
  assert.match((await stowage.run(['repo', 'create', 'npm/acme/tools'])).notes, /was deleted/)
  assert.match(await stowage.ok('repo', 'deleted'), /^npm\/acme\/tools +deleted +20/m)
  await stowage.ok(...freeing)
  await stowage.ok('repo', 'create', 'npm/acme/tools')
})

test('a deleted organization is unknown, keeps its name, and a freed name is used again', async () => {
  await stowage.ok('org', 'delete', 'globex', '--yes', '--no-wait')
  assert.doesNotMatch(await stowage.ok('org', 'list'), /globex/)
  assert.equal((await stowage.run(['repo', 'create', 'npm/globex/tools'])).code, 1)
  assert.match((await stowage.run(['org', 'create', 'globex'])).notes, /"globex" is still being deleted/)
  assert.match(await stowage.ok('org', 'deleted'), /^globex +being deleted +20/m)
  await sweep()
  assert.match((await stowage.run(['org', 'create', 'globex'])).notes, /was deleted/)
  assert.match(await stowage.ok('org', 'deleted'), /^globex +deleted +20/m)
  await stowage.ok('org', 'free-name', 'globex')
  await stowage.ok('org', 'create', 'globex')
})

test('the default organization is not deleted', async () => {
  await stowage.ok('org', 'create', 'main')
  assert.match((await stowage.run(['org', 'delete', 'main', '--yes'])).notes, /DEFAULT_ORGANIZATION/)
})
