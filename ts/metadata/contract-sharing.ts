import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type Case, outcomes, walk } from './contract-store.ts'
import { type StoreAddress, things as thingsSpec } from './contract-things.ts'

const childProgram = fileURLToPath(new URL('./contract-child.ts', import.meta.url))

/** Another process that inserts things; `lines` are the names of those that were answered. */
function startChild(address: StoreAddress, prefix: string, count: number) {
  const args = [childProgram, JSON.stringify(address), prefix, String(count)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  return { child, ended, lines: createInterface(child.stdout) }
}

/** Several engines, processes and batches on one store. */
export const sharingCases: Record<string, Case> = {
  'after kill -9 in the middle of writes every answered write is there, whole': async ({ address, second }) => {
    const { child, ended, lines } = startChild(address, 'n', 1_000_000)
    const answered: string[] = []
    for await (const name of lines) {
      answered.push(name)
      if (answered.length === 200) child.kill('SIGKILL')
    }
    await ended
    const reopened = await second()
    const collection = reopened.collection(thingsSpec)
    const found = await walk(collection, 'name', { limit: 1000 })
    const names = new Set(found.map(({ value }) => value.name))
    assert.deepEqual(
      answered.filter((name) => !names.has(name)),
      [],
    )
    assert.equal(await collection.count('group', { equals: { group: 'child' } }), found.length)
    for (const { id, value } of found.slice(-20)) assert.deepEqual((await collection.get(id))?.value, value)
    await reopened.close()
  },

  'a second process writes and reads the same store meanwhile': async ({ address, things }) => {
    const { ended, lines } = startChild(address, 'n', 150)
    const own = outcomes(Array.from({ length: 150 }, (_, at) => things.insert(`own${at}`, { name: `n${at}` })))
    const won: string[] = []
    for await (const line of lines) {
      if (line.startsWith('taken ')) continue
      won.push(line)
      const { items } = await things.find('name', { equals: { name: line } })
      assert.equal(items[0]?.value.group, 'child', 'an answered write of another process is seen at once')
    }
    assert.deepEqual(await ended, [0, null])
    const { fulfilled } = await own
    assert.equal(won.length + fulfilled, 150)
    assert.equal(await things.count('name', {}), 150)
  },

  'an answered write is seen by the next read of another engine': async ({ things, second }) => {
    const other = await second()
    const others = other.collection(thingsSpec)
    for (let at = 0; at < 20; at++) {
      await things.insert(`a${at}`, { name: `n${at}` })
      assert.equal((await others.get(`a${at}`))?.value.name, `n${at}`)
      await others.update(`a${at}`, 1, { name: `m${at}` })
      assert.equal((await things.get(`a${at}`))?.value.name, `m${at}`)
    }
    await other.close()
  },

  'increments of two engines are all counted': async ({ things, second }) => {
    const other = await second()
    const others = other.collection(thingsSpec)
    const both = [things, others].flatMap((each) =>
      Array.from({ length: 25 }, () => each.increment('a', 'hits', 1, {})),
    )
    assert.equal(new Set(await Promise.all(both)).size, 50)
    assert.equal((await things.get('a'))?.value.hits, 50)
    await other.close()
  },

  'of a batch each write has an outcome of its own, and those of one document keep their order': async ({
    engine,
    things,
  }) => {
    await things.insert('taken', { name: 'n' })
    await things.insert('again', { rank: 8 })
    const results = await engine.batch([
      { kind: 'insert', in: thingsSpec, id: 'a', value: { rank: 1 } },
      { kind: 'insert', in: thingsSpec, id: 'taken', value: {} },
      { kind: 'insert', in: thingsSpec, id: 'b', value: { name: 'n' } },
      { kind: 'update', in: thingsSpec, id: 'a', revision: 1, value: { rank: 2 } },
      { kind: 'update', in: thingsSpec, id: 'a', revision: 1, value: { rank: 3 } },
      { kind: 'increment', in: thingsSpec, id: 'a', counter: 'hits', by: 2, initial: {} },
      { kind: 'insert', in: thingsSpec, id: 'c', value: { name: 'half \ud800' } },
      { kind: 'delete', in: thingsSpec, id: 'again' },
      { kind: 'insert', in: thingsSpec, id: 'again', value: { rank: 9 } },
    ])
    const codes = results.map((each) => (each.status === 'fulfilled' ? 'done' : each.reason.code))
    const exists = 'document_exists'
    const expected = ['done', exists, exists, 'done', 'revision_stale', 'done', 'payload_invalid', 'done', 'done']
    assert.deepEqual(codes, expected)
    assert.deepEqual((await things.get('a'))?.value, { rank: 2, hits: 2 })
    assert.deepEqual((await things.get('again'))?.value, { rank: 9 })
  },

  'ping tells latency and version; a closed engine refuses everything with unavailable': async ({ second }) => {
    const other = await second()
    const { latencyMs, version } = await other.ping()
    assert.ok(latencyMs >= 0 && /^(SQLite|MongoDB) \d/.test(version), version)
    const collection = other.collection(thingsSpec)
    await other.close()
    await other.close()
    const refused = { code: 'unavailable' }
    await assert.rejects(collection.get('a'), refused)
    await assert.rejects(collection.insert('a', {}), refused)
    await assert.rejects(other.ping(), refused)
  },

  'the commit mark stays while nothing is written and moves with any commit, where there is one': async (store) => {
    const turn = () => new Promise((resolve) => setImmediate(resolve))
    const mark = () => turn().then(() => store.engine.commitMark())
    await store.things.insert('a', {})
    const before = await mark()
    await store.things.get('a')
    assert.equal(await mark(), before)
    if (before === undefined) return
    await store.things.insert('b', {})
    const after = await mark()
    assert.notEqual(after, before)
    const other = await store.second()
    await other.collection(thingsSpec).insert('c', {})
    assert.notEqual(await mark(), after)
    await other.close()
  },
}
