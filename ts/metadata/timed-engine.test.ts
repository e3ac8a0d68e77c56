import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestEngine } from '../testing/stores.ts'
import { defineCollection } from './engine.ts'
import { timedEngine } from './timed-engine.ts'

const things = defineCollection<{ name: string }>()({ name: 'things', indexes: { byName: { fields: ['name'] } } })

test('calls do what they did and are told with their seconds, failures too', async () => {
  await using opened = await openTestEngine([things])
  const told: string[] = []
  const engine = timedEngine(opened.store, (operation, seconds) => {
    assert.ok(seconds >= 0 && seconds < 10)
    told.push(operation)
  })
  const collection = engine.collection(things)
  const { revision } = await collection.insert('a', { name: 'x' })
  await assert.rejects(collection.insert('a', { name: 'y' }), { code: 'document_exists' })
  await collection.update('a', revision, { name: 'z' })
  assert.deepEqual((await collection.get('a'))?.value, { name: 'z' })
  assert.equal(await collection.count('byName', { equals: { name: 'z' } }), 1)
  assert.equal((await collection.find('byName', { equals: { name: 'z' } })).items.length, 1)
  await engine.batch([{ kind: 'delete', in: things, id: 'a' }])
  assert.deepEqual(told, ['insert', 'insert', 'update', 'get', 'count', 'find', 'batch'])
  assert.equal(engine.commitMark(), opened.store.commitMark())
})
